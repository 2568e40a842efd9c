"""Access token and jsapi ticket: fetched once, kept, replaced when they expire or are refused; and signatures."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any

import pytest
import servers
from refreshing import FAST, GET, TICKET, TOKEN, Clock, at_once
from stores import LockingManager, Manager, SlowManager
from waiting import stays_async, until_async

from dingtalk_models import (
    AuthenticationError,
    ConfigurationError,
    Department,
    DingTalkApp,
    SessionStoreError,
)
from dingtalk_models.auth.jsapi import signed_url
from dingtalk_models.auth.module import Auth
from dingtalk_models.call import credential as credentials
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sessions import Session

pytestmark = pytest.mark.usefixtures("clock", "fast")


# -- fetching and keeping --------------------------------------------------------------------------------------------


def test_every_way_to_the_token_is_one_fetch(sandbox: Sandbox, app: DingTalkApp) -> None:
    token = app.get_access_token()
    assert token == app.access_token == app.auth.get_access_token() == asyncio.run(app.get_access_token.aio())
    assert token == app.send(app.get_access_token.call())
    assert sandbox.company.credentials.accepts(token)
    assert len(sandbox.received(TOKEN)) == 1


def test_every_way_to_the_ticket_is_one_fetch(sandbox: Sandbox, app: DingTalkApp) -> None:
    ticket = app.get_jsapi_ticket()
    assert ticket == app.jsapi_ticket == app.auth.get_jsapi_ticket() == app.auth.get_jsapi_ticket()
    assert len(sandbox.received(TICKET)) == len(sandbox.received(TOKEN)) == 1


def test_refreshing_always_asks_the_platform(sandbox: Sandbox, app: DingTalkApp) -> None:
    first = app.get_access_token()
    sandbox.revoke_tokens()
    second = app.refresh_access_token()
    assert second != first
    assert app.access_token == second
    # while a token is alive, the platform issues the same with its life renewed
    assert app.auth.refresh_access_token() == second
    assert len(sandbox.received(TOKEN)) == 3
    app.get_jsapi_ticket()
    app.refresh_jsapi_ticket()
    app.auth.refresh_jsapi_ticket()
    assert len(sandbox.received(TICKET)) == 3


def test_corp_id_and_secret_use_the_older_host(sandbox: Sandbox) -> None:
    app = sandbox.app(appkey=None, appsecret=None, name="corp")
    assert Department.objects.using(app).get(1).dept_id == 1
    (call,) = sandbox.received("/gettoken")
    assert call.query == {"corpid": sandbox.corp_id, "corpsecret": sandbox.corp_secret}
    assert sandbox.received(TOKEN) == []
    app.close()


@pytest.mark.parametrize("which", ["appkey", "corp"])
def test_wrong_credentials_say_so_and_are_sent_once(sandbox: Sandbox, which: str) -> None:
    wrong = {"appsecret": "wr0ng"} if which == "appkey" else {"appkey": None, "appsecret": None, "corp_secret": "wr0ng"}
    app = sandbox.app(**wrong)
    with pytest.raises(AuthenticationError) as caught:
        Department.objects.using(app).get(1)
    assert caught.value.cause == ("invalidClientIdOrSecret" if which == "appkey" else "40089")
    assert not caught.value.token_rejected
    assert "wr0ng" not in repr(caught.value) + str(caught.value) + repr(caught.value.request)
    assert len(sandbox.calls) == 1
    app.close()


def test_an_app_without_credentials() -> None:
    app = DingTalkApp(corp_id="ding1", oapi_url="http://127.0.0.1:9", api_url="http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match="no credentials"):
        app.get_access_token()
    with app, pytest.raises(ConfigurationError, match="belong to an app"):
        Auth().get_access_token()


def test_keys_tell_apps_apart_and_hold_no_secret(sandbox: Sandbox) -> None:
    store = LockingManager()
    apps = [sandbox.app(session_manager=store, name=name) for name in ("one", "two")]
    apps.append(sandbox.app(session_manager=store, name="one", appkey=None, appsecret=None))
    for app in apps:
        app.get_access_token()
        app.get_jsapi_ticket()
        app.close()
    assert len(store.entries) == 6
    for key in store.entries:
        assert sandbox.appsecret not in key
        assert sandbox.corp_secret not in key
        assert key.endswith((":access_token", ":jsapi_ticket"))
    production = DingTalkApp(name="shop", appkey="ding1", appsecret="s").access_token_credential.key
    assert production == "dingtalk:shop:ding1:access_token"


def test_a_second_process_finds_the_token_in_the_store(sandbox: Sandbox) -> None:
    store = Manager()
    first, second = (sandbox.app(session_manager=store) for _ in range(2))
    assert first.get_access_token() == second.get_access_token()
    assert len(sandbox.received(TOKEN)) == 1
    first.close()


# -- expiry ----------------------------------------------------------------------------------------------------------


def test_a_token_lives_as_long_as_the_platform_says_less_a_margin(
    sandbox: Sandbox, app: DingTalkApp, clock: Clock
) -> None:
    app.get_access_token()
    entry = app.session.entry(app.access_token_credential.key)
    assert entry is not None
    assert entry.seconds_left == pytest.approx(7200 - credentials.MARGIN, abs=2)
    held: Any = vars(app.access_token_credential)["_held"]
    assert held.seconds_left == pytest.approx(7200 - credentials.MARGIN, abs=2)
    assert entry.value not in repr(held) + repr(entry)
    clock.ahead = 7200 - credentials.MARGIN - credentials.RENEW_AHEAD - 5
    app.get_access_token()
    assert len(sandbox.received(TOKEN)) == 1


@pytest.mark.parametrize(("lifetime", "kept"), [(10, 5), (200, 100), (241, 121), (1, 0)])
def test_a_short_life_is_not_all_margin(sandbox: Sandbox, app: DingTalkApp, lifetime: int, kept: int) -> None:
    body = f'{{"accessToken":"short","expireIn":{lifetime}}}'
    sandbox.fail(TOKEN, body=body, content_type="application/json", status=200)
    assert app.get_access_token() == "short"
    held: Any = vars(app.access_token_credential)["_held"]
    assert held.seconds_left == pytest.approx(kept, abs=1)


def test_an_expired_token_is_fetched_before_it_is_used(sandbox: Sandbox, app: DingTalkApp, clock: Clock) -> None:
    departments = Department.objects.using(app)
    departments.get(1)
    sandbox.clock.advance(7201)
    clock.ahead = 7201
    departments.get(1)
    assert [call.code for call in sandbox.calls] == [0, 0, 0, 0]
    assert [call.path for call in sandbox.calls] == [TOKEN, GET, TOKEN, GET]


def test_a_token_that_expired_earlier_than_promised(sandbox: Sandbox, app: DingTalkApp) -> None:
    departments = Department.objects.using(app)
    departments.get(1)
    sandbox.clock.advance(7201)
    departments.get(1)
    assert [call.code for call in sandbox.received(GET)] == [0, 40014, 0]
    assert len(sandbox.received(TOKEN)) == 2


@pytest.mark.parametrize("jump", [-86400 * 365, 86400 * 365])
def test_a_jump_of_the_wall_clock_does_not_lengthen_or_break_a_token(
    sandbox: Sandbox, app: DingTalkApp, jump: float
) -> None:
    app.get_access_token()
    vars(app.session)["_clock"] = lambda: time.time() + jump
    app.get_access_token()  # this process's copy knows nothing of that clock
    assert len(sandbox.received(TOKEN)) == 1
    again = sandbox.app(session_manager=app.session)
    vars(again.session)["_clock"] = lambda: time.time() + jump
    again.get_access_token()  # another's finds nothing that it can trust, and fetches
    assert len(sandbox.received(TOKEN)) == 2
    again.close()


# -- the store -------------------------------------------------------------------------------------------------------


def dead_redis() -> str:
    return f"redis://:{servers.PASSWORD}@127.0.0.1:{servers.free_port()}/0"


def test_a_dead_store_is_named(sandbox: Sandbox) -> None:
    app = sandbox.app(session_manager=dead_redis(), retry=FAST)
    with pytest.raises(SessionStoreError) as caught:
        Department.objects.using(app).get(1)
    assert caught.value.store.startswith("redis://127.0.0.1:")
    assert servers.PASSWORD not in str(caught.value)
    with pytest.raises(SessionStoreError):
        asyncio.run(app.get_access_token.aio())
    assert sandbox.calls == []
    app.close()


def test_memory_stands_in_for_a_dead_store(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    app = sandbox.app(session_manager=dead_redis(), session_fallback=True)
    assert len(set(at_once(app.get_access_token, 32, 16))) == 1
    assert len(sandbox.received(TOKEN)) == 1
    assert [record.levelname for record in caplog.records if "session store" in record.message] == ["WARNING"]
    assert servers.PASSWORD not in caplog.text
    app.close()


def test_a_token_in_hand_needs_no_store(sandbox: Sandbox, app: DingTalkApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app.get_access_token()
    session = app.session
    monkeypatch.setattr(session, "entry", None)
    monkeypatch.setattr(session, "set", None)
    assert Department.objects.using(app).get(1).dept_id == 1


def test_a_store_that_dies_after_the_token_came_costs_nothing(
    sandbox: Sandbox, app: DingTalkApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(self: Session, key: str, value: str) -> None:
        raise SessionStoreError("redis://gone", "ConnectionError")

    monkeypatch.setattr(Session, "release", dead)
    assert app.get_access_token()


def test_the_store_never_blocks_the_loop(sandbox: Sandbox) -> None:
    store = SlowManager()
    app = sandbox.app(session_manager=store)

    async def scenario() -> None:
        fetching = asyncio.create_task(app.get_access_token.aio())
        await until_async(store.asked.is_set)
        await stays_async(lambda: not fetching.done())
        store.go_on.set()
        assert await fetching
        await app.aclose()

    asyncio.run(scenario())


# -- signatures ------------------------------------------------------------------------------------------------------


def test_signatures_against_values_computed_elsewhere(sandbox: Sandbox) -> None:
    # printf '%s' 'jsapi_ticket=…&noncestr=…&timestamp=…&url=…' | sha256sum, and | sha1sum
    app = sandbox.app()
    app.session.set(app.jsapi_ticket_credential.key, "HPt6qMWKbBO7kR3X", 7000)
    url = "https://acme.example/index.html?name=%E5%BC%A0%E4%B8%89&x=%2525#/home"
    signed = app.jsapi_signature(url, noncestr="Zn4zmLFKD0wzilzM", timestamp=1700000000)
    assert signed.url == "https://acme.example/index.html?name=张三&x=%25"
    assert signed.signature == "ca5fea4f752106f04b78a85b25eaec04cc3e76d0a6006463dfccb267f41b8088"
    assert (signed.corp_id, signed.agent_id) == (sandbox.corp_id, int(sandbox.agent_id))
    assert (signed.noncestr, signed.timestamp) == ("Zn4zmLFKD0wzilzM", 1700000000)
    older = app.jsapi_signature(url, noncestr="Zn4zmLFKD0wzilzM", timestamp=1700000000, algorithm="sha1")
    assert older.signature == "e2fd60cee3a783123b289bbeb5303cc70292ab76"
    assert sandbox.calls == []


def test_a_signature_of_now(sandbox: Sandbox, app: DingTalkApp) -> None:
    first, second = app.jsapi_signature("https://acme.example/"), app.auth.jsapi_signature("https://acme.example/")
    assert first.noncestr != second.noncestr
    assert abs(first.timestamp - time.time()) < 5
    text = f"jsapi_ticket={app.jsapi_ticket}&noncestr={first.noncestr}&timestamp={first.timestamp}&url={first.url}"
    assert first.signature == hashlib.sha256(text.encode()).hexdigest()
    assert len(sandbox.received(TICKET)) == 1

    async def fixed() -> str:
        async with sandbox.app(noncestr="fixed") as own:
            return (await own.jsapi_signature.aio("https://acme.example/")).noncestr

    assert asyncio.run(fixed()) == "fixed"


@pytest.mark.parametrize(
    ("shown", "signed"),
    [
        ("https://a.example/p#x", "https://a.example/p"),
        ("https://a.example/p?a=1&b=%20#x?y", "https://a.example/p?a=1&b= "),
        ("https://a.example/%E5?q=%3F", "https://a.example/%E5?q=?"),
    ],
)
def test_the_address_that_is_signed(shown: str, signed: str) -> None:
    assert signed_url(shown) == signed
