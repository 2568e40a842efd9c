"""The backend of a micro-app (企业内部应用): login without a password (免登), and the signature for the client's JSAPI.

    flask --app examples.micro_app:site run

The app's settings are environment variables, `DINGTALK_APPKEY` and so on; `SESSION_KEY` signs the cookies.
"""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, abort, jsonify, request, session

from dingtalk_models import AuthenticationError, DingTalkApp, DingTalkError, InvalidArgument, InvalidRequest, User


def site() -> Flask:
    """The web application."""
    return site_of(DingTalkApp.from_env(), os.environ["SESSION_KEY"])


def site_of(app: DingTalkApp, session_key: str) -> Flask:
    """The web application for an app."""
    made = Flask(__name__)
    made.secret_key = session_key
    users = User.objects.using(app)

    @made.get("/config")
    def config() -> Response:
        """What the page gives to `dd.config`."""
        return jsonify(app.jsapi_signature(request.args.get("url", "")).config())

    @made.post("/login")
    def login() -> dict[str, Any]:
        """Exchange the login code of `dd.runtime.permission.requestAuthCode` for a session."""
        try:
            identity = users.by_code(request.form.get("code", ""))
        except (AuthenticationError, InvalidArgument, InvalidRequest):
            abort(HTTPStatus.UNAUTHORIZED)
        session["userid"] = identity.userid
        return {"userid": identity.userid, "name": identity.name}

    @made.get("/me")
    def me() -> dict[str, Any]:
        """Who is logged in, with the names of the departments."""
        if "userid" not in session:
            abort(HTTPStatus.UNAUTHORIZED)
        user = users.get(session["userid"])
        return {"name": user.name, "title": user.title, "departments": [each.name for each in user.departments()]}

    @made.errorhandler(DingTalkError)
    def failed(error: DingTalkError) -> tuple[dict[str, str], int]:
        made.logger.error("DingTalk: %s", error)
        return {"error": "DingTalk does not answer as expected"}, HTTPStatus.BAD_GATEWAY

    return made
