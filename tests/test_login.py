"""People who log in: the authorise page, codes and states, who somebody is, and calls on behalf of a person."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from helpers import awaited, problems
from refreshing import FAST

from dingtalk_models import (
    Account,
    ApiError,
    AuthenticationError,
    ConfigurationError,
    DingTalkApp,
    InvalidArgument,
    LoginRequired,
    NotFound,
    TransportError,
    User,
    UserToken,
)
from dingtalk_models.sandbox import Sandbox

BACK = "https://acme.example/back?from=dingtalk"
ISSUE = "/v1.0/oauth2/userAccessToken"
ME = "/v1.0/contact/users/me"


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def chosen(url: str, userid: str) -> str:
    """Where the authorise page sends a person."""
    reply = requests.get(url, params={"userid": userid}, allow_redirects=False, timeout=5)
    assert reply.status_code == 302
    return reply.headers["location"]


@pytest.fixture
def token(sandbox: Sandbox, app: DingTalkApp) -> UserToken:
    """The access of a user who has logged in."""
    return app.auth.login(sandbox.authorise("zhaolei"))


def test_a_person_comes_back_with_a_code_and_the_state(sandbox: Sandbox, app: DingTalkApp) -> None:
    url = app.auth.authorize_url(BACK, state="a b&c", scope="openid corpid")
    back = chosen(url, "zhaolei")
    assert back.startswith("https://acme.example/back?from=dingtalk&")
    query = query_of(back)
    assert query["code"] == query["authCode"]
    assert query["state"] == "a b&c"
    app.auth.check_state(query["state"], "a b&c")
    token = app.auth.login(query["authCode"])
    assert token.corp_id == sandbox.corp_id
    assert token.member().name == "赵磊"
    assert token.expires is not None
    assert token.app is app


def test_the_company_is_told_only_if_it_was_asked_for(sandbox: Sandbox, token: UserToken) -> None:
    assert token.corp_id is None


def test_the_url_has_what_is_documented() -> None:
    app = DingTalkApp(appkey="ding1", appsecret="s")
    url = app.auth.authorize_url(
        BACK,
        state="s",
        org_type="management",
        corp_id="ding2",
        exclusive_login=True,
        exclusive_corp_id="ding3",
    )
    assert url.startswith("https://login.dingtalk.com/oauth2/auth?")
    assert query_of(url) == {
        "redirect_uri": BACK,
        "response_type": "code",
        "client_id": "ding1",
        "scope": "openid",
        "state": "s",
        "prompt": "consent",
        "org_type": "management",
        "corpId": "ding2",
        "exclusiveLogin": "true",
        "exclusiveCorpId": "ding3",
    }
    assert "prompt" not in query_of(app.auth.authorize_url(BACK, state="s", prompt=None))


@pytest.mark.parametrize(
    ("field", "redirect_uri", "more"),
    [
        ("redirect_uri", "/back", {}),
        ("redirect_uri", "javascript:alert(1)", {}),
        ("redirect_uri", "https://", {}),
        ("redirect_uri", "https://[acme.example/", {}),
        ("redirect_uri", "https://acme.example/#home", {}),
        ("state", BACK, {"state": ""}),
        ("scope", BACK, {"scope": "corpid"}),
        ("prompt", BACK, {"prompt": "none"}),
        ("org_type", BACK, {"org_type": "all"}),
    ],
)
def test_a_malformed_login_is_refused(field: str, redirect_uri: str, more: dict[str, Any]) -> None:
    app = DingTalkApp(appkey="ding1", appsecret="s")
    assert problems(app.auth.authorize_url, redirect_uri, **({"state": "s"} | more)).keys() == {field}


def test_an_app_without_a_key_has_no_logins() -> None:
    app = DingTalkApp(corp_id="ding1", corp_secret="s")
    with pytest.raises(ConfigurationError, match="appkey"):
        app.auth.authorize_url(BACK, state="s")
    with pytest.raises(ConfigurationError, match="appkey"):
        app.auth.login("code")
    with pytest.raises(ConfigurationError, match="sso_secret"):
        app.auth.admin_login("code")


@pytest.mark.parametrize(
    ("returned", "expected"),
    [("x", "y"), ("x", None), (None, "x"), (None, None), ("", ""), ("", None), ("é", "e"), ("x", "xx")],
)
def test_a_state_that_does_not_match_is_refused(app: DingTalkApp, returned: str | None, expected: str | None) -> None:
    assert problems(app.auth.check_state, returned, expected) == {
        "state": "not that of the login that this browser began"
    }


def test_a_code_works_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    code = sandbox.authorise("zhaolei")
    app.auth.login(code)
    with pytest.raises(LoginRequired, match=r"log in again.*重新登录") as caught:
        app.auth.login(code)
    assert caught.value.code == "invalidParameter.authCode.notFound"
    assert isinstance(caught.value, AuthenticationError)
    assert len(sandbox.received(ISSUE)) == 2


@pytest.mark.parametrize(("seconds", "works"), [(299, True), (301, False)])
def test_a_code_works_for_five_minutes(sandbox: Sandbox, app: DingTalkApp, seconds: int, works: bool) -> None:
    code = sandbox.authorise("zhaolei")
    sandbox.clock.advance(seconds)
    if works:
        assert app.auth.login(code).access_token
    else:
        with pytest.raises(LoginRequired):
            app.auth.login(code)


def test_a_code_of_one_door_opens_no_other(sandbox: Sandbox, app: DingTalkApp) -> None:
    with pytest.raises(LoginRequired):
        app.auth.login(sandbox.login_code("zhaolei"))
    with pytest.raises(AuthenticationError):
        User.objects.by_code(sandbox.authorise("zhaolei"))


@pytest.mark.parametrize("code", [400, 404, 401])
def test_any_refusal_of_a_code_asks_for_a_new_login(sandbox: Sandbox, app: DingTalkApp, code: int) -> None:
    sandbox.fail(ISSUE, status=code, content_type="application/json", body='{"code":"unheardOf","message":"?"}')
    with pytest.raises(LoginRequired):
        app.auth.login("x")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"code": "invalidClientIdOrSecret"}, AuthenticationError),
        ({"code": "Forbidden.AccessDenied.IpNotInWhiteList"}, ApiError),
        ({"status": 503}, TransportError),
    ],
)
def test_a_fault_of_the_app_or_the_platform_does_not(
    sandbox: Sandbox, app: DingTalkApp, fault: Any, kind: type[Exception]
) -> None:
    sandbox.fail(ISSUE, times=9, **fault)
    app.retry = FAST
    with pytest.raises(kind) as caught:
        app.auth.login("x")
    assert not isinstance(caught.value, LoginRequired)


def test_a_code_is_not_sent_again_when_its_answer_is_lost(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(ISSUE, drop="after")
    with pytest.raises(TransportError):
        app.auth.login(sandbox.authorise("zhaolei"))
    assert len(sandbox.received(ISSUE)) == 1


def test_the_platform_s_own_call(sandbox: Sandbox, app: DingTalkApp) -> None:
    code = sandbox.authorise("zhaolei", scope="openid corpid")
    issued = app.auth.issue_user_token(sandbox.appkey, sandbox.appsecret, "authorization_code", code=code)
    assert (issued.corp_id, issued.lifetime) == (sandbox.corp_id, 7200)
    again = app.run(
        "oauth2_1_0.GetUserToken",
        sandbox.appkey,
        sandbox.appsecret,
        "refresh_token",
        refresh_token=issued.refresh_token,
    )
    assert again.refresh_token not in {None, issued.refresh_token}
    with pytest.raises(AuthenticationError):
        app.auth.issue_user_token(sandbox.appkey, "wrong", "refresh_token", refresh_token=again.refresh_token)
    assert problems(app.auth.issue_user_token, sandbox.appkey, "s", "password").keys() == {"grant_type"}


def test_an_empty_code_is_not_sent(sandbox: Sandbox, app: DingTalkApp) -> None:
    for login in (app.auth.login, app.auth.admin_login, app.auth.sns_login):
        with pytest.raises(InvalidArgument):
            login("")
    assert sandbox.calls == []


# -- who it is -----------------------------------------------------------------------------------------------------


def test_a_stranger_is_not_found_whatever_the_account_claims(sandbox: Sandbox, app: DingTalkApp) -> None:
    token = app.auth.login(sandbox.authorise("stranger"))
    account = token.me()
    assert account.email == sandbox.company.users["manager4220"].email
    with pytest.raises(NotFound):
        token.member()
    looked_up = {call.path for call in sandbox.calls} - {ISSUE, ME, "/v1.0/oauth2/accessToken"}
    assert looked_up == {"/topapi/user/getbyunionid"}


def test_an_external_contact_is_no_member(sandbox: Sandbox, app: DingTalkApp, token: UserToken) -> None:
    sandbox.answer(
        "dingtalk.oapi.user.getbyunionid", {"result": {"contact_type": 1, "userid": "zhaolei"}, "request_id": "r"}
    )
    with pytest.raises(NotFound, match="union id"):
        token.member()


def test_an_account_without_a_union_id_is_nobody(sandbox: Sandbox, token: UserToken) -> None:
    sandbox.answer("contact_1_0.GetUser", {"nick": "赵磊"})
    with pytest.raises(NotFound, match="union id"):
        token.member()


def test_the_account(sandbox: Sandbox, token: UserToken) -> None:
    user = sandbox.company.users["zhaolei"]
    account = token.me()
    assert isinstance(account, Account)
    assert (account.nick, account.union_id, account.mobile) == ("赵磊", user.unionid, user.mobile)
    assert account.open_id not in {None, account.union_id}


def test_an_app_has_no_account(app: DingTalkApp) -> None:
    with pytest.raises(NotFound):
        app.contact.accounts.get()


def test_a_user_sees_no_other_account(sandbox: Sandbox, app: DingTalkApp, token: UserToken) -> None:
    accounts = app.as_user(token).contact.accounts
    assert accounts.get(sandbox.company.users["zhaolei"].unionid) == accounts.get()
    with pytest.raises(NotFound):
        accounts.get(sandbox.company.users["heli"].unionid)


# -- on behalf of a person -----------------------------------------------------------------------------------------


def tokens(sandbox: Sandbox, path: str) -> set[str]:
    """The access tokens that calls to a path had."""
    found = sandbox.received(path)
    return {call.headers.get("x-acs-dingtalk-access-token") or call.query["access_token"] for call in found}


def test_every_way_of_calling_has_the_user_s_token(sandbox: Sandbox, app: DingTalkApp, token: UserToken) -> None:
    person = app.as_user(token)
    loaded = User.objects.using(person).get("heli")
    assert loaded.app is person
    loaded.refresh()
    person.contact.users.get("heli")
    person.run("dingtalk.oapi.v2.user.get", userid="heli")
    person.request("POST", "/topapi/v2/user/get", body={"userid": "heli"})
    person.platform.user.get("heli")
    person.gather([User.objects.get.call("heli"), User.objects.get.call("youna")])
    with person:
        User.get("heli")
    assert token.access_token is not None
    assert tokens(sandbox, "/topapi/v2/user/get") == {token.access_token.get_secret_value()}
    assert len(sandbox.received("/topapi/v2/user/get")) == 9
    with app:
        User.get("heli")
    assert len(tokens(sandbox, "/topapi/v2/user/get")) == 2


def test_the_same_on_an_event_loop(sandbox: Sandbox, app: DingTalkApp) -> None:
    async def listed() -> tuple[Account, User, list[str]]:
        token = await app.auth.login.aio(sandbox.authorise("zhaolei"))
        me, member = await asyncio.gather(token.me.aio(), token.member.aio())
        people = User.objects.using(app.as_user(token)).list(100)
        return me, member, [user.userid async for user in people]

    me, member, people = awaited(app, listed)
    assert me.union_id == member.unionid
    assert people == [user.userid for user in sandbox.company.members(100)]
    assert len(tokens(sandbox, "/topapi/v2/user/list")) == 1


def test_the_app_s_connections_are_shared_and_stay_open(
    sandbox: Sandbox, app: DingTalkApp, token: UserToken, connections: list[object]
) -> None:
    app.get_access_token()
    before = len(connections)
    for _ in range(3):
        person = app.as_user(token)
        person.contact.accounts.get()
        person.close()
    app.contact.users.get("heli")
    assert len(connections) == before


def test_credentials_are_the_app_s_own(app: DingTalkApp, token: UserToken) -> None:
    person = app.as_user(token)
    with pytest.raises(ConfigurationError, match=r"app\.auth"):
        person.auth.jsapi_signature("https://acme.example")
    with pytest.raises(ConfigurationError, match=r"app\.auth"):
        person.auth.get_access_token()


def test_a_token_of_another_app_is_not_used(sandbox: Sandbox, token: UserToken) -> None:
    other = DingTalkApp(name="other", appkey="ding2", appsecret="s", oapi_url=sandbox.url, api_url=sandbox.url)
    with pytest.raises(ConfigurationError, match="another app"):
        other.as_user(token)
    stolen = other.auth.user_token(refresh_token=token.refresh_token)
    with pytest.raises(AuthenticationError) as caught:
        stolen.renew()
    assert caught.value.code == "invalidClientIdOrSecret"
    other.close()


def test_a_plain_access_token_cannot_be_renewed(sandbox: Sandbox, app: DingTalkApp, token: UserToken) -> None:
    assert token.access_token is not None
    person = app.as_user(token.access_token.get_secret_value())
    assert person.contact.accounts.get().nick == "赵磊"
    assert person.user.expires is None
    sandbox.company.logins.revoke_tokens()
    with pytest.raises(LoginRequired, match="log in again"):
        person.contact.accounts.get()
    assert len(sandbox.received(ISSUE)) == 1
    assert problems(app.auth.user_token) == {"access_token": "required, unless there is a refresh_token"}


def test_tokens_that_an_application_keeps(sandbox: Sandbox, app: DingTalkApp, token: UserToken) -> None:
    again = app.auth.user_token(refresh_token=token.refresh_token)
    assert again.access_token is None
    assert again.me().nick == "赵磊"
    assert again.refresh_token not in {None, token.refresh_token}
