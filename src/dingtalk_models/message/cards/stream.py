"""Shows an answer on a card while it grows, from the first words to the end.

One flow, the worker, sends the updates one after the other in a thread or task. Each update has the whole text so far,
so a failed one loses nothing: the next one includes it. If the card cannot be streamed, it is updated less often. If it
cannot show the answer at all, the answer is sent as a message at the end.
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
"""Seconds between two updates. The platform allows 20 calls a second per app, which is enough for ten answers."""

FEWER = 4
"""The factor by which the interval grows if the card cannot be streamed."""

TIMEOUT = 300.0
"""Seconds without a new piece after which the card shows that the answer failed."""

CUT_SHORT = "（回答未完成）"

INPUTTING, FINISHED, FAILED = "2", "3", "5"
"""The states of an AI card that is not streamed, as in the platform's SDK."""

_PATIENCE = 30.0
"""How many seconds to keep trying to show the end of an answer."""

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0
_LONGEST_REST = 3600.0

_MESSAGE = 14_000
"""The longest text of a message in bytes of JSON. A robot's parameters may have 15,000, including what surrounds it."""

_TOO_LARGE = "param.stream.content"

_TEMPORARY = (TransportError, PlatformBusy, RateLimited)


C = TypeVar("C")
"""The card."""


@dataclass(frozen=True, slots=True)
class StreamCalls(Generic[C]):
    """The calls for a growing card.

    Attributes:
        create: creates and delivers it with its first text.
        known: makes the object for a card that turns out to exist already.
        stream: streams a text to it. The other arguments are an id of the call, and whether it is complete or failed.
        update: updates it with a text and a state, if it cannot be streamed.
        say: sends a text as a message, if the card cannot show it.
    """

    create: Callable[[str], Call[C]]
    known: Callable[[], C]
    stream: Callable[[str, str, bool, bool], Call[None]]
    update: Callable[[str, str], Call[None]]
    say: Callable[[str], Steps[object]]


class CardStream(Generic[C]):
    """Shows an answer while it grows: `with Card.stream(template_id, RobotSpace("user1")) as card: card.write("…")`.

    It works with `with` and `async with`. `write` never waits for the platform; `card.write(piece)` and
    `await card.write.aio(piece)` do the same in both.

    Args:
        app: the app that sends it; `None` for the app in use.
        out_track_id: the id of the card.
        calls: the calls that it makes.
        interval: seconds between two updates.
        timeout: seconds without a new piece after which the card shows that the answer failed.
        placeholder: the text of the card before the first piece. Without it, the first piece creates the card.
        cut_short: the text added to a failed answer if the card itself cannot show that it failed.

    Attributes:
        card: the card, once it is created.
        mode: `stream`; or `update`, with fewer updates, if the card cannot be streamed; or `message`, with a message at
            the end, if the card cannot show the answer.
        problem: the last error of an update, which explains a change of mode.
        updates: the number of accepted updates, not counting the creation.
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
        calls.create(beginning(placeholder or "", MAX_VALUE))  # so that a wrong argument raises here
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
        """The whole text so far."""
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
        yield Sleep(0)  # lets other tasks run, even if pieces come without a pause

    # -- begin and end ----------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.app.driver.check_loop("async with … as card")  # fails here instead of at the end of the block
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
        """Whether this process began it. A process that was forked inside the `with` must not end the card."""
        return self._pid == os.getpid()

    def _tell(self, lost: DingTalkError, error: BaseException | None) -> None:
        """Raise an error of the end of the answer, or only log it if the caller's block has already raised another."""
        if error is None:
            raise lost
        logger.error("card %s: the answer is not complete", self.out_track_id, exc_info=lost)

    def end_at_exit(self) -> None:
        """Mark the answer as failed because the process ends."""
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
        """Wait until there is something new to show and the next update is due."""
        while not self._stop.is_kept():
            with self._turns:
                if self._stop.is_kept():  # set after the check above, when nobody waited for it yet
                    return
                self._wake = wake = Promise[None]()
            now, news = monotonic(), self._has_news()
            if (news and now >= self._due) or self._has_expired(now):
                return
            until = now + _LONGEST_REST if self.card is None else self._written + self._timeout
            # if there already is something to show, more pieces need not wake the worker before the update is due
            yield from Wait(self._stop if news else wake, 0, (min(self._due, until) if news else until) - now)

    def _has_news(self) -> bool:
        text = self.text or self._placeholder
        return self.mode != "message" and bool(text) and self._showable(text) != self._shown

    def _has_expired(self, now: float) -> bool:
        return self.card is not None and now >= self._written + self._timeout

    def _showable(self, text: str) -> str:
        """Return as much of a text as the card can show."""
        return text if self.mode == "stream" and self.card is not None else beginning(text, MAX_VALUE)

    def _step(self) -> Flow[None]:
        began = monotonic()
        if self._has_expired(began):
            # no more pieces are expected; if some still come, they are sent as a message
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
        """Show a text in the present mode. Each call is tried only once, because the next one has the text, too."""
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
        """Create the card, and return the text it shows; empty if that is unknown."""
        try:
            card = yield from self._calls.create(shown)
        except AlreadyExists:
            if not self._may_be_there:
                raise
            card, shown = self._calls.known(), ""  # an earlier try, whose reply was lost, created it with an older text
        except BaseException as error:
            self._may_be_there |= may_have_acted(error)
            raise
        self.card = card
        return shown

    def _fall(self, error: DingTalkError, to: Mode = "update") -> None:
        """Continue in another mode."""
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
            _endings.discard(self)  # after a cancellation it stays, and is ended when the process exits
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
        """Complete the card by streaming, or else by an update."""
        if self._streams:
            # if the text is too large, the card keeps the text it shows now, if that is known
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
            said, self._shown = text + self._cut_short, ""  # if this fails, a message has the whole text
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
        """Make a call again after temporary errors, for calls that no later update would repeat."""
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
    """Return the seconds before the next try: at least as many as the platform asks for."""
    return max(before, getattr(error, "retry_after", None) or 0.0)


def _code(error: DingTalkError) -> str | None:
    return error.cause if isinstance(error, ApiError) else None


_endings = Endings[CardStream[Any]](lambda stream: stream.end_at_exit())
