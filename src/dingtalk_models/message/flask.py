"""Views for messages to the robot and for clicks on cards, for Flask.

`site.add_url_rule("/robot", view_func=view(app.message), methods=["POST"])`,
`site.add_url_rule("/cards", view_func=card_view(CardReceiver(app, api_secret)), methods=["POST"])`.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, jsonify, request

from dingtalk_models.core.errors import CallbackError
from dingtalk_models.message.cards.receiving import CardReceiver
from dingtalk_models.message.received.receiving import MessageReceiver


def view(receiver: MessageReceiver) -> Callable[[], Response]:
    """The view that receives the messages to an app's robot. Errors of handlers are passed on to Flask."""

    def robot() -> Response:
        try:
            receiver.receive(dict(request.headers), request.get_data())
        except CallbackError:
            abort(403)
        return jsonify({})

    return robot


def card_view(receiver: CardReceiver) -> Callable[[], Response]:
    """The view that receives the clicks on an app's cards. Errors of handlers are passed on to Flask."""

    def card() -> Response:
        try:
            click = receiver.receive(dict(request.headers), request.get_data())
        except CallbackError:
            abort(403)
        return jsonify(click.answer)

    return card
