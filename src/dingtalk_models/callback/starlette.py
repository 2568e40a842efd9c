"""A view for Starlette and FastAPI: `site.add_route("/dingtalk", view(app.callback), methods=["POST"])`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dingtalk_models.callback.module import Callback
from dingtalk_models.core.errors import CallbackError


def view(callback: Callback) -> Callable[[Request], Awaitable[Response]]:
    """The view that receives an app's pushes. Errors of handlers are passed on to Starlette."""

    async def dingtalk(request: Request) -> Response:
        try:
            push = await callback.receive.aio(request.query_params, await request.body())
        except CallbackError:
            return Response(status_code=403)
        return JSONResponse(push.reply)

    return dingtalk
