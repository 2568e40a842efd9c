"""An answer that grows on a card: shown from its first words on, updated as it grows, complete at the end.

One flow, the worker, makes the updates one after the other, on a thread or as a task: whatever was written meanwhile is
in the next one. What fails on the way loses nothing, since each update has the whole text. If the card cannot be
streamed, it is updated less often; if it cannot show the answer at all, the answer is sent as a message.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Refusal, operation
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.context import AppLike, current_app
from dingtalk_models.core.errors import (
    AlreadyExists,
    ApiError,
    ConfigurationError,
    DingTalkError,
    InvalidArgument,
    PlatformBusy,
    Problem,
    RateLimited,
    TransportError,
    may_have_acted,
)
from dingtalk_models.core.steps import Background, Flow, Promise, Sleep, Steps, Wait
from dingtalk_models.message.cards.fields import MAX_VALUE
from dingtalk_models.message.cards.text import beginning, parts
from dingtalk_models.process.endings import Endings
from dingtalk_models.process.turns import Turns

T = TypeVar("T")

logger = logging.getLogger("dingtalk_models")

Mode = Literal["stream", "update", "message"]

INTERVAL = 0.5
"""Seconds between two updates. The platform takes 20 calls a second of an app: those of ten answers at a time."""

FEWER = 4
"""How many times longer that is, if the card cannot be streamed."""

TIMEOUT = 300.0
"""Seconds without a piece after which the card says that the answer failed."""

CUT_SHORT = "（回答未完成）"

INPUTTING, FINISHED, FAILED = "2", "3", "5"
"""The states of an AI card, as the platform's own SDK sets them where it does not stream."""

_PATIENCE = 30.0
"""Seconds for which the end of an answer is tried."""

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0
_LONGEST_REST = 3600.0

_MESSAGE = 14_000
"""The bytes that a message may have, as JSON: a robot's parameters have 15,000, with what is around the text."""

_TOO_LARGE = "param.stream.content"

_TEMPORARY = (TransportError, PlatformBusy, RateLimited)


C = TypeVar("C")
"""The card."""


@dataclass(frozen=True, slots=True)
class StreamCalls(Generic[C]):
    """The calls of a card that grows.

    Attributes:
        create: creates and delivers it, with its first text.
        known: the card, if it turns out to be there already.
        stream: streams a text to it, with an id of the call; says whether it is complete, and whether it failed.
        update: updates it with a text and a state, if it cannot be streamed.
        say: sends a text as a message, if the card cannot show it.
    """

    create: Callable[[str], Call[C]]
    known: Callable[[], C]
    stream: Callable[[str, str, bool, bool], Call[None]]
    update: Callable[[str, str], Call[None]]
    say: Callable[[str], Steps[object]]


class CardStream(Generic[C]):
    """An answer that grows on a card: `with Card.stream(template_id, RobotSpace("user1")) as card: card.write("…")`.

    It works with `with` and with `async with`. `write` never waits for the platform: `card.write(piece)` and
    `await card.write.aio(piece)` do the same in both.

    Args:
        app: the app that sends it; `None` for the app in use.
        out_track_id: the id of the card.
        calls: the calls that it makes.
        interval: seconds between two updates.
        timeout: seconds without a piece after which the card says that the answer failed.
        placeholder: what the card shows before the first piece. Without it, the first piece creates the card.
        cut_short: what is added to an answer that failed, where the card itself cannot say so.

    Attributes:
        card: the card, once it is there.
        mode: `stream`; `update` if the card cannot be streamed: then there are fewer updates; `message` if the card
            cannot show the answer: then it is sent as a message at the end.
        problem: the last error of an update: why there are fewer of them, or none.
        updates: how many updates were accepted, without the creation.
    """

    def __init__(
        self,
        app: AppLike | None,
        out_track_id: str,
        calls: StreamCalls[C],
        *,
        interval: float = INTERVAL,
        timeout: float = TIMEOUT,
        placeholder: str | None = None,
        cut_short: str = CUT_SHORT,
    ) -> None:
        wrong = [
            *([] if interval >= 0 else [Problem("interval", "should not be negative / 不能为负数")]),
            *([] if timeout > 0 else [Problem("timeout", "should be greater than 0 / 须大于 0")]),
        ]
        if wrong:
            raise InvalidArgument("CardStream", wrong)
        calls.create(beginning(placeholder or "", MAX_VALUE))  # a wrong argument raises here, and not in the worker
        self.app = app or current_app()
        self.out_track_id = out_track_id
        self.card: C | None = None
        self.mode: Mode = "stream"
        self.problem: DingTalkError | None = None
        self.updates = 0
        self._calls = calls
        self._interval, self._timeout = interval, timeout
        self._placeholder, self._cut_short = placeholder or "", cut_short
        self._turns = Turns()
        self._pieces: list[str] = []
        self._shown = ""
        self._may_be_there = False
        self._streams = True
        self._closed = False
        self._due = 0.0
        self._wait = _FIRST_WAIT
        self._written = 0.0
        self._pid = 0
        self._worker = 0
        self._wake = Promise[None]()
        self._stop = Promise[None]()
        self._ended = Promise[None]()
        self._ending: Promise[None] | None = None
        self._fault: Exception | None = None

    @property
    def text(self) -> str:
        """Everything that was written so far."""
        return "".join(self._pieces)

    @operation
    def write(self, piece: str) -> Flow[None]:
        """Add a piece to the answer.

        Args:
            piece: the next part of the text.

        Raises:
            ConfigurationError: the answer has ended, or has not begun.
        """
        try:
            piece.encode()
        except UnicodeEncodeError:
            raise Refusal("piece", "half of a surrogate pair / 含有不成对的代理字符") from None
        return self._add(piece)

    def _add(self, piece: str) -> Flow[None]:
        with self._turns:
            if not self._pid or self._stop.is_kept():
                raise ConfigurationError("write inside the `with` of the card / 请在卡片的 with 语句内调用 write")
            self._pieces.append(piece)
            self._written = monotonic()
            self._wake.keep(None)
        yield Sleep(0)  # other tasks run too, even if pieces come without a pause

    # -- begin and end ----------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.app.driver.check_loop("async with … as card")  # here, and not at its end
        self.app.driver.run(self._begin())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_here():
            try:
                self.app.driver.run(self._end(failed=error is not None))
            except DingTalkError as lost:
                self._tell(lost, error)

    async def __aenter__(self) -> Self:
        await self.app.async_driver.run(self._begin())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_here():
            from dingtalk_models.process.in_thread import shielded  # noqa: PLC0415 - asyncio is slow to import

            try:
                await shielded(self.app.async_driver.run(self._end(failed=error is not None)))
            except DingTalkError as lost:
                self._tell(lost, error)

    def _begin(self) -> Flow[None]:
        if self._pid:
            raise ConfigurationError("a card has one `with` / 每张卡片只能用于一个 with 语句")
        self._pid, self._written = os.getpid(), monotonic()
        _endings.add(self)
        yield Background(self._work)

    def _is_here(self) -> bool:
        """Whether this process began it: a process that was forked inside the `with` leaves it alone."""
        return self._pid == os.getpid()

    def _tell(self, lost: DingTalkError, error: BaseException | None) -> None:
        """Raise the error that the end had; after an error of the caller's own, log it, so that theirs counts."""
        if error is None:
            raise lost
        logger.error("card %s: the answer is not complete", self.out_track_id, exc_info=lost)

    def end_at_exit(self) -> None:
        """End it because the process ends: the card says that the answer failed."""
        if self._ending is not None:
            self.app.driver.run(Wait(self._ending, 0, _PATIENCE))  # another thread is ending it
        if _endings.has(self):
            self.app.driver.run(self._end(failed=True))

    # -- the worker -------------------------------------------------------------------------------------------------

    def _work(self) -> Flow[None]:
        self._worker = threading.get_ident()
        try:
            while not (self._stop.is_kept() or self._closed):
                yield from self._rest()
                if not self._stop.is_kept():
                    yield from self._step()
        except Exception as error:  # noqa: BLE001 - raised at the end
            self._fault = error
        finally:
            self._ended.keep(None)

    def _rest(self) -> Flow[None]:
        """Wait until there is something to show, and until it may be shown."""
        while not self._stop.is_kept():
            with self._turns:
                if self._stop.is_kept():  # it came since the look at it, and woke nobody
                    return
                self._wake = wake = Promise[None]()
            now, news = monotonic(), self._has_news()
            if (news and now >= self._due) or self._has_expired(now):
                return
            until = now + _LONGEST_REST if self.card is None else self._written + self._timeout
            # while news wait for their turn, further pieces need not wake the worker
            yield from Wait(self._stop if news else wake, 0, (min(self._due, until) if news else until) - now)

    def _has_news(self) -> bool:
        text = self.text or self._placeholder
        return self.mode != "message" and bool(text) and self._showable(text) != self._shown

    def _has_expired(self, now: float) -> bool:
        return self.card is not None and now >= self._written + self._timeout

    def _showable(self, text: str) -> str:
        """As much of a text as the card can show."""
        return text if self.mode == "stream" and self.card is not None else beginning(text, MAX_VALUE)

    def _step(self) -> Flow[None]:
        began = monotonic()
        if self._has_expired(began):
            # no more is expected; what still comes is sent as a message
            logger.warning("card %s: nothing was written for %s s", self.out_track_id, self._timeout)
            yield from self._close(self.text or self._placeholder, failed=True)
            self.mode = "message"
            return
        try:
            yield from self._show(self.text or self._placeholder)
        except _TEMPORARY as error:
            self.problem = error
            self._due = monotonic() + _pause(self._wait, error)
            self._wait = min(2 * self._wait, _LONGEST_WAIT)
        except DingTalkError as error:
            self._fall(error)
        else:
            self._wait = _FIRST_WAIT
            self._due = began + self._interval * (1 if self.mode == "stream" else FEWER)

    # -- what is shown ----------------------------------------------------------------------------------------------

    def _show(self, text: str) -> Flow[None]:
        """Show a text, in the present mode. Each call is made once: if it fails, the next one has the text too."""
        shown = self._showable(text)
        if self.card is None:
            shown = yield from self._create(shown)
        elif self.mode == "stream":
            yield from self._calls.stream(shown, str(uuid.uuid4()), False, False).once()
            self.updates += 1
        else:
            yield from self._calls.update(shown, INPUTTING).once()
            self.updates += 1
        self._shown = shown

    def _create(self, shown: str) -> Flow[str]:
        """Create the card; returns what it shows, or nothing if that is not known."""
        try:
            card = yield from self._calls.create(shown)
        except AlreadyExists:
            if not self._may_be_there:
                raise
            card, shown = self._calls.known(), ""  # an attempt whose reply was lost has made it, with another text
        except BaseException as error:
            self._may_be_there |= may_have_acted(error)
            raise
        self.card = card
        return shown

    def _fall(self, error: DingTalkError, to: Mode = "update") -> None:
        """Go on in another mode."""
        self.problem = error
        if self.card is None or self.mode == "update" or _code(error) == _TOO_LARGE:
            to = "message"
        else:
            self._streams = False
        self.mode = to
        goes_on = "with fewer updates" if to == "update" else "with a message at the end"
        logger.warning("card %s goes on %s: %s", self.out_track_id, goes_on, str(error).partition("\n")[0])

    # -- the end ----------------------------------------------------------------------------------------------------

    def _end(self, *, failed: bool) -> Flow[None]:
        self._ending = ending = Promise[None]()
        with self._turns:
            self._stop.keep(None)
            self._wake.keep(None)
        try:
            yield from Wait(self._ended, self._worker, 2 * _PATIENCE)
            yield from self._complete(failed=failed)
        except Exception:
            _endings.discard(self)
            raise
        else:
            _endings.discard(self)  # not if it was cancelled: then it is ended at the exit of the process
        finally:
            ending.keep(None)
        if self._fault is not None:
            raise self._fault

    def _complete(self, *, failed: bool) -> Flow[None]:
        text = self.text
        if self.card is None and self.mode != "message" and (text or self._may_be_there):
            try:
                yield from self._patiently(lambda: self._show(text or self._placeholder))
            except DingTalkError as error:
                self._fall(error)
        if self.card is not None and not self._closed:
            yield from self._close(text or self._placeholder, failed=failed)
        if text and self._shown != text:
            for part in parts(text + self._cut_short if failed else text, _MESSAGE):
                yield from self._calls.say(part)
            self._shown = text

    def _close(self, text: str, *, failed: bool) -> Flow[None]:
        """Tell the card that this is the end: by streaming, or else by an update."""
        if self._streams:
            # a text that is too large leaves the card with what it shows, if that is known
            for whole in filter(None, (text, self._shown) if self.mode == "stream" else (self._shown,)):
                call = self._calls.stream(whole, str(uuid.uuid4()), not failed, failed)
                try:
                    yield from self._patiently(call.__iter__)
                except DingTalkError as error:
                    self._fall(error)
                    if _code(error) != _TOO_LARGE:
                        break
                else:
                    self._now_shows(whole)
                    return
        said = text
        if failed:
            said, self._shown = text + self._cut_short, ""  # if the card cannot tell it, the message does
        shown = beginning(said, MAX_VALUE)
        try:
            yield from self._patiently(self._calls.update(shown, FAILED if failed else FINISHED).__iter__)
        except DingTalkError as error:
            self._fall(error, "message")
            self._closed = True
        else:
            self._now_shows(text if shown == said else shown)

    def _now_shows(self, text: str) -> None:
        self._shown, self._closed = text, True
        self.updates += 1

    @staticmethod
    def _patiently(make: Callable[[], Flow[T]]) -> Flow[T]:
        """Make calls that no later call repeats: again after a temporary error."""
        until, before = monotonic() + _PATIENCE, _FIRST_WAIT
        while True:
            try:
                return (yield from make())
            except _TEMPORARY as error:
                pause = _pause(before, error)
                if monotonic() + pause > until:
                    raise
                yield Sleep(pause)
                before = min(2 * before, _LONGEST_WAIT)

    def __repr__(self) -> str:
        return f"<CardStream {self.out_track_id} {self.mode}, {self.updates} updates>"


def _pause(before: float, error: DingTalkError) -> float:
    """The seconds until a call is made again, which are longer if the platform asks for it."""
    return max(before, getattr(error, "retry_after", None) or 0.0)


def _code(error: DingTalkError) -> str | None:
    return error.cause if isinstance(error, ApiError) else None


_endings = Endings[CardStream[Any]](lambda stream: stream.end_at_exit())
