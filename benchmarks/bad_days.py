"""The worse days of the soak, each in a process of its own: `python -m benchmarks.bad_days KIND …`."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from dingtalk_models import Department, DingTalkApp, RateLimit, Retry
from dingtalk_models.call.exchange import exchange
from dingtalk_models.call.limits.permit_queue import LocalPermitQueue
from dingtalk_models.core.steps import Blocking, Flow, Step

PER_SECOND = 500
LATEST = 8.0
"""The deadline of the calls whose replies come slowly."""

SLACK = 4.0
"""Seconds beyond it that are counted as late: the machine is busy."""

SLOW = 1.0
"""Seconds after which a call has had a slow reply."""

PATIENCE = 60
"""Seconds after the end of the soak when a process that has not ended hangs. It says where."""


class Interrupt(BaseException):
    """An exception that comes from outside."""


class Day:
    """One of the processes, seen from the soak."""

    def __init__(self, kind: str, command: list[str], until: float) -> None:
        self.kind = kind
        self._until = until
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.figures: dict[str, Any] = {}

    @property
    def bad(self) -> bool:
        """Whether something went wrong."""
        return any(self.figures.get(what) for what in ("hung", "crossed", "late", "permits lost", "sockets left"))

    def end(self) -> dict[str, Any]:
        """Wait for its end; returns what it has seen of the calls."""
        try:
            told = json.loads(self._process.communicate(timeout=max(1.0, self._until - time.monotonic()))[0])
        except (subprocess.TimeoutExpired, ValueError):
            self._process.kill()
            self._process.communicate()
            self.figures = {"hung": 1}
            return {"counts": {}, "claimed": []}
        seen: dict[str, Any] = told["seen"]
        whole = seen["counts"]
        own = {what: whole.pop(what) for what in ("raised", "handled", "collected", "slow", "late") if what in whole}
        self.figures = {"calls": whole["calls"], **own, "crossed": whole.get("crossed", 0), "hung": 0, **told["left"]}
        return seen


def begin(settings: dict[str, Any], minutes: float, seed: str) -> list[Day]:
    """Start them."""
    until = time.monotonic() + 60 * minutes + PATIENCE + 10
    command = [sys.executable, "-m", "benchmarks.bad_days"]
    rest = [str(minutes), seed, json.dumps(settings)]
    return [Day(kind, [*command, kind, *rest], until) for kind in ("raise", "call", "collect", "drip")]


class Process:
    """One of the processes, from inside."""

    def __init__(self, kind: str, minutes: float, seed: str, settings: dict[str, Any]) -> None:
        from benchmarks import soak  # noqa: PLC0415 - which imports this

        departments, url, dripping = settings.pop("departments"), settings.pop("url"), settings.pop("dripping")
        self.kind = kind
        self.end = time.monotonic() + 60 * minutes
        self.tally = soak.Tally()
        self.chance = random.Random(f"{seed} {kind}")
        where = dripping if kind == "drip" else url
        self.app = DingTalkApp(
            **settings,
            oapi_url=where,
            api_url=where,
            rate_limit=RateLimit(200 * PER_SECOND if kind == "collect" else PER_SECOND),
            retry=Retry(attempts=4, first_wait=0.02, longest_wait=0.2, deadline=LATEST),
            timeout=(2, 2) if kind == "drip" else (5, 5),
        )
        self._numbers = iter(range(1000))
        self._seed, self._departments, self._caller = seed, departments, soak.Caller
        self.sockets = soak.sockets
        self.call = self.caller().call
        self._begin()
        self.before = self.sockets()

    def _begin(self) -> None:
        """Make a call of each kind: what is compiled on first use turns an interrupt into an error of its own."""
        while len(self.tally.claimed) < 1 or self.tally.counts["calls"] < 20:
            self.call()

    def caller(self) -> Any:
        """A caller with chances of its own."""
        return self._caller(self.app, self._departments, self.tally, f"{self._seed}/{self.kind}/{next(self._numbers)}")

    def run(self) -> None:
        """Have such a day."""
        ways: dict[str, Callable[[], None]] = {
            "raise": self.interrupted,
            "call": self.handling,
            "collect": self.collecting,
            "drip": self.dripped,
        }
        ways[self.kind]()
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        after = [threading.Thread(target=self.caller().call) for _ in range(20)]
        for thread in after:
            thread.start()
        for thread in after:
            thread.join()
        time.sleep(4)  # until every permit has rested, and who died in the queue is forgotten
        lost = sum(self._lost(each) for each in vars(self.app.limiter)["_queues"].values())
        self.app.close()
        gc.collect()
        left = {"permits lost": lost, "sockets left": max(0, self.sockets() - self.before)}
        print(json.dumps({"seen": self.tally.told(), "left": left}), flush=True)

    def _lost(self, queue: LocalPermitQueue) -> int:
        calls = int(vars(queue)["_calls"])
        free = sum(queue.ask().wait == 0 for _ in range(calls))
        return calls - free

    def interrupted(self) -> None:
        """A signal handler that raises."""

        def handle(*_: object) -> None:
            raise Interrupt

        signal.signal(signal.SIGALRM, handle)
        while True:
            try:
                while time.monotonic() < self.end:
                    signal.setitimer(signal.ITIMER_REAL, self.chance.uniform(1e-5, 3e-2))
                    for _ in range(20):  # one that comes in a finalizer is ignored
                        self.call()
                    if not self.chance.randrange(20):
                        self.app.refresh_access_token()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except (Interrupt, RuntimeError):  # `threading` makes the latter of one in a condition of its own
                self.tally.add("raised")
            else:
                return

    def handling(self) -> None:
        """A signal handler that makes calls, also several at once."""
        other, three = self.caller().call, [Department.objects.get.call(each) for each in self._departments[:3]]

        def handle(*_: object) -> None:
            other()
            if not self.chance.randrange(10):
                self.app.gather(three)
            self.tally.add("handled")
            signal.setitimer(signal.ITIMER_REAL, self.chance.uniform(1e-4, 2e-2))

        signal.signal(signal.SIGALRM, handle)
        handle()
        while time.monotonic() < self.end:
            self.call()
            if not self.chance.randrange(50):
                self.app.gather(three)

    def collecting(self) -> None:
        """The garbage collector ends calls that were left, inside of every lock."""
        read = Department.objects.get.call(1)

        def look(_: object, event: str, what: object) -> None:
            if event == "c_return" and getattr(what, "__name__", "") == "acquire":
                cycle: list[object] = [_begun(exchange(self.app, read))]
                cycle.append(cycle)
                del cycle
                gc.collect(0)
                self.tally.add("collected")

        def work() -> None:
            call = self.caller().call
            sys.setprofile(look)
            while time.monotonic() < self.end:
                call()
            sys.setprofile(None)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def dripped(self) -> None:
        """Replies that come a byte per half second: each call ends with its deadline."""

        def work() -> None:
            call = self.caller().call
            while (began := time.monotonic()) < self.end:
                call()
                self._note(time.monotonic() - began)

        async def task() -> None:
            call = self.caller().acall
            while (began := time.monotonic()) < self.end:
                await call()
                self._note(time.monotonic() - began)

        async def tasks() -> None:
            await asyncio.gather(*(task() for _ in range(8)))
            await self.app.aclose()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        asyncio.run(tasks())
        for thread in threads:
            thread.join()

    def _note(self, took: float) -> None:
        if took > SLOW:
            self.tally.add("slow")
        if took > LATEST + SLACK:
            self.tally.add("late")


def _begun(flow: Flow[Any]) -> Flow[Any]:
    """A call that is left where it would wait: for its reply, for a token, or for its turn."""
    step: Step = next(flow)
    while isinstance(step, Blocking):
        step = flow.send(step.work())
    return flow


if __name__ == "__main__":
    which, minutes, seed, settings = sys.argv[1:]
    faulthandler.dump_traceback_later(60 * float(minutes) + PATIENCE, exit=True)
    sys.unraisablehook = lambda told: None if isinstance(told.exc_value, Interrupt) else sys.__unraisablehook__(told)
    Process(which, float(minutes), seed, json.loads(settings)).run()
