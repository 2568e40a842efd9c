"""Logins by other codes: from the admin console, and by the older signed API; and the signature of a page."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

import pytest
from helpers import refused
from plain_client import Client

from dingtalk_models import AuthenticationError, ConfigurationError, DingTalkApp
from dingtalk_models.core.secret import signature_of
from dingtalk_models.sandbox import Sandbox

SSO = "/v1.0/oauth2/ssoAccessToken"


def test_an_administrator_comes_from_the_console(sandbox: Sandbox, app: DingTalkApp) -> None:
    who = app.auth.admin_login(sandbox.login_code("liuyang"))
    assert (who.userid, who.user_name, who.is_admin, who.corp_id) == ("liuyang", "刘洋", True, sandbox.corp_id)
    assert app.auth.admin_login(sandbox.login_code("heli")).is_admin is False
    assert len(sandbox.received(SSO)) == 1
    assert sandbox.received("/v1.0/oauth2/accessToken") == []


def test_a_code_of_the_console_works_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    code = sandbox.login_code("liuyang")
    app.auth.admin_login(code)
    with pytest.raises(AuthenticationError, match="无效的授权码") as caught:
        app.auth.admin_login(code)
    assert caught.value.code == "invalidCode"


def test_the_console_s_token_is_renewed(sandbox: Sandbox, app: DingTalkApp) -> None:
    app.auth.admin_login(sandbox.login_code("liuyang"))
    sandbox.clock.advance(3601)
    app.auth.admin_login(sandbox.login_code("liuyang"))
    assert len(sandbox.received(SSO)) == 2


def test_the_app_s_token_is_none_for_the_console(sandbox: Sandbox, app: DingTalkApp) -> None:
    with pytest.raises(AuthenticationError) as caught:
        app.auth.sso_user_info(sandbox.login_code("liuyang"))
    assert caught.value.code == "invalidToken"


def test_a_wrong_sso_secret(sandbox: Sandbox) -> None:
    with sandbox.app(sso_secret="wrong") as app:
        with pytest.raises(AuthenticationError):
            app.auth.admin_login(sandbox.login_code("liuyang"))
        with pytest.raises(AuthenticationError):
            app.auth.issue_sso_token(sandbox.corp_id, "wrong")
        assert app.auth.issue_sso_token(sandbox.corp_id, sandbox.sso_secret).lifetime == 3600
    app.close()
    with sandbox.app(sso_secret=None) as app, pytest.raises(ConfigurationError, match="sso_secret"):
        app.auth.admin_login("code")


def test_the_older_login(sandbox: Sandbox, app: DingTalkApp) -> None:
    code = sandbox.login_code("liuyang")
    who = app.auth.sns_login(code)
    assert (who.nick, who.unionid) == ("刘洋", sandbox.company.users["liuyang"].unionid)
    refused(lambda: app.auth.sns_login(code), AuthenticationError, (40078, "不存在的临时授权码"), sandbox)


def test_its_signature_is_that_of_the_timestamp() -> None:
    digest = hmac.new(b"secret", b"1546084445901", hashlib.sha256).digest()
    assert signature_of("1546084445901", "secret") == base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({}, 40078),
        ({"key": "ding2"}, 853003),
        ({"ahead": 65}, 853002),
        ({"ahead": -65}, 853002),
        ({"secret": "wrong"}, 853004),
    ],
)
def test_what_the_older_login_refuses(sandbox: Sandbox, app: DingTalkApp, wrong: dict[str, Any], code: int) -> None:
    timestamp = str(int((time.time() + wrong.get("ahead", 0)) * 1000))
    signature = signature_of(timestamp, wrong.get("secret", sandbox.appsecret))
    with pytest.raises(AuthenticationError) as caught:
        app.auth.sns_user_info(wrong.get("key", sandbox.appkey), timestamp, signature, "nothing")
    assert caught.value.code == code


def test_other_clients_of_the_older_apis(sandbox: Sandbox, client: Client) -> None:
    def get(path: str, **params: str) -> dict[str, Any]:
        return client.json("GET", path, params=params)

    token = get("/sso/gettoken", corpid=sandbox.corp_id, corpsecret=sandbox.sso_secret)["access_token"]
    code = sandbox.login_code("liuyang")
    who = get("/sso/getuserinfo", access_token=token, code=code)
    assert (who["user_info"]["userid"], who["corp_info"]["corpid"], who["is_sys"]) == ("liuyang", sandbox.corp_id, True)
    assert get("/sso/getuserinfo", access_token=token, code=code)["errcode"] == 40078
    assert get("/sso/getuserinfo", access_token="x", code=code)["errcode"] == 40014
    assert get("/sso/gettoken", corpid=sandbox.corp_id, corpsecret="x")["errcode"] == 40089


def test_dd_config_has_its_own_names(sandbox: Sandbox, app: DingTalkApp) -> None:
    signed = app.jsapi_signature("https://acme.example/#/home", noncestr="n", timestamp=1510819200)
    assert signed.config() == {
        "agentId": sandbox.agent_id,
        "corpId": sandbox.corp_id,
        "timeStamp": 1510819200,
        "nonceStr": "n",
        "signature": signed.signature,
    }


def test_a_timestamp_that_is_none(sandbox: Sandbox, app: DingTalkApp) -> None:
    with pytest.raises(AuthenticationError) as caught:
        app.auth.sns_user_info(sandbox.appkey, "today", "signature", "code")
    assert caught.value.code == 853001
