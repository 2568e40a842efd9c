"""A view for messages to the robot, for Flask.

`site.add_url_rule("/robot", view_func=view(app.message), methods=["POST"])`.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, jsonify, request

from dingtalk_models.core.errors import CallbackError
from dingtalk_models.message.receiving import MessageReceiver


def view(receiver: MessageReceiver) -> Callable[[], Response]:
    """The view that receives the messages to an app's robot. Errors of handlers are passed on to Flask."""

    def robot() -> Response:
        try:
            receiver.receive(dict(request.headers), request.get_data())
        except CallbackError:
            abort(403)
        return jsonify({})

    return robot
