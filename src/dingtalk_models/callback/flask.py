"""A view for Flask: `site.add_url_rule("/dingtalk", view_func=view(app.callback), methods=["POST"])`."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, jsonify, request

from dingtalk_models.callback.module import Callback
from dingtalk_models.core.errors import CallbackError


def view(callback: Callback) -> Callable[[], Response]:
    """The view that receives an app's pushes. Errors of handlers are passed on to Flask."""

    def dingtalk() -> Response:
        try:
            push = callback.receive(request.args, request.get_data())
        except CallbackError:
            abort(403)
        return jsonify(push.reply)

    return dingtalk
