"""A view for Flask: `site.add_url_rule("/dingtalk", view_func=view(app.callback), methods=["POST"])`.

It is the same for `app.message` and for a `CardReceiver`.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, jsonify, request

from dingtalk_models.core.errors import CallbackError
from dingtalk_models.views import Posted


def view(receiver: Posted) -> Callable[[], Response]:
    """The view that takes what the platform posts. Errors of handlers are passed on to Flask."""

    def dingtalk() -> Response:
        try:
            answer = receiver.answer(request.args, dict(request.headers), request.get_data())
        except CallbackError:
            abort(403)
        return jsonify(answer)

    dingtalk.__name__ = type(receiver).__name__.lower()  # Flask calls an address by it, and has each name once
    return dingtalk
