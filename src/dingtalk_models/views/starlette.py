"""A view for Starlette and FastAPI: `site.add_route("/dingtalk", view(app.callback), methods=["POST"])`.

`app.message` and a `CardReceiver` work the same way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dingtalk_models.core.errors import CallbackError
from dingtalk_models.views import Posted


def view(receiver: Posted) -> Callable[[Request], Awaitable[Response]]:
    """Make a view for the platform's POST requests. Errors of handlers are passed on to Starlette."""

    async def dingtalk(request: Request) -> Response:
        try:
            answer = await receiver.answer.aio(request.query_params, request.headers, await request.body())
        except CallbackError:
            return Response(status_code=403)
        return JSONResponse(answer)

    return dingtalk
