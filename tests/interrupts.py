"""Scenarios for the tests of interrupts, each in a process of its own, which has to end in time.

What comes from outside may come at any moment of a call: an exception, a call that a signal handler makes, the end of
something that the garbage collector finds. `Moments` brings it at a chosen moment, so that none is left out; signals of
the system bring it at random ones.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import json
import queue
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import urllib3.connectionpool
from stores import SOURCES

import dingtalk_models
from dingtalk_models import Department, DingTalkApp, DingTalkError, HttpRequest, RateLimit
from dingtalk_models.call.credential import Credential
from dingtalk_models.call.exchange import exchange
from dingtalk_models.call.limits.limiter import Permit
from dingtalk_models.call.limits.permit_queue import LONGEST_WAY, PATIENCE, LocalPermitQueue
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.call.transport.sending import POOL_SIZE
from dingtalk_models.core.steps import Blocking, Flow, Send, Sleep, Step

LONGEST = 40.0
"""Seconds after which a scenario hangs, and some for each interrupt: it ends then, and says where."""

READ = Department.objects.get.call(1)

LOCKING = (queue.__file__, threading.__file__, str(Path(dingtalk_models.__file__).parent))
POOL = urllib3.connectionpool.__file__


class Interrupt(BaseException):
    """An exception that comes from outside."""


class Moments:
    """The moments of some work, in the files of the package and of locks: wherever Python looks for signals.

    That is at the begin of a function, and when a function in C has returned.

    Args:
        work: the work.
        files: what the paths of the files begin with.
    """

    def __init__(self, work: Callable[[], object], files: tuple[str, ...] = LOCKING) -> None:
        self._work = work
        self._files = files

    def count(self) -> int:
        """How many moments it has, if nothing comes."""
        return self.bring(0, lambda: None)

    def bring(self, chosen: int, what: Callable[[], object]) -> int:
        """Do the work, and something else at the chosen moment; returns how many moments there were."""
        seen = 0

        def look(frame: FrameType, event: str, _: object) -> None:
            nonlocal seen
            if event in {"call", "c_return"} and frame.f_code.co_filename.startswith(self._files):
                seen += 1
                if seen == chosen:
                    sys.setprofile(None)
                    what()

        sys.setprofile(look)
        try:
            self._work()
        finally:
            sys.setprofile(None)
        return seen


def interrupt() -> None:
    raise Interrupt


def in_thread(work: Callable[[], object]) -> None:
    """Do something on another thread: that finds every lock that this one has kept."""
    errors: list[BaseException] = []

    def do() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


# -- the queue for permits -----------------------------------------------------------------------------------------


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def permits() -> None:
    """Whatever comes at whatever moment of a call: all permits come back, and no period has too many calls."""
    for calls in (1, 2):
        for waits in (False, True):
            moments = Moments(partial(_paced, LocalPermitQueue(calls), wait=waits)).count()
            for chosen in range(1, moments + 1):
                _interrupted(calls, chosen, wait=waits)
                _nested(calls, chosen, wait=waits)
    print(json.dumps({"moments": moments}))


def _paced(queue_: LocalPermitQueue, *, wait: bool) -> int:
    """A call, as the limiter makes it: with a permit, or with one that it did not get in time."""
    if wait:
        queue_.pause(0.5)
    permit = Permit(queue_)
    steps = permit.obtain(READ, time.monotonic() + 3600)
    try:
        for step in steps:
            assert isinstance(step, Sleep)
            return 0
        return 1
    finally:
        permit.give_back()


def _interrupted(calls: int, chosen: int, *, wait: bool) -> None:
    clock = Clock()
    queue_ = LocalPermitQueue(calls, clock=clock)
    for _ in range(calls + 1):
        with suppress(Interrupt):
            Moments(lambda: _paced(queue_, wait=wait)).bring(chosen, interrupt)
        clock.now += LONGEST_WAY + 1.1
    clock.now += PATIENCE
    in_thread(lambda: _all_are_there(queue_, calls, f"after an interrupt at moment {chosen}"))


def _all_are_there(queue_: LocalPermitQueue, calls: int, when: str) -> None:
    waits = [queue_.ask().wait for _ in range(calls)]
    assert waits == [0.0] * calls, f"{waits} {when}"
    assert queue_.ask().wait > 0


def _nested(calls: int, chosen: int, *, wait: bool) -> None:
    queue_ = LocalPermitQueue(calls, clock=Clock())
    sent = [0]

    def call() -> None:
        sent[0] += _paced(queue_, wait=False)

    def outer() -> None:
        sent[0] += _paced(queue_, wait=wait)

    Moments(outer).bring(chosen, call)
    assert sent[0] <= calls, f"{sent[0]} calls at once, of {calls}: a handler's came at moment {chosen}"
    in_thread(queue_.ask)


# -- the pool of connections ---------------------------------------------------------------------------------------


class Sender:
    """Asks an echo server for paths that nobody else asks for, and counts what came to the wrong one."""

    def __init__(self, url: str) -> None:
        self.transport = RequestsTransport((5.0, 5.0))
        self.done: Counter[str] = Counter()
        self._url = url
        self._numbers = count(1)

    def send(self) -> None:
        path = f"/{next(self._numbers)}"
        try:
            content = self.transport.send(HttpRequest("GET", self._url + path, {})).content
        except DingTalkError as error:
            self.done[str(error)] += 1
        else:
            self.done["crossed" if content.decode() != path else "answered"] += 1

    def all_is_well(self) -> None:
        before = self.done["answered"]
        for _ in range(2 * POOL_SIZE):
            in_thread(self.send)
        assert self.done["answered"] == before + 2 * POOL_SIZE, self.done
        assert not self.done["crossed"]


def pool(url: str) -> None:
    """An exception at each moment of a call in turn; the next caller is another thread."""
    sender = Sender(url)
    sender.send()
    moments = Moments(sender.send, (*LOCKING, POOL)).count()
    for chosen in range(1, moments + 1):
        with suppress(Interrupt):
            Moments(sender.send, (*LOCKING, POOL)).bring(chosen, interrupt)
        in_thread(sender.send)
    sender.all_is_well()
    sender.transport.close()
    print(json.dumps({"moments": moments, **sender.done}))


def signals(url: str, number: str) -> None:
    """Exceptions at random moments, by a signal."""
    sender, chance = Sender(url), random.Random(number)

    def raise_it(*_: object) -> None:
        raise Interrupt

    signal.signal(signal.SIGALRM, raise_it)
    came = 0
    while came < int(number):
        try:
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-5, 2e-3))
            for _ in range(20):  # an exception in a finalizer is ignored
                sender.send()
        except Interrupt:
            came += 1
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    _told(sender, came)


def raised(url: str, number: str) -> None:
    """Exceptions at random moments, by another thread."""
    sender, chance = Sender(url), random.Random(number)
    came, enough = 0, threading.Event()

    def send() -> None:
        nonlocal came
        while not enough.is_set():
            try:
                sender.send()
            except Interrupt:
                came += 1

    threading.excepthook = lambda _: None  # the last one comes when nobody expects it any more
    victim = threading.Thread(target=send)
    victim.start()
    while came < int(number):
        time.sleep(chance.uniform(1e-5, 2e-3))
        if not victim.is_alive():  # two came at once, and the second when the first was counted
            victim = threading.Thread(target=send)
            victim.start()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(victim.ident or 0), ctypes.py_object(Interrupt))
    enough.set()
    victim.join()
    _told(sender, came)


def _told(sender: Sender, came: int) -> None:
    sender.all_is_well()
    sender.transport.close()
    gc.collect()
    left = [each for each in Path("/proc/self/fd").iterdir() if each.is_symlink() and "socket:" in str(each.readlink())]
    assert not left, f"{len(left)} sockets are left"
    print(json.dumps({"interrupts": came, **sender.done}))


# -- whole calls ---------------------------------------------------------------------------------------------------


class App:
    """An app with a session store and limits. Its calls ask for what their results name."""

    def __init__(self, settings: str, kind: str, server: str) -> None:
        self.app = DingTalkApp(
            **json.loads(settings),
            session_manager=SOURCES[kind](lambda _: server, Path(server)),
            rate_limit=RateLimit(1000),
        )
        self.departments = [each.dept_id for each in self.app.contact.departments.list(1)]
        self.done: Counter[str] = Counter()
        self._numbers = count()

    def read(self) -> None:
        """One call."""
        asked = self.departments[next(self._numbers) % len(self.departments)]
        self._seen([asked], [self.app.contact.departments.get(asked)])

    def work(self) -> None:
        """A new token, one call, and two at once."""
        self.app.refresh_access_token()
        self.read()
        two = self.departments[:2]
        self._seen(two, self.app.gather([Department.objects.get.call(each) for each in two]))

    def _seen(self, asked: list[int], came: Sequence[Department | DingTalkError]) -> None:
        for one, other in zip(asked, came, strict=True):
            if isinstance(other, DingTalkError):
                raise other
            self.done["answered" if one == other.dept_id else "crossed"] += 1

    def abandoned(self) -> None:
        """Calls that are begun and left, so that the garbage collector ends them: one is sent, one gets a token."""
        for flow in (self._until(Send, exchange(self.app, READ)), self._until(Blocking, self._token_flow())):
            cycle: list[object] = [flow]
            cycle.append(cycle)
        del flow, cycle
        gc.collect()

    def _token_flow(self) -> Flow[Any]:
        credential = Credential(
            self.app.session, f"abandoned {next(self._numbers)}", vars(self.app.access_token_credential)["_fetch"]
        )
        return credential.force()

    @staticmethod
    def _until(kind: type[Step], flow: Flow[Any]) -> Flow[Any]:
        step = next(flow)
        while not isinstance(step, kind):
            assert not isinstance(step, Sleep)
            step = flow.send(step.work() if isinstance(step, Blocking) else None)
        return flow


def handler(settings: str, kind: str, server: str, most: str) -> None:
    """A signal handler that makes calls, at moments of calls in turn."""
    app = App(settings, kind, server)
    _at_moments(app, app.work, kind, int(most))


def collected(settings: str, kind: str, server: str, most: str) -> None:
    """The garbage collector ends calls that were left, at moments of calls in turn."""
    app = App(settings, kind, server)
    _at_moments(app, app.abandoned, kind, int(most))


def cut_off(settings: str, kind: str, server: str, most: str) -> None:
    """An exception at moments of calls in turn."""
    app = App(settings, kind, server)
    _at_moments(app, interrupt, kind, int(most))


def _at_moments(app: App, what: Callable[[], object], kind: str, most: int) -> None:
    app.work()
    moments, slowest = Moments(app.work).count(), 0.0
    chance = random.Random(f"{what.__name__} {kind}")
    for chosen in sorted(chance.sample(range(1, moments + 1), min(moments, most))):
        began = time.monotonic()
        with suppress(Interrupt, RuntimeError):  # `threading` makes that of an interrupt in its own `Condition`
            Moments(app.work).bring(chosen, what)
        in_thread(app.read)
        slowest = max(slowest, time.monotonic() - began)
    assert not app.done["crossed"]
    app.app.close()
    print(json.dumps({"moments": moments, "slowest": round(slowest, 2), **app.done}))


def main(scenario: str, *arguments: str) -> None:
    """Run a scenario. If it hangs, it says where."""
    sys.unraisablehook = lambda told: None if isinstance(told.exc_value, Interrupt) else sys.__unraisablehook__(told)
    many = max((int(each) for each in arguments if each.isdecimal()), default=0)
    faulthandler.dump_traceback_later(LONGEST + 0.3 * many, exit=True)
    globals()[scenario](*arguments)
    faulthandler.cancel_dump_traceback_later()
