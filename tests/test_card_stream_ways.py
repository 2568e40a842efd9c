"""Answers whose card cannot be streamed, or cannot show them at all: an answer is never lost."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streaming import (
    CREATION,
    INSTANCES,
    STREAMING,
    WORLDS,
    Script,
    Write,
    bodies,
    growing,
    on_threads,
    shows,
    stored,
)
from waiting import until, until_async

from dingtalk_models import Card, ChatbotMessage, DingTalkApp
from dingtalk_models.core import errors
from dingtalk_models.message import CardStream, GroupSpace, RobotSpace
from dingtalk_models.message.cards import stream as card_stream
from dingtalk_models.message.cards.text import parts
from dingtalk_models.process.turns import Turns
from dingtalk_models.sandbox import Behaviour, Sandbox

TO = RobotSpace("zhaolei")
DENIED = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
QUOTA = "Forbidden.AccessDenied.ApiCountLimitForOrg"
SAY = "/v1.0/robot/oToMessages/batchSend"


@pytest.fixture
def template(sandbox: Sandbox) -> str:
    return sandbox.cards.add_template()


@pytest.fixture(params=WORLDS, ids=lambda world: world.__name__)
def write(request: pytest.FixtureRequest) -> Write:
    chosen: Write = request.param
    return chosen


def said(sandbox: Sandbox) -> list[str]:
    """What the robot said to the user, without its cards."""
    return [each.text for each in sandbox.conversation("zhaolei").replies if each.via != "card"]


def test_without_the_scope_there_are_fewer_updates(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    with Sandbox(scopes=["Card.Instance.Write"]) as sandbox, sandbox.app() as app:
        stream = Card.stream(sandbox.cards.add_template(), TO, interval=0.02)
        with caplog.at_level(logging.WARNING, "dingtalk_models"):
            write(app, stream, growing(sandbox, stream, ["一", "二", "三"]))
        card = stored(sandbox, stream)
        assert card.texts("content") == ["一", "一二", "一二三"]
        assert [state.status for state in card.states] == ["processing", "inputting", "inputting", "finished"]
        assert len(bodies(sandbox, STREAMING)) == 1
        assert stream.mode == "update"
        assert isinstance(stream.problem, errors.PermissionDenied)
        assert stream.problem.scopes == ("Card.Streaming.Write",)
        (line,) = [each.getMessage() for each in caplog.records if "fewer updates" in each.getMessage()]
        assert "Card.Streaming.Write" in line
        assert "\n" not in line
        app.close()


def test_an_answer_beyond_a_parameter_is_sent_as_a_message_too(write: Write) -> None:
    with Sandbox(scopes=["Card.Instance.Write", "qyapi_robot_sendmsg"]) as sandbox, sandbox.app() as app:
        stream = Card.stream(sandbox.cards.add_template(), TO, interval=0.01)
        write(app, stream, [*growing(sandbox, stream, ["一", "二"]), "长" * 500])
        card = stored(sandbox, stream)
        assert card.params["content"] == "一二" + "长" * 338 + "…"
        assert card.status == "finished"
        assert said(sandbox) == ["一二" + "长" * 500]
        app.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [(DENIED, errors.PermissionDenied), (QUOTA, errors.QuotaExhausted), ("param.contentUnsafe", errors.InvalidRequest)],
)
def test_without_a_card_there_is_a_message(
    app: DingTalkApp, sandbox: Sandbox, write: Write, code: str, kind: type[errors.ApiError]
) -> None:
    sandbox.fail(CREATION, code=code)
    stream = Card.stream("any", TO, interval=0.0)
    write(app, stream, ["一", lambda: stream.mode == "message", "二", "三"])
    assert isinstance(stream.problem, kind)
    assert said(sandbox) == ["一二三"]
    assert len(bodies(sandbox, CREATION)) == 1
    assert bodies(sandbox, STREAMING) == []


@pytest.mark.parametrize("lasting", [False, True])
def test_a_card_is_created_at_the_end_if_it_could_not_be_before(
    app: DingTalkApp, sandbox: Sandbox, template: str, monkeypatch: pytest.MonkeyPatch, lasting: bool
) -> None:
    monkeypatch.setattr(card_stream, "_PATIENCE", 2.0)
    stream = Card.stream(template, TO)
    sandbox.fail(CREATION, code="system.busy", times=99 if lasting else 2)
    on_threads(app, stream, ["一"])
    shown = [each.params["content"] for each in sandbox.cards.values()]
    assert (stream.mode, shown, said(sandbox)) == (("message", [], ["一"]) if lasting else ("stream", ["一"], []))


def test_a_fault_of_the_worker_is_raised_after_the_end(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Card.stream(template, TO)
    began = threading.Event()

    def broken() -> bool:
        began.set()
        raise ZeroDivisionError

    monkeypatch.setattr(stream, "_has_news", broken)
    with pytest.raises(ZeroDivisionError):
        write(app, stream, ["一", began.is_set])
    assert (stored(sandbox, stream).params["content"], stored(sandbox, stream).status) == ("一", "finished")


def test_a_card_that_nobody_gets_is_no_answer(app: DingTalkApp, sandbox: Sandbox, template: str, write: Write) -> None:
    group = sandbox.add_group(["zhaolei"])
    stream = Card.stream(template, GroupSpace(group.open_conversation_id))
    sandbox.answer(
        "card_1_0.CreateAndDeliver",
        {"result": {"outTrackId": "x", "deliverResults": [{"success": False, "errorMsg": "no robot in it"}]}},
    )
    write(app, stream, ["一"])
    assert [each.text for each in group.replies] == ["一"]
    assert "no robot in it" in str(stream.problem)


def test_when_the_quota_ends_in_the_middle_the_whole_answer_is_a_message(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write
) -> None:
    stream = Card.stream(template, TO, interval=0.0)

    def script() -> Script:
        yield from growing(sandbox, stream, ["一", "二"])
        sandbox.fail(STREAMING, code=QUOTA, times=99)
        sandbox.fail(INSTANCES, code=QUOTA, times=99)
        yield "三"
        yield lambda: stream.mode == "message"
        yield "四"

    write(app, stream, script())
    assert stored(sandbox, stream).params["content"] == "一二"
    assert said(sandbox) == ["一二三四"]
    assert isinstance(stream.problem, errors.QuotaExhausted)


@pytest.mark.parametrize("early", [True, False])
def test_a_text_that_is_too_large_completes_the_card_and_is_a_message(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write, early: bool
) -> None:
    sandbox.cards.longest_content = 20
    stream = Card.stream(template, TO, interval=0.0)

    def script() -> Iterator[Any]:
        yield from growing(sandbox, stream, ["一二", "三四"])
        yield "五六七八"
        if early:
            yield lambda: stream.mode == "message"

    write(app, stream, script())
    card = stored(sandbox, stream)
    assert (card.params["content"], card.status) == ("一二三四", "finished")
    assert said(sandbox) == ["一二三四五六七八"]


def test_an_answer_that_failed_says_so_in_any_way(write: Write) -> None:
    with Sandbox(scopes=["Card.Instance.Write"]) as sandbox, sandbox.app() as app:
        stream = Card.stream(sandbox.cards.add_template(), TO, interval=0.0, cut_short="（失败）")

        def script() -> Script:
            yield from growing(sandbox, stream, ["一", "二"])
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            write(app, stream, script())
        assert (stored(sandbox, stream).params["content"], stored(sandbox, stream).status) == ("一二（失败）", "failed")
        app.close()


def test_a_message_that_failed_says_so(app: DingTalkApp, sandbox: Sandbox, write: Write) -> None:
    def script() -> Script:
        yield "一"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(app, Card.stream("none", TO), script())
    assert said(sandbox) == ["一（回答未完成）"]


def test_a_long_answer_is_several_messages(app: DingTalkApp, sandbox: Sandbox, write: Write) -> None:
    text = "".join(f'第{number}行："引号"\n' for number in range(2000))
    write(app, Card.stream("none", TO), [text])
    messages = said(sandbox)
    assert "".join(messages) == text
    assert len(messages) == 4
    assert all(each.endswith("\n") for each in messages)


@pytest.mark.parametrize("text", ["", "a", "长" * 10, "😀" * 9, "\n" * 9, 'q"' * 5, "a\nb" * 7])
@pytest.mark.parametrize("most", [6, 7, 13])
def test_a_text_is_cut_between_characters(text: str, most: int) -> None:
    cut = [*parts(text, most)]
    assert "".join(cut) == text
    assert all(0 < len(json.dumps(each, ensure_ascii=False).encode()) - 2 <= most for each in cut)


def test_an_answer_that_nothing_can_carry_is_an_error(app: DingTalkApp, sandbox: Sandbox, write: Write) -> None:
    sandbox.company.outbox.flow_controlled.add("zhaolei")
    with pytest.raises(errors.RateLimited):
        write(app, Card.stream("none", TO), ["一"])
    with pytest.raises(errors.NotFound):
        write(app, Card.stream("none", RobotSpace("nobody")), ["一"])


def test_a_message_whose_reply_is_lost_is_not_sent_twice(app: DingTalkApp, sandbox: Sandbox, write: Write) -> None:
    sandbox.fail(SAY, drop="after")
    with pytest.raises(errors.TransportError):
        write(app, Card.stream("none", TO), ["一"])
    assert said(sandbox) == ["一"]


# Replies to messages


@pytest.mark.parametrize("in_group", [True, False])
def test_a_reply_grows_where_the_message_came_from(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write, in_group: bool
) -> None:
    group = sandbox.add_group(["zhaolei", "sunjing"])
    message = heard(app, sandbox.say("zhaolei", "天气？", to=group if in_group else None).payload)
    stream = message.reply_card(template, key="answer", interval=0.0)
    write(app, stream, ["晴", shows(sandbox, stream, "晴", "answer"), "。"])
    talk = group if in_group else sandbox.conversation("zhaolei")
    assert [(each.via, each.content["answer"]) for each in talk.replies] == [("card", "晴。")]


@pytest.mark.parametrize("stranger", [True, False])
def test_a_reply_without_a_card_goes_by_the_session_webhook(
    app: DingTalkApp, sandbox: Sandbox, write: Write, stranger: bool
) -> None:
    payload = dict(sandbox.say("zhaolei", "天气？").payload or {})
    if stranger:
        del payload["senderStaffId"]
    write(app, heard(app, payload).reply_card("none"), ["晴"])
    assert [(each.via, each.text) for each in sandbox.conversation("zhaolei").replies] == [("session", "晴")]


def heard(app: DingTalkApp, payload: dict[str, Any] | None) -> ChatbotMessage:
    """The message as the app receives it."""
    assert payload is not None
    message = ChatbotMessage.read(payload)
    message.received_by(app)
    return message


def test_an_end_that_comes_while_the_worker_looks_for_news(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    """It is not overlooked: the worker would rest until the answer has expired."""
    stream = Card.stream(template, TO)
    inside = Turns()

    class EndsFirst:
        """The turns of the stream. The end comes just before the worker has its turn to rest."""

        def __enter__(self) -> None:
            if not ending and inspect.stack()[1].function == "_rest":
                ending.append(threading.Thread(target=end))
                ending[0].start()
                until(vars(stream)["_stop"].is_kept)
            inside.__enter__()

        def __exit__(self, *ended: object) -> None:
            inside.__exit__(*ended)

    def end() -> None:
        stream.__exit__(None, None, None)
        ended.set()

    ending: list[threading.Thread] = []
    ended = threading.Event()
    card = stream.__enter__()
    card.write("半个")
    until(shows(sandbox, stream, "半个"))
    vars(stream)["_turns"] = EndsFirst()
    vars(stream)["_wake"].keep(None)  # a piece that was shown already does the same
    assert ended.wait(20)
    assert stored(sandbox, stream).status == "finished"


# Processes


def test_an_end_at_exit_is_an_end(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    stream, go_on = Card.stream(template, TO), threading.Event()

    def answer() -> None:
        with stream as card:
            card.write("半个")
            go_on.wait()

    thread = threading.Thread(target=answer)
    thread.start()
    until(shows(sandbox, stream, "半个"))
    stream.end_at_exit()
    assert stored(sandbox, stream).status == "failed"
    before = len(sandbox.calls)
    go_on.set()
    thread.join()
    stream.end_at_exit()
    assert len(sandbox.calls) == before


PROGRAM = """
import asyncio, os, signal, sys, threading
from dingtalk_models import Card, DingTalkApp
from dingtalk_models.message import RobotSpace
from waiting import until, until_async, until_async

url, key, secret, template, how = sys.argv[1:]
app = DingTalkApp(appkey=key, appsecret=secret, oapi_url=url, api_url=url, rate_limit=None).use()
stream = Card.stream(template, RobotSpace("zhaolei"), out_track_id="it")

ready = threading.Event()

def answer():
    with stream as card:
        card.write("半个答案")
        until(lambda: card.card)
        print("ready", flush=True)
        ready.set()
        if how == "exit in it":
            sys.exit(3)
        threading.Event().wait(60)

async def answer_async():
    async with stream as card:
        await card.write.aio("半个答案")
        await until_async(lambda: card.card)
        print("ready", flush=True)
        await asyncio.Event().wait()

if how == "exit beside it":
    threading.Thread(target=answer, daemon=True).start()
    ready.wait()
elif how == "sigterm on a loop":
    asyncio.run(answer_async())
elif how == "after it":
    with stream as card:
        card.write("半个答案")
    print("ready", flush=True)
    threading.Event().wait(60)
elif how == "own handler":
    def handler(*_):
        print("handled", flush=True)
        sys.exit(7)
    signal.signal(signal.SIGTERM, handler)
    answer()
else:
    answer()
"""


@pytest.mark.parametrize(
    ("how", "signals", "code"),
    [
        ("exit in it", [], 3),
        ("exit beside it", [], 0),
        ("sigterm", [signal.SIGTERM], 128 + signal.SIGTERM),
        ("sigterm on a loop", [signal.SIGTERM], 128 + signal.SIGTERM),
        ("own handler", [signal.SIGTERM], 7),
        ("after it", [signal.SIGTERM], -signal.SIGTERM),
        ("ctrl-c", [signal.SIGINT], -signal.SIGINT),
    ],
)
def test_a_process_that_ends_leaves_no_card_that_grows(
    sandbox: Sandbox, template: str, how: str, signals: list[signal.Signals], code: int
) -> None:
    arguments = [sandbox.url, sandbox.appkey, sandbox.appsecret, template, how]
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, *arguments],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        for each in signals:
            process.send_signal(each)
        _, told = process.communicate(timeout=60)
    assert process.returncode == code, told
    card = sandbox.cards["it"]
    assert card.status == ("finished" if how == "after it" else "failed")
    assert card.params["content"] == "半个答案"


# All at once

FAULTS: list[Behaviour] = [
    {"drop": "after"},
    {"drop": "before"},
    {"status": 502},
    {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"},
    {"delay": 0.1},
]


def test_no_card_is_left_growing_whoever_is_cancelled(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    chance = random.Random(12)
    streams = [app.message.cards.stream(template, TO, interval=0.01) for _ in range(40)]
    endings = vars(card_stream)["_endings"]

    async def answer(stream: CardStream[Card]) -> None:
        async with stream as card:
            for number in range(1000):
                await card.write.aio(f"{number} ")
                await asyncio.sleep(0.002)

    async def cancel(task: asyncio.Task[None]) -> None:
        for longest in (0.4, 0.2):
            await asyncio.sleep(chance.random() * longest)
            task.cancel()

    async def run() -> list[BaseException | None]:
        tasks = [asyncio.create_task(answer(stream)) for stream in streams]
        await asyncio.gather(*map(cancel, tasks))
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await until_async(lambda: not any(map(endings.has, streams)), seconds=120)
        await app.aclose()
        return results

    for path in (CREATION, STREAMING):
        for how in FAULTS:
            sandbox.fail(path, times=5, **how)
    assert {type(each) for each in asyncio.run(run())} == {asyncio.CancelledError}
    for stream in streams:
        if stream.text:
            card = stored(sandbox, stream)
            assert (card.params["content"], card.status) == (stream.text, "failed")
            assert all(state.params["content"] for state in card.states)
