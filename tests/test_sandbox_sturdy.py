"""The sandbox under what it does not expect: its memory stays bounded, and it always answers."""

from __future__ import annotations

import pytest
from plain_client import Client

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox import calls as kept_calls


def test_a_call_has_what_a_page_shows_of_it(client: Client, sandbox: Sandbox) -> None:
    sandbox.calls.clear()
    client.form("/topapi/v2/user/get", userid="youna")
    client.send("POST", "/topapi/v2/user/get", json={"userid": "youna"})
    client.api("/v1.0/contact/users/search", queryWord="孙", offset=0, size=5)
    got, refused, searched = sandbox.calls
    assert (got.name, got.title) == ("dingtalk.oapi.v2.user.get", "查询用户详情")
    assert (searched.name, refused.names) == ("contact_1_0.SearchUser", got.names)
    assert (got.caller, refused.caller) == (sandbox.appkey, None)
    assert [got.number + 1, got.number + 2] == [refused.number, searched.number]
    assert 0 < got.seconds < 10
    assert isinstance(got.reply_body, dict)
    assert got.reply_body["result"]["name"] == "尤娜"
    assert got.reply_size == len(got.reply) > 100


def test_a_call_with_a_users_token_names_them(client: Client, sandbox: Sandbox) -> None:
    code = sandbox.authorise("zhaolei")
    body = {
        "clientId": sandbox.appkey,
        "clientSecret": sandbox.appsecret,
        "code": code,
        "grantType": "authorization_code",
    }
    token = client.send("POST", "/v1.0/oauth2/userAccessToken", json=body).json()["accessToken"]
    client.send("GET", "/v1.0/contact/users/me", headers={"x-acs-dingtalk-access-token": token})
    exchanged, asked = sandbox.calls[-2:]
    assert (exchanged.caller, asked.caller, asked.name) == (None, "zhaolei", "contact_1_0.GetUser")
    assert token not in repr(sandbox.calls)


def test_only_the_latest_calls_are_kept() -> None:
    with Sandbox(calls_kept=3) as sandbox:
        client = Client(sandbox)
        for _ in range(5):
            client.code("/topapi/v2/user/get", userid="youna")
        assert (len(sandbox.calls), sandbox.calls.total, [call.number for call in sandbox.calls]) == (3, 6, [4, 5, 6])
        assert sandbox.calls[-2:] == sandbox.calls.since(4) == list(sandbox.calls)[1:]
        assert sandbox.calls.since(0) == sandbox.calls != []
        sandbox.calls.clear()
        client.code("/topapi/v2/user/get", userid="youna")
        assert [call.number for call in sandbox.calls.since(2)] == [7]
    with pytest.raises(ValueError, match="calls_kept"):
        Sandbox(calls_kept=-1)


def test_long_bodies_are_not_kept(client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_calls, "LONGEST", 500)
    assert client.code("/topapi/v2/user/get", userid="x" * 600) != 0
    assert client.code("/topapi/v2/user/get", userid="youna") == 0
    long, short = sandbox.calls[-2:]
    assert (long.body, long.content) == (f"<{long.size} bytes>", b"")
    assert (short.body, short.reply_body) == ({"userid": "youna"}, f"<{short.reply_size} bytes>")


def test_all_calls_together_are_bounded(client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_calls, "MOST_BYTES", 20_000)
    for _ in range(100):
        client.code("/topapi/v2/user/get", userid="x" * 1000)
    assert 5 < len(sandbox.calls) < 20
    assert sandbox.calls[-1].body == {"userid": "x" * 1000}
