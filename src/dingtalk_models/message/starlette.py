"""Views for messages to the robot and for clicks on cards, for Starlette and FastAPI.

`site.add_route("/robot", view(app.message), methods=["POST"])`,
`site.add_route("/cards", card_view(CardReceiver(app, api_secret)), methods=["POST"])`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dingtalk_models.core.errors import CallbackError
from dingtalk_models.message.cards.receiving import CardReceiver
from dingtalk_models.message.received.receiving import MessageReceiver


def view(receiver: MessageReceiver) -> Callable[[Request], Awaitable[Response]]:
    """The view that receives the messages to an app's robot. Errors of handlers are passed on to Starlette."""

    async def robot(request: Request) -> Response:
        try:
            await receiver.receive.aio(request.headers, await request.body())
        except CallbackError:
            return Response(status_code=403)
        return JSONResponse({})

    return robot


def card_view(receiver: CardReceiver) -> Callable[[Request], Awaitable[Response]]:
    """The view that receives the clicks on an app's cards. Errors of handlers are passed on to Starlette."""

    async def card(request: Request) -> Response:
        try:
            click = await receiver.receive.aio(request.headers, await request.body())
        except CallbackError:
            return Response(status_code=403)
        return JSONResponse(click.answer)

    return card
