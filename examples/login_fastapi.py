"""A website where people log in with DingTalk (登录第三方网站), with FastAPI.

    pip install fastapi uvicorn itsdangerous
    uvicorn --factory examples.login_fastapi:site

The app's settings are environment variables, `DINGTALK_APPKEY` and so on; `SESSION_KEY` signs the cookies. The address
of `/back` has to be registered in the console.
"""

from __future__ import annotations

import logging
import os
import secrets
from html import escape
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.middleware.sessions import SessionMiddleware

from dingtalk_models import DingTalkApp, DingTalkError, InvalidArgument, LoginRequired, NotFound

log = logging.getLogger(__name__)


def site() -> FastAPI:
    """The web application."""
    return site_of(DingTalkApp.from_env(), os.environ["SESSION_KEY"])


def site_of(app: DingTalkApp, session_key: str) -> FastAPI:
    """The web application for an app."""
    made = FastAPI(lifespan=app.lifespan)
    # "lax": the way back from the authorise page brings the cookie
    made.add_middleware(SessionMiddleware, secret_key=session_key, same_site="lax")

    @made.get("/")
    async def home(request: Request) -> Response:
        """Who is logged in, by the token that is kept of them."""
        if "userid" not in request.session:
            return HTMLResponse('<a href="/login">Log in with DingTalk · 钉钉登录</a>')
        token = await app.auth.kept.aio(request.session["userid"])
        account = await token.me.aio()
        out = '<form action="/logout" method="post"><button>Log out · 退出</button></form>'
        return HTMLResponse(f"<h1>{escape(account.nick or '')}</h1>{out}")

    @made.get("/login")
    async def log_in(request: Request) -> Response:
        """Send the browser to the authorise page."""
        state = request.session["state"] = secrets.token_urlsafe()
        return RedirectResponse(app.auth.authorize_url(str(request.url_for("back")), state=state))

    @made.get("/back")
    async def back(
        request: Request, code: Annotated[str, Query(alias="authCode")] = "", state: str | None = None
    ) -> Response:
        """The browser comes back: who is it?"""
        app.auth.check_state(state, request.session.pop("state", None))
        token = await app.auth.login.aio(code)
        member = await token.member.aio()
        await token.keep.aio(member.userid)
        request.session.clear()
        request.session["userid"] = member.userid
        return RedirectResponse("/")

    @made.post("/logout")
    async def log_out(request: Request) -> Response:
        """Forget the person."""
        try:
            token = await app.auth.kept.aio(request.session.pop("userid", "nobody"))
            await token.forget.aio()
        except LoginRequired:
            log.info("nothing was kept")
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)

    made.add_exception_handler(DingTalkError, failed)
    return made


async def failed(request: Request, error: Exception) -> Response:
    """What a browser is told when something is wrong."""
    match error:
        case LoginRequired():
            request.session.clear()
            return HTMLResponse('<a href="/login">Log in again · 请重新登录</a>', HTTPStatus.UNAUTHORIZED)
        case InvalidArgument():
            return HTMLResponse("This is not the login that you began · 登录已失效", HTTPStatus.BAD_REQUEST)
        case NotFound():
            return HTMLResponse("You are not a member of this company · 您不是本企业成员", HTTPStatus.FORBIDDEN)
        case _:
            log.error("DingTalk: %s", error)
            return HTMLResponse("DingTalk does not answer as expected · 钉钉接口异常", HTTPStatus.BAD_GATEWAY)
