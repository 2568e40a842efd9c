"""Limits that several processes share. Their state is in the session store, and is changed by scripts there."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from importlib.resources import files
from itertools import repeat
from typing import Literal

from dingtalk_models.call.limits.permit_queue import LONGEST_WAY, PATIENCE, LocalPermitQueue, QueuePlace
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.codes import LONGEST_BAN
from dingtalk_models.core.errors import SessionStoreError
from dingtalk_models.process.forking import after_fork
from dingtalk_models.sessions import Session
from dingtalk_models.sessions.base import RETRY_AFTER

_TICKS = 10_000
"""Ticks in a second: the script counts time in ticks."""

logger = logging.getLogger("dingtalk_models")


class SharedStore:
    """A session store that runs scripts. After a failure, it is tried again only every few seconds."""

    def __init__(self, session: Session) -> None:
        self._scripts = {name: session.script(_text(name)) for name in ("permit_queue", "quota")}
        self._ask_again_at = 0.0

    def queue(self, calls: int, key: str) -> SharedPermitQueue:
        """The queue of one limit, with its state under a key."""
        return SharedPermitQueue(calls, self, key)

    def run(self, name: Literal["permit_queue", "quota"], key: str, *arguments: str | int) -> list[int] | None:
        """Run a script. Returns `None` while the store does not answer, so that no call fails because of it."""
        out, now = self._ask_again_at, monotonic()
        if out and now < out:
            return None
        if out:
            self._ask_again_at = now + RETRY_AFTER  # this caller asks; hardly any other waits for it
        try:
            answer = self._scripts[name](key, *arguments)
        except SessionStoreError as error:
            if not out:
                logger.warning("%s; the rate limit is kept by this process alone until it answers again", error)
            self._ask_again_at = monotonic() + RETRY_AFTER
            return None
        self._ask_again_at = 0.0
        return answer


class SharedPermitQueue:
    """The queue for the calls of all processes that share a session store.

    While the store does not answer, this process has a queue of its own.
    """

    blocks = True

    def __init__(self, calls: int, store: SharedStore, key: str) -> None:
        self._alone = LocalPermitQueue(calls)
        self._store = store
        self._key = key
        self._limits = calls, *map(_ticks, (1.0, LONGEST_WAY, PATIENCE, LONGEST_BAN))
        self._ended: deque[tuple[int, float]] = deque()
        self.tickets: Iterator[int] = repeat(0)  # the store gives them, in the order of its clock
        after_fork(self, SharedPermitQueue._after_fork)

    def _after_fork(self) -> None:
        self._ended.clear()  # the parent reports them

    def ask(self, ticket: int = 0) -> QueuePlace:
        pairs: list[int] = []
        with suppress(IndexError):  # another caller has taken the last ones, and reports them
            while self._ended:
                ended, at = self._ended.popleft()
                pairs += ended, _ticks(monotonic() - at)
        answer = self._store.run("permit_queue", self._key, "ask", ticket, *self._limits, *pairs)
        if answer is None:
            return self._alone.ask()
        wait, ticket = answer
        return QueuePlace(self, ticket, wait / _TICKS)

    def end(self, ticket: int) -> None:
        # reported when this process asks next: a call that is cancelled or interrupted must not block here
        self._ended.append((ticket, monotonic()))

    def pause(self, seconds: float) -> None:
        self._alone.pause(seconds)
        self._store.run("permit_queue", self._key, "pause", _ticks(seconds), *self._limits)


def _ticks(seconds: float) -> int:
    return round(seconds * _TICKS)


def _text(name: str) -> str:
    return files("dingtalk_models.call.limits").joinpath(f"{name}.lua").read_text("utf-8")
