"""What is remembered of what was received: bounded in memory, and given up soon after a process has died."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from listening import receiving
from servers import free_port
from waiting import until

from dingtalk_models import CardAction, ChatbotMessage, DingTalkApp
from dingtalk_models.callback import receiver
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sessions import open_session
from dingtalk_models.sessions.base import SessionLock
from dingtalk_models.sessions.marks import MOST, MemoryMarks

CLICKS = "/v1.0/card/instances/callback"
CLICK = {"outTrackId": "card1", "userId": "zhaolei", "corpId": "c", "content": "{}"}


def test_marks_in_memory_are_bounded_by_count_and_age() -> None:
    marks = MemoryMarks(most=100)
    for number in range(1000):
        marks.set(f"key{number}", "done", 60)
    assert [marks.get(f"key{number}") for number in (0, 899, 900, 999)] == [None, None, "done", "done"]
    for number in range(50):
        marks.set(f"short{number}", "done", 0.01)
    until(lambda: marks.get("short49") is None)
    for _ in range(3):  # set again and again, it is one mark
        marks.set("key999", "done", 60)
    assert (marks.get("key999"), len(vars(marks)["_marks"]) <= 100) == ("done", True)


def test_200_000_messages_leave_a_few_megabytes() -> None:
    app = DingTalkApp(corp_id="c", corp_secret="s")
    app.callback.on(ChatbotMessage)(lambda _: None)
    marks = app.marks
    assert isinstance(marks, MemoryMarks)
    for number in range(200_000):
        marks.set(f"dingtalk:default:dingkey:chatbot_message:msg{number:032}", "done", app.callback.remember)
    gc.collect()
    assert len(vars(marks)["_marks"]) == len(vars(marks)["_ages"]) == MOST
    assert not app.callback.handle(ChatbotMessage.read({"msgId": "m1"}))
    assert app.callback.handle(ChatbotMessage.read({"msgId": "m1"})), "what is delivered again is known"


def test_one_thread_gets_the_lock_and_nobody_after_the_mark() -> None:
    marks, wins = MemoryMarks(), list[int]()
    ready = threading.Barrier(8)

    def work(_: int) -> None:
        for number in range(300):
            lock = marks.lock(f"key{number}", 1)
            ready.wait(20)
            if lock.acquire():
                wins.append(number)
                marks.set(f"key{number}", "done", 60)
            lock.release()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sorted(wins) == list(range(300))
    assert vars(marks)["_locks"] == {}


def test_a_click_that_is_delivered_again_runs_once(app: DingTalkApp, sandbox: Sandbox) -> None:
    clicks: list[str | None] = []

    @app.callback.on(CardAction)
    def clicked(action: CardAction) -> dict[str, str]:
        clicks.append(action.message_id)
        return {"state": "done"}

    with receiving(app):
        message = sandbox.stream.push_callback(CLICKS, CLICK)
        sandbox.stream.deliver_again(message)
        assert app.stream.status.duplicates == 1
        sandbox.stream.push_callback(CLICKS, CLICK)  # the same again, by a finger
    assert len(clicks) == len(set(clicks)) == 2
    assert None not in clicks
    assert [each.code for each in message.answers] == [200, 200]


def test_a_click_in_a_queue_keeps_its_key(app: DingTalkApp) -> None:
    action = CardAction.framed(CLICK, "m1")
    assert action.key == "card_action:m1"
    assert CardAction.model_validate_json(action.model_dump_json(by_alias=True)).key == action.key
    assert CardAction.read(CLICK).key is None


SITE = """
import sys, time
from pathlib import Path
import flask
from werkzeug.serving import run_simple
from dingtalk_models import ChatbotMessage, DingTalkApp, Event
from dingtalk_models.views.flask import view

corp_id, key, secret, token, aes_key, store, port, file = sys.argv[1:]
app = DingTalkApp(
    corp_id=corp_id, appkey=key, appsecret=secret, token=token, aes_key=aes_key, session_manager=store
)

@app.callback.on("user_add_org")
def handler(event: Event) -> None:
    with Path(file).open("a") as noted:
        noted.write("begun\\n")
    if Path(file).read_text().count("begun") == 1:
        threading.Event().wait(60)
    with Path(file).open("a") as noted:
        noted.write("done\\n")

site = flask.Flask("site")
site.add_url_rule("/dingtalk", view_func=view(app.callback), methods=["POST"])
run_simple("127.0.0.1", int(port), site, threaded=True)
"""


def test_the_first_redelivery_after_a_killed_http_worker_is_handled(
    sandbox: Sandbox, redis_url: str, tmp_path: Path
) -> None:
    port, file = free_port(), tmp_path / "noted"
    file.touch()
    token, aes_key = "a-token-of-mine", "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"
    program = [sys.executable, "-c", textwrap.dedent(SITE)]
    program += [sandbox.corp_id, sandbox.appkey, sandbox.appsecret, token, aes_key, redis_url, str(port), str(file)]

    @contextmanager
    def worker() -> Generator[subprocess.Popen[bytes]]:
        with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                until(lambda: answers(port))
                yield process
            finally:
                process.kill()

    with worker() as first:
        with sandbox.app(token=token, aes_key=aes_key) as app:
            url = f"http://127.0.0.1:{port}/dingtalk"
            app.callback.subscriptions.register(["user_add_org"], url=url)
        app.close()
        push = sandbox.push("user_add_org", userId=["u1"])
        until(lambda: file.read_text() == "begun\n")
        first.kill()
        killed_at = time.monotonic()
    with worker():
        # the platform pushes again after 10 seconds: a lease that nobody renews is over by then
        assert receiver.LEASE < 10
        until(lambda: time.monotonic() > killed_at + receiver.LEASE)
        sandbox.clock.advance(10)
        until(lambda: push.accepted)
    assert file.read_text().split() == ["begun", "begun", "done"]


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def mark(lock: SessionLock) -> None:
    lock.mark("done", 60)


@pytest.mark.parametrize(("end", "left"), [(mark, "done"), (SessionLock.release, None)])
def test_a_renewal_does_not_undo_how_the_lock_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: Callable[[SessionLock], None], left: str | None
) -> None:
    """The handler may end while the other thread has read the lock, and not yet renewed it."""
    session = open_session(f"sqlite:///{tmp_path}/marks.db")
    lock = session.lock("key", 60)
    assert lock.acquire()
    read = session.get

    def read_and_end(key: str) -> str | None:
        monkeypatch.undo()
        value = read(key)
        end(lock)
        return value

    monkeypatch.setattr(session, "get", read_and_end)
    lock.renew()
    assert session.get("key") == left
    assert lock.acquire() is (left is None), "a lock that was released can be acquired again"
