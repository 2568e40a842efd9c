"""Tokens of people: renewed by themselves, once for all callers, and kept in the session store."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import multiprocessing
import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from children import Child
from helpers import problems
from refreshing import FAST, Clock, at_once
from test_login import ISSUE, ME
from waiting import until, until_async

from dingtalk_models import ApiError, DingTalkApp, LoginRequired, SessionStoreError, TransportError, UserToken
from dingtalk_models.call.blocking import BlockingDriver
from dingtalk_models.sandbox import Credentials, Sandbox

MANY = 16


@pytest.fixture
def token(clock: Clock, sandbox: Sandbox) -> UserToken:
    """The access of a user who has logged in; the clocks of its app can be moved."""
    app = sandbox.app(retry=FAST)
    return app.auth.login(sandbox.authorise("zhaolei"))


def renewals(sandbox: Sandbox) -> int:
    """How often a token was renewed."""
    found = [call.body for call in sandbox.received(ISSUE)]
    return sum(isinstance(body, dict) and body["grantType"] == "refresh_token" for body in found)


def advance(clock: Clock, sandbox: Sandbox, seconds: float) -> None:
    """Let time pass for the app and for the platform."""
    clock.ahead += seconds
    sandbox.clock.advance(seconds)


def app_of(token: UserToken) -> DingTalkApp:
    assert isinstance(token.app, DingTalkApp)
    return token.app


# -- renewed -------------------------------------------------------------------------------------------------------


def test_a_token_is_renewed_in_the_background_ahead_of_its_end(
    token: UserToken, clock: Clock, sandbox: Sandbox
) -> None:
    first = token.refresh_token
    advance(clock, sandbox, 7200 - 120 - 500)
    assert token.me().nick == "赵磊"
    until(lambda: token.refresh_token != first)
    assert token.me().nick == "赵磊"
    assert renewals(sandbox) == 1


def test_an_expired_token_is_renewed_before_it_is_used(token: UserToken, clock: Clock, sandbox: Sandbox) -> None:
    advance(clock, sandbox, 7201)
    assert token.me().nick == "赵磊"
    assert [call.code for call in sandbox.received(ME)] == [0]
    assert renewals(sandbox) == 1


def test_a_rejected_token_is_renewed_once_for_many_threads(token: UserToken, sandbox: Sandbox) -> None:
    sandbox.company.logins.revoke_tokens()
    sandbox.fail(ISSUE, delay=0.1)
    person = app_of(token).as_user(token)
    nicks = at_once(lambda: person.contact.accounts.get().nick, MANY)
    assert nicks == ["赵磊"] * MANY
    assert renewals(sandbox) == 1


def test_a_rejected_token_is_renewed_once_for_many_tasks(token: UserToken, sandbox: Sandbox) -> None:
    sandbox.company.logins.revoke_tokens()

    async def all_at_once() -> list[str | None]:
        async with app_of(token):
            accounts = await asyncio.gather(*[token.me.aio() for _ in range(MANY)])
        return [account.nick for account in accounts]

    assert asyncio.run(all_at_once()) == ["赵磊"] * MANY
    assert renewals(sandbox) == 1


def test_an_api_that_takes_no_user_s_token_renews_it_once(token: UserToken, sandbox: Sandbox) -> None:
    fault = sandbox.fail(ME, times=100, code="InvalidAuthentication")
    with pytest.raises(LoginRequired, match="takes no user's token") as caught:
        token.me()
    assert (caught.value.code, caught.value.status) == ("InvalidAuthentication", 400)
    assert renewals(sandbox) == 1
    for _ in range(5):
        with pytest.raises(LoginRequired):
            token.me()
    assert renewals(sandbox) == 1
    fault.cancel()
    assert token.me().nick == "赵磊"


def test_an_expired_refresh_token_asks_for_a_login_and_is_not_sent_again(
    token: UserToken, clock: Clock, sandbox: Sandbox
) -> None:
    advance(clock, sandbox, 30 * 24 * 3600 + 1)
    for _ in range(5):
        with pytest.raises(LoginRequired, match="log in again"):
            token.me()
    assert renewals(sandbox) == 1
    assert token.refresh_token is None


def test_a_refresh_token_that_was_used_elsewhere(token: UserToken, clock: Clock, sandbox: Sandbox) -> None:
    thief = app_of(token).auth.user_token(refresh_token=token.refresh_token)
    thief.renew()
    with pytest.raises(LoginRequired):
        token.renew()


def test_a_refresh_token_may_stay_the_same(token: UserToken, sandbox: Sandbox) -> None:
    first = token.refresh_token
    assert token.access_token is not None
    reply = {"accessToken": "another", "expireIn": 7200}
    sandbox.fail(ISSUE, status=200, content_type="application/json", body=json.dumps(reply))
    token.renew()
    assert (token.refresh_token, token.access_token.get_secret_value()) == (first, "another")


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}, {"code": "systemBusy"}])
def test_a_renewal_that_fails_may_be_tried_again(token: UserToken, sandbox: Sandbox, fault: Any) -> None:
    failing = sandbox.fail(ISSUE, times=100, **fault)
    with pytest.raises((TransportError, ApiError)) as caught:
        token.renew()
    assert not isinstance(caught.value, LoginRequired)
    failing.cancel()
    token.renew()
    assert token.me().nick == "赵磊"


def test_a_person_s_trouble_is_not_another_s(token: UserToken, sandbox: Sandbox) -> None:
    app = app_of(token)
    other = app.auth.login(sandbox.authorise("heli"))
    sandbox.company.logins.revoke_tokens()
    assert (token.me().nick, other.me().nick) == ("赵磊", "何丽")
    assert app.as_user(other).contact.accounts.get().nick == "何丽"
    assert renewals(sandbox) == 2


# -- kept ----------------------------------------------------------------------------------------------------------


class Dictionary:
    """A session store without `add`."""

    def __init__(self) -> None:
        self.entries: dict[str, Any] = {}
        self.late: list[Any] = []

    def get(self, key: str) -> Any:
        return self.late.pop() if self.late else self.entries.get(key)

    def set(self, key: str, value: str, _: int) -> None:
        self.entries[key] = value

    def delete(self, key: str) -> None:
        self.entries.pop(key, None)


@pytest.fixture
def store() -> Dictionary:
    return Dictionary()


@pytest.fixture
def first(clock: Clock, sandbox: Sandbox, store: Dictionary) -> DingTalkApp:
    """An app with a session store, where a user's token is kept."""
    app = sandbox.app(session_manager=store)
    app.auth.login(sandbox.authorise("zhaolei", scope="openid corpid")).keep("zhaolei")
    return app


@pytest.fixture
def second(first: DingTalkApp, sandbox: Sandbox, store: Dictionary) -> DingTalkApp:
    """The same app in another process."""
    return sandbox.app(session_manager=store)


def test_a_token_is_kept_for_other_processes(second: DingTalkApp, sandbox: Sandbox) -> None:
    token = second.auth.kept("zhaolei")
    assert (token.me().nick, token.corp_id) == ("赵磊", sandbox.corp_id)
    assert renewals(sandbox) == 0


def test_it_is_kept_for_30_days_after_a_renewal(first: DingTalkApp, clock: Clock, sandbox: Sandbox) -> None:
    for _ in range(3):
        gc.collect()
        advance(clock, sandbox, 20 * 24 * 3600)
        assert first.auth.kept("zhaolei").me().nick == "赵磊"
    advance(clock, sandbox, 30 * 24 * 3600 + 1)
    with pytest.raises(LoginRequired, match="nothing is kept"):
        first.auth.kept("zhaolei")


def test_what_one_process_renews_the_other_takes(
    first: DingTalkApp, second: DingTalkApp, clock: Clock, sandbox: Sandbox
) -> None:
    one, other = first.auth.kept("zhaolei"), second.auth.kept("zhaolei")
    advance(clock, sandbox, 7201)
    assert one.me().nick == other.me().nick == "赵磊"
    sandbox.company.logins.revoke_tokens()
    assert other.me().nick == one.me().nick == "赵磊"
    assert renewals(sandbox) == 2


def test_without_add_a_process_that_came_too_late_takes_the_other_s_token(
    first: DingTalkApp, second: DingTalkApp, sandbox: Sandbox, store: Dictionary
) -> None:
    one, other = first.auth.kept("zhaolei"), second.auth.kept("zhaolei")
    (before,) = [value for key, value in store.entries.items() if ":user:" in key]
    one.renew()
    store.late = [before]
    other.renew()
    assert other.refresh_token == one.refresh_token
    assert other.me().nick == "赵磊"


def test_many_requests_at_a_time_renew_it_once(first: DingTalkApp, clock: Clock, sandbox: Sandbox) -> None:
    advance(clock, sandbox, 7201)
    sandbox.fail(ISSUE, delay=0.1)
    first.get_access_token()
    assert at_once(lambda: first.auth.kept("zhaolei").me().nick, MANY) == ["赵磊"] * MANY
    assert renewals(sandbox) == 1


def test_a_log_out_counts_in_every_process(
    first: DingTalkApp, second: DingTalkApp, clock: Clock, sandbox: Sandbox
) -> None:
    other = second.auth.kept("zhaolei")
    first.auth.kept("zhaolei").forget()
    with pytest.raises(LoginRequired):
        second.auth.kept("zhaolei")
    advance(clock, sandbox, 7201)
    with pytest.raises(LoginRequired):
        other.me()
    assert renewals(sandbox) == 0


def test_a_log_out_during_a_renewal_counts(
    first: DingTalkApp, second: DingTalkApp, sandbox: Sandbox, store: Dictionary
) -> None:
    other = second.auth.kept("zhaolei")

    def log_out(*_: object) -> None:
        first.auth.kept("zhaolei").forget()

    renewed_while(log_out, other, sandbox)
    assert other.me().nick == "赵磊"
    assert not [key for key in store.entries if ":user:" in key]


def test_a_login_during_a_renewal_counts(first: DingTalkApp, second: DingTalkApp, sandbox: Sandbox) -> None:
    other, again = second.auth.kept("zhaolei"), first.auth.login(sandbox.authorise("zhaolei"))
    renewed_while(lambda: again.keep("zhaolei"), other, sandbox)
    assert other.refresh_token == again.refresh_token == second.auth.kept("zhaolei").refresh_token


def renewed_while(act: Callable[[], object], token: UserToken, sandbox: Sandbox) -> None:
    """Renew a token, and do something while the platform has the call."""
    sandbox.fail(ISSUE, delay=0.2)
    before = renewals(sandbox)
    with ThreadPoolExecutor() as pool:
        renewing = pool.submit(token.renew)
        until(lambda: renewals(sandbox) > before)
        act()
        renewing.result()


def test_a_refresh_token_alone_is_kept(first: DingTalkApp, second: DingTalkApp) -> None:
    token = first.auth.kept("zhaolei")
    first.auth.user_token(refresh_token=token.refresh_token).keep("by hand")
    again = second.auth.kept("by hand")
    assert again.access_token is None
    assert again.me().nick == "赵磊"
    first.auth.user_token(access_token=again.access_token).keep("access")
    assert second.auth.kept("access").me().nick == "赵磊"


def test_a_refused_refresh_token_is_not_kept(
    first: DingTalkApp, sandbox: Sandbox, store: Dictionary, clock: Clock
) -> None:
    token = first.auth.kept("zhaolei")
    first.auth.user_token(refresh_token=token.refresh_token).renew()
    with pytest.raises(LoginRequired):
        token.renew()
    assert not [key for key in store.entries if ":user:" in key]


def test_the_later_login_replaces_the_earlier(first: DingTalkApp, second: DingTalkApp, sandbox: Sandbox) -> None:
    again = first.auth.login(sandbox.authorise("zhaolei"))
    again.keep("zhaolei")
    assert second.auth.kept("zhaolei").refresh_token == again.refresh_token
    assert first.auth.kept("zhaolei").refresh_token == again.refresh_token


def test_logins_of_two_companies_do_not_mix(first: DingTalkApp, store: Dictionary) -> None:
    held = Credentials(corp_id="dingother", appkey="dingotherkey", appsecret="another secret")
    with Sandbox(credentials=held) as elsewhere:
        other = elsewhere.app(session_manager=store)
        other.auth.login(elsewhere.authorise("heli", scope="openid corpid")).keep("zhaolei")
        assert other.auth.kept("zhaolei").me().nick == "何丽"
        assert (first.auth.kept("zhaolei").me().nick, first.auth.kept("zhaolei").corp_id) == ("赵磊", first.corp_id)
        other.auth.kept("zhaolei").forget()
        assert first.auth.kept("zhaolei").me().nick == "赵磊"
        other.close()


@pytest.mark.parametrize("key", ["赵 磊", "x" * 5000, "\n", "a:b"])
def test_any_text_is_a_key(first: DingTalkApp, sandbox: Sandbox, store: Dictionary, key: str) -> None:
    first.auth.login(sandbox.authorise("heli")).keep(key)
    assert first.auth.kept(key).me().nick == "何丽"
    assert all(name.isascii() and name.isprintable() and len(name) < 200 and " " not in name for name in store.entries)
    assert problems(first.auth.kept, "").keys() == {"key"}


def test_a_store_that_does_not_answer(first: DingTalkApp, store: Dictionary, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(store, "get", down)
    with pytest.raises(SessionStoreError):
        first.auth.kept("zhaolei")


# -- kept safely ---------------------------------------------------------------------------------------------------


def entry_of(store: Dictionary) -> tuple[str, dict[str, Any]]:
    ((key, raw),) = [(key, raw) for key, raw in store.entries.items() if ":user:" in key]
    return key, json.loads(raw)


def test_the_store_has_no_token_and_nobody_s_name(first: DingTalkApp, store: Dictionary) -> None:
    token = first.auth.kept("zhaolei")
    key, entry = entry_of(store)
    shown = f"{key} {entry} {b64decode(entry['value'])!r}"
    assert token.access_token is not None
    assert token.refresh_token is not None
    for secret in (token.access_token.get_secret_value(), token.refresh_token.get_secret_value(), "zhaolei"):
        assert secret not in shown


def test_another_secret_cannot_open_it(first: DingTalkApp, sandbox: Sandbox, store: Dictionary) -> None:
    thief = sandbox.app(session_manager=store, appsecret="another")
    with pytest.raises(LoginRequired):
        thief.auth.kept("zhaolei")


def test_an_entry_cannot_be_moved_or_changed(first: DingTalkApp, sandbox: Sandbox, store: Dictionary) -> None:
    key, entry = entry_of(store)
    first.auth.login(sandbox.authorise("heli")).keep("heli")
    (other,) = [name for name in store.entries if ":user:" in name and name != key]
    store.entries[other] = store.entries[key]
    with pytest.raises(LoginRequired):
        first.auth.kept("heli")
    sealed = bytearray(b64decode(entry["value"]))
    sealed[-1] ^= 1
    for value in (b64encode(sealed).decode(), "", "AA==", "no base64", entry["value"][:-8]):
        store.entries[key] = json.dumps(entry | {"value": value})
        with pytest.raises(LoginRequired):
            first.auth.kept("zhaolei")


def test_a_token_cannot_be_pickled_and_shows_nothing(token: UserToken) -> None:
    with pytest.raises(TypeError, match="keep"):
        pickle.dumps(token)
    person = app_of(token).as_user(token)
    shown = repr([token, person, vars(token), vars(person), vars(token.credential)])
    assert token.access_token is not None
    assert token.refresh_token is not None
    for secret in (token.access_token, token.refresh_token):
        assert secret.get_secret_value() not in shown


def test_a_failed_renewal_ahead_is_logged_without_secrets(
    token: UserToken, clock: Clock, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    advance(clock, sandbox, 7200 - 120 - 500)
    assert token.refresh_token is not None
    secret = token.refresh_token.get_secret_value()
    sandbox.fail(ISSUE, code="invalidParameter.authCode.notFound")
    with caplog.at_level(logging.DEBUG):
        assert token.me().nick == "赵磊"
        until(lambda: "could not renew" in caplog.text)
    assert secret not in caplog.text


# -- processes -----------------------------------------------------------------------------------------------------


def test_two_processes_on_redis_renew_it_once(sandbox: Sandbox, redis_url: str, key: str) -> None:
    settings: dict[str, Any] = {"session_manager": redis_url, "name": key}
    with sandbox.app(**settings) as app:
        app.auth.login(sandbox.authorise("zhaolei")).keep("zhaolei")
    app.close()
    rounds, processes = 10, 2
    together = multiprocessing.get_context("fork").Barrier(processes + 1)

    def work() -> list[str | None]:
        own = sandbox.app(**settings)
        token = own.auth.kept("zhaolei")
        nicks: list[str | None] = []
        for _ in range(rounds):
            together.wait(20)
            nicks += at_once(lambda: token.me().nick, 4)
            together.wait(20)
        own.close()
        return nicks

    children = [Child(work) for _ in range(processes)]
    for _ in range(rounds):
        sandbox.company.logins.revoke_tokens()
        together.wait(20)
        together.wait(20)
    assert [child.result() for child in children] == [["赵磊"] * 4 * rounds] * processes
    assert renewals(sandbox) == rounds


def test_after_a_fork_a_kept_token_goes_on(sandbox: Sandbox, redis_url: str, key: str) -> None:
    app = sandbox.app(session_manager=redis_url, name=key)
    token = app.auth.login(sandbox.authorise("zhaolei"))
    token.keep("zhaolei")
    sandbox.company.logins.revoke_tokens()
    child = Child(lambda: token.me().nick)
    assert child.result() == "赵磊"
    assert token.me().nick == "赵磊"
    assert renewals(sandbox) == 1
    app.close()


# -- cancelled -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [False, True])
def test_a_renewal_whose_caller_is_cancelled_goes_on(token: UserToken, sandbox: Sandbox, *, kept: bool) -> None:
    """A web server cancels a request whose browser has gone. The refresh token was used by then."""
    if kept:
        token.keep("zhaolei")
    sandbox.company.logins.revoke_tokens()
    sandbox.fail(ISSUE, delay=0.2)

    async def gone() -> None:
        async with app_of(token):
            task = asyncio.create_task(token.me.aio())
            await until_async(lambda: renewals(sandbox))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await token.me.aio()).nick == "赵磊"

    asyncio.run(gone())
    assert renewals(sandbox) == 1
    assert token.me().nick == "赵磊"


def test_a_key_press_in_a_renewal(token: UserToken, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.company.logins.revoke_tokens()
    sandbox.fail(ISSUE, delay=0.2)

    def interrupted(*_: object) -> None:
        until(lambda: renewals(sandbox) == 1)
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(BlockingDriver, "_wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        token.me()
    assert token.me().nick == "赵磊"
    assert renewals(sandbox) == 1
