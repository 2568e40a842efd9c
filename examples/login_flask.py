"""A website where people log in with DingTalk (登录第三方网站), with Flask.

    flask --app examples.login_flask:site run

The app's settings are environment variables, `DINGTALK_APPKEY` and so on; `SESSION_KEY` signs the cookies. The address
of `/back` has to be registered in the console.
"""

from __future__ import annotations

import os
import secrets
from http import HTTPStatus

from flask import Flask, redirect, request, session, url_for
from markupsafe import escape
from werkzeug.wrappers import Response

from dingtalk_models import DingTalkApp, DingTalkError, InvalidArgument, LoginRequired, NotFound


def site() -> Flask:
    """The web application."""
    return site_of(DingTalkApp.from_env(), os.environ["SESSION_KEY"])


def site_of(app: DingTalkApp, session_key: str) -> Flask:
    """The web application for an app."""
    made = Flask(__name__)
    made.secret_key = session_key
    made.config["SESSION_COOKIE_SAMESITE"] = "Lax"  # the way back from the authorise page brings the cookie

    @made.get("/")
    def home() -> str:
        """Who is logged in, by the token that is kept of them."""
        if "userid" not in session:
            return f'<a href="{url_for("log_in")}">Log in with DingTalk · 钉钉登录</a>'
        account = app.auth.kept(session["userid"]).me()
        out = f'<form action="{url_for("log_out")}" method="post"><button>Log out · 退出</button></form>'
        return f"<h1>{escape(account.nick)}</h1>{out}"

    @made.get("/login")
    def log_in() -> Response:
        """Send the browser to the authorise page."""
        session["state"] = secrets.token_urlsafe()
        return redirect(app.auth.authorize_url(url_for("back", _external=True), state=session["state"]))

    @made.get("/back")
    def back() -> Response:
        """The browser comes back: who is it?"""
        app.auth.check_state(request.args.get("state"), session.pop("state", None))
        token = app.auth.login(request.args.get("authCode", ""))
        member = token.member()
        token.keep(member.userid)
        session.clear()
        session["userid"] = member.userid
        return redirect(url_for("home"))

    @made.post("/logout")
    def log_out() -> Response:
        """Forget the person."""
        try:
            app.auth.kept(session.pop("userid", "nobody")).forget()
        except LoginRequired:
            made.logger.info("nothing was kept")
        return redirect(url_for("home"))

    answer_errors(made)
    return made


def answer_errors(made: Flask) -> None:
    """What a browser is told when something is wrong."""

    @made.errorhandler(LoginRequired)
    def again(_: LoginRequired) -> tuple[str, int]:
        session.clear()
        return f'<a href="{url_for("log_in")}">Log in again · 请重新登录</a>', HTTPStatus.UNAUTHORIZED

    @made.errorhandler(InvalidArgument)
    def malformed(_: InvalidArgument) -> tuple[str, int]:
        return "This is not the login that you began · 登录已失效", HTTPStatus.BAD_REQUEST

    @made.errorhandler(NotFound)
    def stranger(_: NotFound) -> tuple[str, int]:
        return "You are not a member of this company · 您不是本企业成员", HTTPStatus.FORBIDDEN

    @made.errorhandler(DingTalkError)
    def failed(error: DingTalkError) -> tuple[str, int]:
        made.logger.error("DingTalk: %s", error)
        return "DingTalk does not answer as expected · 钉钉接口异常", HTTPStatus.BAD_GATEWAY
