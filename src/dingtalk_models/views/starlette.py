"""A view for Starlette and FastAPI: `site.add_route("/dingtalk", view(app.callback), methods=["POST"])`.

It is the same for `app.message` and for a `CardReceiver`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dingtalk_models.core.errors import CallbackError
from dingtalk_models.views import Posted


def view(receiver: Posted) -> Callable[[Request], Awaitable[Response]]:
    """The view that takes what the platform posts. Errors of handlers are passed on to Starlette."""

    async def dingtalk(request: Request) -> Response:
        try:
            answer = await receiver.answer.aio(request.query_params, request.headers, await request.body())
        except CallbackError:
            return Response(status_code=403)
        return JSONResponse(answer)

    return dingtalk
