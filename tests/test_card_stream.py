"""Answers that grow on a card: what is seen of them, how often they are updated, and how they end."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from helpers import problems
from streaming import (
    CREATION,
    STREAMING,
    WORLDS,
    Script,
    Write,
    bodies,
    growing,
    on_a_loop,
    on_threads,
    shows,
    stored,
)
from waiting import until, until_async

from dingtalk_models import Card, ConfigurationError, DingTalkApp, HttpRequest, HttpResponse, InvalidArgument
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.core import errors
from dingtalk_models.message import CardStream, GroupSpace, RobotSpace
from dingtalk_models.message.cards import stream as card_stream
from dingtalk_models.sandbox import Sandbox

TO = RobotSpace("zhaolei")


@pytest.fixture
def template(sandbox: Sandbox) -> str:
    return sandbox.cards.add_template()


@pytest.fixture(params=WORLDS, ids=lambda world: world.__name__)
def write(request: pytest.FixtureRequest) -> Write:
    chosen: Write = request.param
    return chosen


# What is seen


def test_a_card_is_never_seen_empty_and_grows_to_its_end(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write
) -> None:
    stream = Card.stream(template, TO, key="answer", card_param_map={"title": "回答"}, interval=0.01)

    def script() -> Script:
        for text in ("杭州", "今天", "晴。"):
            yield text
            yield shows(sandbox, stream, stream.text, "answer")

    write(app, stream, script())
    card = stored(sandbox, stream)
    assert card.texts("answer") == ["杭州", "杭州今天", "杭州今天晴。"]
    assert [state.status for state in card.states] == ["processing", "inputting", "inputting", "finished"]
    assert all(state.params["title"] == "回答" for state in card.states)
    assert len(bodies(sandbox, CREATION)) == 1
    sent = bodies(sandbox, STREAMING)
    assert [each["isFinalize"] for each in sent] == [False, False, True]
    assert all(each["isFull"] and not each["isError"] for each in sent)
    assert len({each["guid"] for each in sent}) == len(sent)
    assert (stream.mode, stream.problem, stream.updates) == ("stream", None, 3)
    assert stream.card is not None
    stream.card.update({"title": "答完了"})
    assert card.params == {"title": "答完了", "answer": "杭州今天晴。"}


def test_one_piece_makes_a_card_that_is_complete(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write
) -> None:
    stream = Card.stream(template, TO)
    write(app, stream, ["好"])
    assert [(state.params["content"], state.status) for state in stored(sandbox, stream).states] == [
        ("好", "processing"),
        ("好", "finished"),
    ]


@pytest.mark.parametrize("nothing", [[], ["", ""]], ids=["no piece", "empty pieces"])
def test_without_a_text_nothing_is_sent(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write, nothing: list[str]
) -> None:
    stream = Card.stream(template, TO)
    write(app, stream, nothing)
    assert [*sandbox.cards] == sandbox.calls == []


def test_a_placeholder_is_there_from_the_start(app: DingTalkApp, sandbox: Sandbox, template: str, write: Write) -> None:
    stream = Card.stream(template, TO, placeholder="思考中…", interval=0.01)
    write(app, stream, [shows(sandbox, stream, "思考中…"), "答", shows(sandbox, stream, "答"), "案"])
    assert stored(sandbox, stream).texts("content") == ["思考中…", "答", "答案"]
    idle = Card.stream(template, TO, placeholder="思考中…")
    write(app, idle, [shows(sandbox, idle, "思考中…")])
    assert (stored(sandbox, idle).texts("content"), stored(sandbox, idle).status) == (["思考中…"], "finished")


def test_a_first_text_beyond_a_parameter_is_shown_as_far_as_it_goes(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write
) -> None:
    stream = Card.stream(template, TO)
    write(app, stream, ["长" * 5000])
    first, last = stored(sandbox, stream).texts("content")
    assert first == "长" * 340 + "…"
    assert last == "长" * 5000


# How often


def test_updates_are_bounded_however_many_pieces_there_are(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write
) -> None:
    stream = Card.stream(template, TO, interval=0.05)
    pieces = [f"{number} " for number in range(2000)]
    began = time.monotonic()
    write(app, stream, pieces)
    elapsed = time.monotonic() - began
    card = stored(sandbox, stream)
    assert card.params["content"] == "".join(pieces)
    assert stream.updates == len(bodies(sandbox, STREAMING)) <= elapsed / 0.05 + 2
    texts = card.texts("content")
    assert all(after.startswith(before.removesuffix("…")) for before, after in itertools.pairwise(texts))


class Counting(RequestsTransport):
    """Counts the requests that are under way at the same time."""

    def __init__(self) -> None:
        super().__init__((5, 15))
        self.lock, self.now, self.most = threading.Lock(), 0, 0

    def send(self, request: HttpRequest) -> HttpResponse:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return super().send(request)
        finally:
            with self.lock:
                self.now -= 1


def more_calls(sandbox: Sandbox) -> Callable[[], bool]:
    """Whether there are more calls than now."""
    seen = len(sandbox.calls)
    return lambda: len(sandbox.calls) > seen


def test_one_update_is_under_way_at_a_time(sandbox: Sandbox, template: str) -> None:
    transport = Counting()
    with sandbox.app(transport=transport) as app:
        stream = Card.stream(template, TO, interval=0.0)
        sandbox.fail(STREAMING, times=3, delay=0.1)
        with stream as card:
            for number in range(200):
                shown = more_calls(sandbox)
                card.write(f"{number} ")
                if number % 50 == 0:
                    until(shown)
        assert transport.most == 1
        assert stored(sandbox, stream).params["content"] == card.text
        app.close()


def test_a_slow_platform_never_delays_a_piece(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    stream = Card.stream(template, TO, interval=0.0)
    with stream as card:
        card.write("一")
        until(shows(sandbox, stream, "一"))
        fault = sandbox.fail(STREAMING, times=1, delay=5.0)
        card.write("二")
        until(lambda: fault.remaining == 0)
        began = time.monotonic()
        for _ in range(1000):
            card.write("三")
        assert time.monotonic() - began < 2.0
        sandbox.stop()  # cuts the slow answer off
        sandbox.start()
        app.api_url = app.oapi_url = sandbox.url
    assert stored(sandbox, stream).params["content"] == "一二" + "三" * 1000


def test_many_cards_share_the_limit_of_the_platform() -> None:
    with Sandbox(qps=20) as sandbox, sandbox.app() as app:
        template = sandbox.cards.add_template()
        streams = [CardsOf(app, template) for _ in range(6)]
        with ThreadPoolExecutor(len(streams)) as pool:
            texts = [*pool.map(CardsOf.write, streams)]
        for stream, text in zip(streams, texts, strict=True):
            card = stored(sandbox, stream.stream)
            assert (card.params["content"], card.status, stream.stream.mode) == (text, "finished", "stream")
        assert [call for call in sandbox.received(STREAMING) if call.status != 200] == []
        app.close()


class CardsOf:
    """An answer in a thread of its own."""

    def __init__(self, app: DingTalkApp, template: str) -> None:
        self.stream = app.message.cards.stream(template, TO, interval=0.02)

    def write(self) -> str:
        with self.stream as card:
            for number in range(60):
                card.write(f"{number} ")
                time.sleep(0.01)
        return card.text


def test_a_refused_update_is_merged_into_the_next(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write
) -> None:
    stream = Card.stream(template, TO, interval=0.0)

    def script() -> Iterator[str | Callable[[], bool]]:
        yield from growing(sandbox, stream, ["一", "二"])
        sandbox.fail(STREAMING, code="Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
        yield "三"
        yield lambda: isinstance(stream.problem, errors.RateLimited)
        yield "四"
        yield shows(sandbox, stream, "一二三四")

    write(app, stream, script())
    assert stored(sandbox, stream).texts("content") == ["一", "一二", "一二三四"]
    assert (stored(sandbox, stream).status, stream.mode) == ("finished", "stream")


@pytest.mark.parametrize("lost", [(path, drop) for path in (CREATION, STREAMING) for drop in ("before", "after")])
def test_a_lost_connection_loses_nothing(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write, lost: tuple[str, Any]
) -> None:
    stream = Card.stream(template, TO, interval=0.0)
    sandbox.fail(lost[0], drop=lost[1])
    write(app, stream, [*growing(sandbox, stream, ["一", "二"])])
    texts = stored(sandbox, stream).texts("content")
    assert (texts[0], texts[-1], "" in texts) == ("一", "一二", False)
    assert (stored(sandbox, stream).status, stream.mode) == ("finished", "stream")
    assert len(stored(sandbox, stream).delivered) == 1


@pytest.mark.parametrize("how", [{"drop": "after"}, {"status": 502}, {"code": "system.busy"}])
def test_the_end_is_told_again_until_it_is_heard(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write, how: Any
) -> None:
    stream = Card.stream(template, TO)

    def script() -> Iterator[str | Callable[[], bool]]:
        yield from growing(sandbox, stream, ["一"])
        sandbox.fail(STREAMING, **how)

    write(app, stream, script())
    ends = bodies(sandbox, STREAMING)
    assert len(ends) == 2
    assert ends[0] == ends[1]  # with one guid: the platform takes it for one call
    assert stored(sandbox, stream).status == "finished"


def test_a_token_that_expires_meanwhile_is_renewed(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write
) -> None:
    stream = Card.stream(template, TO, interval=0.0)

    def script() -> Script:
        yield from growing(sandbox, stream, ["一", "二"])
        sandbox.revoke_tokens()
        yield "三"
        yield shows(sandbox, stream, "一二三")

    write(app, stream, script())
    assert (stream.mode, stream.problem, stored(sandbox, stream).status) == ("stream", None, "finished")


# How it ends


class Broken(Exception):
    """An error of the model."""


@pytest.mark.parametrize("kind", [Broken, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_error_inside_is_shown_and_raised(
    app: DingTalkApp, sandbox: Sandbox, template: str, kind: type[BaseException]
) -> None:
    stream = Card.stream(template, TO)

    def script() -> Iterator[str | Callable[[], bool]]:
        yield from growing(sandbox, stream, ["半个答"])
        yield "案"
        raise kind

    with pytest.raises(kind):
        on_threads(app, stream, script())
    assert (stored(sandbox, stream).params["content"], stored(sandbox, stream).status) == ("半个答案", "failed")


def test_an_error_before_the_first_piece_makes_no_card(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write
) -> None:
    with pytest.raises(Broken):
        write(app, Card.stream(template, TO), _broken())
    assert sandbox.calls == []


def test_a_cancelled_task_ends_its_card(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    stream = Card.stream(template, TO)
    endings = vars(card_stream)["_endings"]

    async def answer() -> None:
        async with stream as card:
            await card.write.aio("半个")
            await asyncio.Event().wait()

    async def run() -> None:
        task = asyncio.create_task(answer())
        await until_async(shows(sandbox, stream, "半个"))
        slow = sandbox.fail(STREAMING, delay=0.2)
        task.cancel()
        await until_async(lambda: not slow.remaining)
        task.cancel()  # once more, while it is ending
        with pytest.raises(asyncio.CancelledError):
            await task
        await until_async(lambda: not endings.has(stream))
        await app.aclose()

    asyncio.run(run())
    assert (stored(sandbox, stream).params["content"], stored(sandbox, stream).status) == ("半个", "failed")


def test_a_loop_that_ends_ends_its_cards(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    stream = Card.stream(template, TO)

    async def answer() -> None:
        async with stream as card:
            card.write("半个")  # without await: it does not block
            await asyncio.Event().wait()

    async def run() -> None:
        task = asyncio.create_task(answer())
        await until_async(shows(sandbox, stream, "半个"))
        del task

    asyncio.run(run())
    assert stored(sandbox, stream).status == "failed"
    assert [call.path for call in sandbox.calls if "robot" in call.path] == [], "no message beside the card"
    asyncio.run(app.aclose())
    gc.collect()


class EndsThread(RequestsTransport):
    """Ends the thread that creates a card, when the platform has made it and before the reply is read."""

    def send(self, request: HttpRequest) -> HttpResponse:
        response = super().send(request)
        if CREATION in request.url and not self.ended.is_set():
            self.ended.set()
            raise SystemExit
        return response

    ended = threading.Event()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the thread shall end so
def test_a_creation_that_an_exit_interrupts_is_remembered(sandbox: Sandbox, template: str) -> None:
    with sandbox.app(transport=EndsThread((5, 15))) as app, Card.stream(template, TO) as card:
        card.write("半个")
        assert EndsThread.ended.wait(20)
    assert (stored(sandbox, card).params["content"], stored(sandbox, card).status) == ("半个", "finished")
    assert [call.path for call in sandbox.calls if "robot" in call.path] == [], "no message beside the card"
    for thread in threading.enumerate():
        if thread.name == "dingtalk-refresh":
            thread.join()  # its end is told to this test, and not to the next
    app.close()


def test_who_stays_silent_for_too_long_is_said_to_have_failed(
    app: DingTalkApp, sandbox: Sandbox, template: str, write: Write
) -> None:
    stream = Card.stream(template, TO, timeout=0.3)

    def script() -> Script:
        yield from growing(sandbox, stream, ["半个"])
        yield lambda: stored(sandbox, stream).status == "failed"
        yield "答案"

    write(app, stream, script())
    assert stored(sandbox, stream).texts("content") == ["半个"]
    assert sandbox.conversation("zhaolei").texts[-1] == (None, "半个答案")
    assert stream.mode == "message"


# Threads and processes


def test_threads_write_to_one_card(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    stream = Card.stream(template, TO, interval=0.01)
    with stream as card, ThreadPoolExecutor(8) as pool:

        def write(n: int) -> None:
            for i in range(100):
                card.write(f"<{n}.{i}>")

        assert [*pool.map(write, range(8))] == [None] * 8
    text = stored(sandbox, stream).params["content"]
    assert text == card.text
    pieces = text.removeprefix("<").removesuffix(">").split("><")
    for n in range(8):
        assert [each for each in pieces if each.startswith(f"{n}.")] == [f"{n}.{i}" for i in range(100)]


def test_a_blocking_card_on_a_loop_works_where_that_is_allowed(sandbox: Sandbox, template: str) -> None:
    app = sandbox.app(blocking_on_loop=True)
    stream = app.message.cards.stream(template, TO)

    async def run() -> None:
        with stream as card:
            card.write("一")
            await asyncio.sleep(0)
            card.write("二")

    asyncio.run(run())
    app.close()
    assert (stored(sandbox, stream).params["content"], stored(sandbox, stream).status) == ("一二", "finished")


def test_a_forked_child_leaves_the_card_to_its_parent(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    stream = Card.stream(template, TO)
    child = 0
    with stream as card:
        card.write("一")
        until(shows(sandbox, stream, "一"))
        child = os.fork()
    if not child:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert [each["isFinalize"] for each in bodies(sandbox, STREAMING)] == [True]


# Wrong use


def test_arguments_are_checked_at_once(app: DingTalkApp, sandbox: Sandbox) -> None:
    assert problems(Card.stream, "t", TO, card_param_map={"a": "x" * 1025}) == {
        "card_param_map.a": "should have at most 1024 bytes, has 1025"
    }
    assert problems(Card.stream, "", TO) == {"card_template_id": "may not be empty"}
    assert problems(Card.stream, "t", TO, interval=-1, timeout=0) == {
        "interval": "should not be negative",
        "timeout": "should be greater than 0",
    }
    assert problems(Card.stream, "t", GroupSpace("")) == {
        "to.0.GroupSpace.open_conversation_id": "String should have at least 1 character"
    }
    assert sandbox.calls == []


def test_a_card_is_written_inside_its_with(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    stream = Card.stream(template, TO)
    with pytest.raises(ConfigurationError, match="inside the `with`"):
        stream.write("太早")
    with stream as card:
        card.write("好")
        with pytest.raises(InvalidArgument):
            card.write("\ud83d")
        wrong: Any = card.write
        with pytest.raises(InvalidArgument):
            wrong(None)
    with pytest.raises(ConfigurationError, match="inside the `with`"):
        stream.write("太晚")
    with pytest.raises(ConfigurationError, match="one `with`"), stream:
        pass
    assert stored(sandbox, stream).params["content"] == "好"


def test_a_wrong_secret_is_an_error_at_the_end(sandbox: Sandbox, write: Write) -> None:
    with sandbox.app(appsecret="wrong") as app:
        stream = Card.stream("t", TO)
        with pytest.raises(errors.AuthenticationError):
            write(app, stream, ["一"])
        with pytest.raises(Broken):
            write(app, Card.stream("t", TO), _broken("一"))
        app.close()


def _broken(*pieces: str) -> Script:
    yield from pieces
    raise Broken


def test_the_app_is_the_one_in_use_when_the_card_is_made(sandbox: Sandbox, template: str) -> None:
    with sandbox.app() as app:
        stream: CardStream[Card] = Card.stream(template, TO)
    on_a_loop(app, stream, ["一"])
    assert stored(sandbox, stream).status == "finished"
    app.close()
