"""Pushes: verified, refused, handled once and answered."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from helpers import on_a_loop
from hypothesis import given
from hypothesis import strategies as st
from pushing import KEY, TOKEN, receiving_app, sealed

from dingtalk_models import (
    CallbackError,
    DingTalkApp,
    Event,
    ReplayedCallback,
    SignatureMismatch,
)
from dingtalk_models.callback.events.contact import (
    OrgDeptCreate,
    UserAddOrg,
    UserLeaveOrg,
)
from dingtalk_models.sessions import open_session


@pytest.fixture
def app() -> Generator[DingTalkApp]:
    made = receiving_app()
    yield made
    made.close()


# receiving


def test_a_push_is_verified_decrypted_and_answered(app: DingTalkApp) -> None:
    push = app.callback.receive(*sealed(app, eventId="e1"))
    assert isinstance(push.event, UserAddOrg)
    assert (push.event.userids, push.event.event_id, push.duplicate) == (["u1"], "e1", False)
    assert set(push.reply) == {"msg_signature", "timeStamp", "nonce", "encrypt"}
    crypto = app.callback.crypto
    crypto.verify(push.reply["msg_signature"], push.reply["timeStamp"], push.reply["nonce"], push.reply["encrypt"])
    assert crypto.open(push.reply["encrypt"]) == ("success", "dingcorp")


def test_the_reply_is_for_whom_the_push_was_meant(app: DingTalkApp) -> None:
    for owner in ("dingkey", "dingcorp"):
        push = app.callback.receive(*sealed(app, owner=owner))
        assert app.callback.crypto.open(push.reply["encrypt"]).owner == owner


def test_both_spellings_of_the_query_are_read(app: DingTalkApp) -> None:
    query, body = sealed(app)
    spelt = {"signature": query["msg_signature"], "timeStamp": query["timestamp"], "nonce": query["nonce"]}
    assert app.callback.receive(spelt, body.decode()).event.type == "user_add_org"
    # the platform sends both; the one that counts is msg_signature
    query, body = sealed(app)
    assert app.callback.receive({**query, "signature": "another"}, json.loads(body)).event.type == "user_add_org"


def test_seconds_are_as_good_as_milliseconds(app: DingTalkApp) -> None:
    text, stamp = json.dumps({"EventType": "check_url"}), str(int(time.time()))
    parts = app.callback.crypto.seal(text, timestamp=stamp, nonce="n")
    query = {"signature": parts["msg_signature"], "timestamp": stamp, "nonce": "n"}
    assert app.callback.receive(query, {"encrypt": parts["encrypt"]}).event.type == "check_url"


@pytest.mark.parametrize("ago", [310, -310, 86_400])
def test_a_push_that_is_not_of_these_minutes_is_refused(app: DingTalkApp, ago: float) -> None:
    with pytest.raises(ReplayedCallback, match="too old"):
        app.callback.receive(*sealed(app, ago=ago))
    app.callback.tolerance = 90_000
    assert app.callback.receive(*sealed(app, ago=ago)).event.type == "user_add_org"


def test_a_replay_is_refused(app: DingTalkApp) -> None:
    query, body = sealed(app)
    app.callback.receive(query, body)
    with pytest.raises(ReplayedCallback, match="received before"):
        app.callback.receive(query, body)


def test_of_the_same_push_at_once_one_is_taken(app: DingTalkApp) -> None:
    query, body = sealed(app)
    start = threading.Barrier(8)

    def receive(_: int) -> bool:
        start.wait()
        try:
            app.callback.receive(query, body)
        except ReplayedCallback:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(receive, range(8))) == 1


PROCESS = """
import json, sys
from dingtalk_models import CallbackError, DingTalkApp
session, token, key, query, body = sys.argv[1:]
names = {"appkey": "dingkey", "appsecret": "s", "corp_id": "dingcorp", "token": token, "aes_key": key}
app = DingTalkApp(**names, session_manager=session)
ran = []
app.callback.on("user_add_org")(lambda event: ran.append(event.event_id))
try:
    push = app.callback.receive(json.loads(query), body)
    print(push.duplicate, ran)
except CallbackError as error:
    print(type(error).__name__, ran)
app.close()
"""


@pytest.mark.parametrize("store", ["sqlite", "redis"])
def test_what_one_process_received_another_refuses(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path}/session.db" if store == "sqlite" else str(request.getfixturevalue("redis_url"))
    app = receiving_app()

    def elsewhere(query: dict[str, str], body: bytes) -> str:
        command = [sys.executable, "-c", PROCESS, url, TOKEN, KEY, json.dumps(query), body.decode()]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    event = f"e{time.time_ns()}"
    first, again = sealed(app, eventId=event), sealed(app, eventId=event)
    assert elsewhere(*first) == f"False ['{event}']"
    assert elsewhere(*first) == "ReplayedCallback []"
    # a new push of the same event is answered, and not handled again
    assert elsewhere(*again) == "True []"
    app.close()


def test_a_store_without_add_leaves_replays_to_this_process() -> None:
    class Plain(dict[str, str]):
        def set(self, key: str, value: str, expires: int) -> None:
            self[key] = value

        def delete(self, key: str) -> None:
            self.pop(key, None)

    app = receiving_app(session_manager=Plain())
    query, body = sealed(app)
    app.callback.receive(query, body)
    with pytest.raises(ReplayedCallback):
        app.callback.receive(query, body)
    app.close()


def test_marks_may_be_kept_elsewhere(app: DingTalkApp, tmp_path: Path) -> None:
    app.callback.marks = open_session(f"sqlite:///{tmp_path}/marks.db")
    query, body = sealed(app)
    app.callback.receive(query, body)
    other = receiving_app(session_manager=f"sqlite:///{tmp_path}/marks.db")
    with pytest.raises(ReplayedCallback):
        other.callback.receive(query, body)
    other.close()


ANYTHING = st.none() | st.integers() | st.text() | st.lists(st.text(), max_size=2)
PARTS = st.sampled_from(["msg_signature", "signature", "timestamp", "timeStamp", "nonce", "encrypt"])


@given(
    st.dictionaries(PARTS | st.text(), ANYTHING, max_size=6),
    st.binary() | st.text() | st.dictionaries(PARTS, ANYTHING).map(json.dumps) | st.just("[" * 100_000),
)
def test_whatever_arrives_is_a_callback_error(query: dict[str, Any], body: bytes | str) -> None:
    app = receiving_app()
    with pytest.raises(CallbackError):
        app.callback.receive(query, body)


def test_surrogates_and_bare_texts_are_callback_errors(app: DingTalkApp) -> None:
    query, body = sealed(app)
    for name in query:
        with pytest.raises(SignatureMismatch):
            app.callback.receive({**query, name: query[name] + "\ud83d"}, body)
    with pytest.raises(SignatureMismatch):
        app.callback.receive(query, {"encrypt": "\ud83d"})
    stamp = str(int(time.time()))
    parts = app.callback.crypto.seal("success", timestamp=stamp, nonce="n")
    signed = {"signature": parts["msg_signature"], "timestamp": stamp, "nonce": "n"}
    with pytest.raises(CallbackError, match="JSON object"):
        app.callback.receive(signed, {"encrypt": parts["encrypt"]})


# handling


def test_handlers_by_class_by_name_and_for_all(app: DingTalkApp) -> None:
    told: list[str] = []

    @app.callback.on(UserAddOrg)
    def by_class(event: UserAddOrg) -> None:
        told.append(f"class {event.userids}")

    @app.callback.on("user_add_org")
    def by_name(event: UserAddOrg) -> None:
        told.append(f"name {event.userids}")

    @app.callback.on(Event)
    def all_of_them(event: Event) -> None:
        told.append(f"all {event.type}")

    app.callback.receive(*sealed(app))
    assert told == ["class ['u1']", "name ['u1']", "all user_add_org"]
    told.clear()
    app.callback.receive(*sealed(app, EventType="brand_new"))
    app.callback.receive(*sealed(app, EventType="check_url"))
    assert told == ["all brand_new"]
    assert by_class(UserAddOrg.read({"EventType": "user_add_org"})) is None


def test_one_handler_for_several_types(app: DingTalkApp) -> None:
    told: list[str] = []

    @app.callback.on(UserAddOrg, UserLeaveOrg, UserAddOrg)
    def by_classes(event: UserAddOrg | UserLeaveOrg) -> None:
        told.append(f"classes {event.type}")

    @app.callback.on("user_add_org", OrgDeptCreate)
    def by_names(event: Event) -> None:
        told.append(f"names {event.type}")

    @app.callback.on(UserAddOrg)
    @app.callback.on(OrgDeptCreate)
    def stacked(event: UserAddOrg | OrgDeptCreate) -> None:
        told.append(f"stacked {event.type}")

    for name in ("user_add_org", "user_leave_org", "org_dept_create"):
        app.callback.receive(*sealed(app, EventType=name))
    assert told == [
        "classes user_add_org", "names user_add_org", "stacked user_add_org",
        "classes user_leave_org",
        "names org_dept_create", "stacked org_dept_create",
    ]  # fmt: skip
    assert [by_classes.__name__, by_names.__name__, stacked.__name__] == ["by_classes", "by_names", "stacked"]


def test_an_event_is_handled_once(app: DingTalkApp) -> None:
    handled: list[str | None] = []
    app.callback.on("user_add_org")(lambda event: handled.append(event.event_id))
    pushes = [app.callback.receive(*sealed(app, eventId=name)) for name in ("e1", "e1", "e2", "e1")]
    assert handled == ["e1", "e2"]
    assert [push.duplicate for push in pushes] == [False, True, False, True]
    # older forms have no eventId: each is an event of its own
    app.callback.receive(*sealed(app))
    app.callback.receive(*sealed(app))
    assert handled == ["e1", "e2", None, None]


def test_where_a_handler_raises_the_event_can_be_pushed_again(app: DingTalkApp) -> None:
    handled: list[str] = []
    broken = [True]

    @app.callback.on("user_add_org")
    def handle(event: Event) -> None:
        if broken[0]:
            raise OSError("the database is down")
        handled.append(event.type)

    query, body = sealed(app, eventId="e1")
    for _ in range(2):  # the very same push, too: it was not received after all
        with pytest.raises(OSError, match="database"):
            app.callback.receive(query, body)
    broken[0] = False
    assert not app.callback.receive(query, body).duplicate
    assert app.callback.receive(*sealed(app, eventId="e1")).duplicate
    assert handled == ["user_add_org"]


def test_an_event_that_is_being_handled_is_neither_handled_nor_answered(app: DingTalkApp) -> None:
    inside, leave = threading.Event(), threading.Event()
    handled: list[str | None] = []

    @app.callback.on("user_add_org")
    def slow(event: Event) -> None:
        inside.set()
        leave.wait(5)
        handled.append(event.event_id)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(app.callback.receive, *sealed(app, eventId="e1"))
        inside.wait(5)
        with pytest.raises(ReplayedCallback, match="being handled"):
            app.callback.receive(*sealed(app, eventId="e1"))
        leave.set()
        assert not first.result(5).duplicate
    assert app.callback.receive(*sealed(app, eventId="e1")).duplicate
    assert handled == ["e1"]


@on_a_loop
async def test_awaited_handlers_may_be_coroutines_and_others_do_not_block(app: DingTalkApp) -> None:
    threads: list[int] = []

    @app.callback.on("user_add_org")
    async def on_the_loop(event: Event) -> None:
        await asyncio.sleep(0)
        threads.append(threading.get_ident())

    @app.callback.on("user_add_org")
    def in_a_thread(event: Event) -> None:
        threads.append(threading.get_ident())

    push = await app.callback.receive.aio(*sealed(app, eventId="e1"))
    assert push.event.event_id == "e1"
    assert [ident == threading.get_ident() for ident in threads] == [True, False]


def test_a_coroutine_handler_runs_without_a_loop_too(app: DingTalkApp) -> None:
    handled: list[str] = []

    @app.callback.on("user_add_org")
    async def handle(event: Event) -> None:
        await asyncio.sleep(0)
        handled.append(event.type)

    app.callback.receive(*sealed(app))
    assert handled == ["user_add_org"]


@on_a_loop
async def test_a_push_that_is_cancelled_can_come_again(app: DingTalkApp) -> None:
    entered = asyncio.Event()

    @app.callback.on("user_add_org")
    async def endless(event: Event) -> None:
        entered.set()
        await asyncio.Event().wait()

    query, body = sealed(app, eventId="e1")
    task = asyncio.create_task(app.callback.receive.aio(query, body))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    app.callback.handlers.clear()
    for thread in threading.enumerate():
        if thread.name == "dingtalk-release":
            await asyncio.to_thread(thread.join)
    assert not (await app.callback.receive.aio(query, body)).duplicate


# the first generation's names


def test_the_first_generations_crypto(app: DingTalkApp) -> None:
    callback = app.callback
    assert callback.decrypt(callback.encrypt("中文")) == "中文"
    assert callback.decrypt_text(callback.encrypt_text("中文")) == "中文"
    signature = callback.generate_callback_signature("encrypted", "1", "n")
    assert callback.check_callback_signature(signature, "encrypted", "1", "n") is True
    assert callback.check_callback_signature(signature, "encrypted", "2", "n") is False
    assert callback.decrypt(callback.return_success()["encrypt"]) == "success"
