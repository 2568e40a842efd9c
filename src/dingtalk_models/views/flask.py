"""A view for Flask: `site.add_url_rule("/dingtalk", view_func=view(app.callback), methods=["POST"])`.

`app.message` and a `CardReceiver` work the same way.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, jsonify, request

from dingtalk_models.core.errors import CallbackError
from dingtalk_models.views import Posted


def view(receiver: Posted) -> Callable[[], Response]:
    """Make a view for the platform's POST requests. Errors of handlers are passed on to Flask."""

    def dingtalk() -> Response:
        try:
            answer = receiver.answer(request.args, dict(request.headers), request.get_data())
        except CallbackError:
            abort(403)
        return jsonify(answer)

    dingtalk.__name__ = type(receiver).__name__.lower()  # Flask uses it as the endpoint's name, which must be unique
    return dingtalk
