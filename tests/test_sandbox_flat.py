"""What a call costs does not grow with what happened before: the work is counted, not the time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from random_requests import Fuzz

from dingtalk_models.sandbox.callback import changes
from dingtalk_models.sandbox.server.pushing import Registration
from dingtalk_models.sandbox.state import callback, stream
from dingtalk_models.sandbox.state.callback import Callbacks, Push
from dingtalk_models.sandbox.state.keeping import oldest
from dingtalk_models.sandbox.state.talk import message


@pytest.fixture
def local() -> Iterator[Fuzz]:
    made = Fuzz.calm_one()
    yield made
    made.company.callbacks.stop()
    made.loop.close()


@contextmanager
def counted() -> Generator[Callable[[], int]]:
    """How many calls of Python functions, and lines of them, the block takes."""
    number = 0

    def trace(frame: object, event: str, argument: object) -> Any:
        del frame, event, argument
        nonlocal number
        number += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: number
    finally:
        sys.settrace(before)


def ask(local: Fuzz, path: str, **body: Any) -> int:
    """The work of a request."""
    with counted() as work:
        call = local.post(path, body)
    assert call.code == 0, call
    return work()


def notify(local: Fuzz, text: str) -> int:
    msg = {"msgtype": "text", "text": {"content": text}}
    send = "/topapi/message/corpconversation/asyncsend_v2"
    return ask(local, send, agent_id=local.company.credentials.agent_id, userid_list="youna", msg=msg)


def read(local: Fuzz) -> int:
    return ask(local, "/topapi/v2/user/get", userid="youna")


def undelivered(callbacks: Callbacks, push: Push) -> None:
    del callbacks, push


def accepted(registration: Registration, payload: object) -> tuple[int, None]:
    del registration, payload
    return 200, None


def test_notifications_cost_the_same_after_many(local: Fuzz) -> None:
    first = [notify(local, "第一") for _ in range(3)][-1]
    for number in range(1000):
        local.post("/topapi/message/corpconversation/asyncsend_v2", notification(local, number))
    assert notify(local, "最后") < first * 1.2


def notification(local: Fuzz, number: int) -> dict[str, Any]:
    if number % 400 == 0:
        local.company.credentials.clock.advance(24 * 3600)
        local.token = local.company.credentials.issue_token()[0]
    msg = {"msgtype": "text", "text": {"content": str(number)}}
    return {"agent_id": local.company.credentials.agent_id, "userid_list": "youna", "msg": msg}


def test_reading_costs_the_same_with_an_address_for_events(local: Fuzz, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(500):
        local.company.add_user(f"员工{number}", [310])
    first = [read(local) for _ in range(3)][-1]
    local.company.callbacks.registration = Registration(
        ("user_modify_org",), "token-1", "a" * 43, "http://[::1]:1", "c"
    )
    monkeypatch.setattr(Callbacks, "deliver", undelivered)
    for _ in range(1000):
        local.company.callbacks.push("user_modify_org", {})
    monkeypatch.delattr(changes, "CompanySnapshot")
    assert read(local) < first * 1.2


def test_the_next_push_is_found_without_a_search(local: Fuzz, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback, "post", accepted)
    callbacks = local.company.callbacks
    for _ in range(500):
        callbacks.push("user_modify_org", {})
    callbacks.settle(10)
    with counted() as work:
        callbacks.settle(10)
    assert work() < 100


@pytest.mark.parametrize("number", [0, 100, 110, 111, 500])
def test_of_what_grows_the_latest_is_kept(number: int) -> None:
    held = dict.fromkeys(range(number))
    for key in oldest(held, 100):
        del held[key]
    assert list(held) == list(range(number))[-100:] if number > 110 else len(held) == number


def test_what_was_sent_is_bounded(local: Fuzz, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((message, "MOST_SENT"), (callback, "MOST_PUSHES"), (stream, "MOST_MESSAGES")):
        monkeypatch.setattr(module, name, 20)
    monkeypatch.setattr(Callbacks, "deliver", undelivered)
    for number in range(100):
        local.post("/topapi/message/corpconversation/asyncsend_v2", notification(local, number))
        local.company.callbacks.push("user_modify_org", {})
        local.company.stream.push_event("user_modify_org", {}, None)
    outbox = local.company.outbox
    assert 20 <= len(outbox.tasks) <= 22
    assert len(outbox.received("youna")) == len(outbox.tasks)
    assert 20 <= len(local.company.callbacks.pushes) <= 22
    assert 20 <= len(local.company.stream.messages) <= 22
