"""Planted secrets of people: nothing that a program logs, prints or reports of logins has one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from peers import UNKNOWN
from test_leaks import APP_SECRET, CORP_SECRET, WRONG_SECRET, Shown, assert_hidden, leaky, log, shown_by

from dingtalk_models import DingTalkApp, Secret, User
from dingtalk_models.auth.user_token import Seal
from dingtalk_models.sandbox import Sandbox

CODE, REFRESH, ACCESS, SSO = (
    "t0pCode0123456789",
    "t0pRefresh0123456789",
    "t0pAccess0123456789",
    "t0pSsoSecret0123456789",
)

__all__ = ["leaky", "log"]


def secrets_of(sandbox: Sandbox) -> set[str]:
    """Everything that the sandbox has issued to people."""
    held = vars(sandbox.company.logins)
    return {CODE, REFRESH, ACCESS, SSO, *held["_codes"], *held["_refresh"], *held["_access"], *held["_sso"]}


def uses(app: DingTalkApp, sandbox: Sandbox) -> list[Callable[[], object]]:
    """What a program does with people who log in, some of it wrong."""
    token = app.auth.login(sandbox.authorise("zhaolei"))
    stale = app.auth.user_token(access_token=ACCESS, refresh_token=REFRESH)
    person = app.as_user(token)
    people = User.objects.using(app.as_user(stale))
    return [
        lambda: token,
        lambda: [token, vars(token), vars(token.credential), person, vars(person)],
        lambda: app.auth.login(CODE),
        lambda: app.auth.login(7),  # type: ignore[arg-type]
        lambda: app.auth.login(Secret(CODE)),
        lambda: app.auth.login.call(CODE),
        lambda: app.send(app.auth.login.later(CODE)),
        lambda: app.auth.admin_login(CODE),
        lambda: app.auth.sns_login(CODE),
        lambda: app.auth.issue_user_token("k", WRONG_SECRET, "authorization_code", code=CODE),
        lambda: app.auth.issue_user_token("k", APP_SECRET, "password", refresh_token=REFRESH),  # type: ignore[arg-type]
        lambda: app.auth.issue_user_token.call("k", APP_SECRET, "refresh_token", refresh_token=REFRESH),
        lambda: app.run("oauth2_1_0.GetUserToken", "k", WRONG_SECRET, "refresh_token", refresh_token=REFRESH),
        lambda: app.auth.issue_sso_token("ding1", SSO),
        lambda: app.auth.issue_sso_token(7, SSO),  # type: ignore[arg-type]
        token.me,
        token.member,
        token.renew,
        partial(token.keep, "zhaolei"),
        partial(token.keep, ""),
        lambda: app.auth.kept("zhaolei"),
        lambda: app.auth.kept("nobody"),
        stale.me,
        stale.renew,
        lambda: people.get("heli"),
        lambda: asyncio.run(awaited(app)),
        app.as_user(ACCESS).contact.accounts.get,
        lambda: app.as_user(ACCESS),
        lambda: app.request("GET", "/v1.0/contact/users/me", token=ACCESS),
        app.auth.user_token,
        lambda: app.auth.authorize_url("nowhere", state="s"),
        lambda: Seal(Secret(APP_SECRET)),
        lambda: Seal(Secret(APP_SECRET)).close(Secret(REFRESH), "key"),
        lambda: DingTalkApp(name="x", corp_id="c", sso_secret=SSO),
        lambda: vars(DingTalkApp(name="x", corp_id="c", sso_secret=SSO)),
        lambda: DingTalkApp.from_env({"DINGTALK_SSO_SECRET": SSO, "DINGTALK_TIMEOUT": "soon"}),
    ]


async def awaited(app: DingTalkApp) -> None:
    try:
        await app.auth.login.aio(CODE)
    finally:
        await app.aclose()


@pytest.mark.parametrize("fault", [None, *UNKNOWN], ids=str)
def test_of_people_who_log_in(leaky: Sandbox, log: Shown, fault: str | None) -> None:
    app = leaky.app(retry=None, timeout=2)
    acts = uses(app, leaky)
    if fault:
        leaky.fail("/v1.0/oauth2/userAccessToken", times=100, **UNKNOWN[fault])
        leaky.fail("/v1.0/contact/users/me", times=100, **UNKNOWN[fault])
    shown = [text for act in acts for text in shown_by(act)]
    assert any("loginRequired" in text or "invalidParameter.authCode" in text for text in shown)
    assert_hidden(shown + log, CORP_SECRET, *secrets_of(leaky))
    app.close()


@pytest.mark.parametrize(
    "reply",
    [
        b'{"accessToken": "t0pAccess0123456789", "refreshToken": "t0pRefresh0123456789", "expireIn": []}',
        b'{"accessToken": "t0pAccess0123456789", "refreshToken": ["t0pRefresh0123456789"], "expireIn": 7200}',
        b'{"accessToken": "t0pAccess 0123456789", "refreshToken": "t0pRefresh0123456789", "expireIn": 7200}',
        b'{"accessToken": "t0pAccess0123456789", "refreshToken": "t0pRefresh0123456789", "expireIn": 7200',
    ],
)
def test_of_an_answer_that_cannot_be_read(leaky: Sandbox, log: Shown, reply: bytes) -> None:
    leaky.fail("/v1.0/oauth2/userAccessToken", status=200, content_type="application/json", body=reply)
    app = leaky.app(retry=None)
    shown = shown_by(lambda: app.auth.login(CODE))
    assert_hidden(shown + log, "t0pAccess", *secrets_of(leaky))
    app.close()
