"""A view for messages to the robot, for Starlette and FastAPI.

`site.add_route("/robot", view(app.message), methods=["POST"])`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dingtalk_models.core.errors import CallbackError
from dingtalk_models.message.receiving import MessageReceiver


def view(receiver: MessageReceiver) -> Callable[[Request], Awaitable[Response]]:
    """The view that receives the messages to an app's robot. Errors of handlers are passed on to Starlette."""

    async def robot(request: Request) -> Response:
        try:
            await receiver.receive.aio(request.headers, await request.body())
        except CallbackError:
            return Response(status_code=403)
        return JSONResponse({})

    return robot
