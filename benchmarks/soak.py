"""A soak: minutes of calls under faults, and what was lost, doubled or given to the wrong caller.

    scripts/soak          ten minutes
    scripts/soak 2 7      two minutes, with 7 as the seed

A sandbox in a process of its own lets one call in twenty fail: refused, cut off before or after it was carried out, cut
short, or late; and it revokes the token now and then. Threads, tasks of an event loop (many of which are cancelled) and
forked children call at the same time. Each read asks for something that its result names, so a crossed reply is seen.
Each write carries a number of its own, and the sandbox counts how often each was carried out.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dingtalk_models import Department, DingTalkApp, DingTalkError, Retry, User
from dingtalk_models.sandbox import Behaviour, Sandbox

MINUTES = 10.0
THREADS, TASKS, CHILDREN = 6, 20, 2
ONE_IN = 20
UPDATE = "/topapi/v2/user/update"
USER = "manager4220"
FAULTS: list[Behaviour] = [
    {"status": 503},
    {"drop": "before"},
    {"drop": True},
    {"truncate": 20},
    {"delay": 0.3},
]


def serve() -> None:
    """The sandbox: faults at random, and at the end what was carried out."""
    chance = random.Random(1)
    written: Counter[str] = Counter()
    with Sandbox() as sandbox:
        settings = {name: getattr(sandbox, name) for name in ("corp_id", "appkey", "appsecret", "url")}
        departments = [each for each in sandbox.company.departments if each > 0]
        print(json.dumps(settings | {"departments": departments}), flush=True)
        over = threading.Event()

        def disturb() -> None:
            seen = 0
            while not over.wait(0.005):
                for call in sandbox.calls.since(seen):
                    seen = call.number
                    if call.path == UPDATE and call.code == 0 and isinstance(call.body, dict):
                        written[call.body["remark"]] += 1
                    if seen % ONE_IN == 0:
                        sandbox.fail("*", times=1, **chance.choice(FAULTS))
                    if seen % 20_000 == 0:
                        sandbox.revoke_tokens()

        thread = threading.Thread(target=disturb)
        thread.start()
        sys.stdin.readline()
        time.sleep(1)
        over.set()
        thread.join()
    print(json.dumps(written), flush=True)


class Tally:
    """What was seen by the calling side."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.claimed: set[str] = set()
        self._lock = threading.Lock()

    def add(self, what: str, number: int = 1) -> None:
        """Count something."""
        with self._lock:
            self.counts[what] += number

    def claim(self, number: str) -> None:
        """Note a write that was reported as carried out."""
        with self._lock:
            self.claimed.add(number)

    def merge(self, other: dict[str, Any]) -> None:
        """Add what a child has seen."""
        with self._lock:
            self.counts.update(other["counts"])
            self.claimed.update(other["claimed"])


class Caller:
    """Calls at random, and checks what comes back."""

    def __init__(self, app: DingTalkApp, departments: list[int], tally: Tally, name: str) -> None:
        self.departments = Department.objects.using(app)
        self.users = User.objects.using(app)
        self._ids = departments
        self._tally = tally
        self._name = name
        self._chance = random.Random(name)
        self._number = 0

    def _next(self) -> tuple[int, str | None]:
        """What to ask for, and the number of a write, once in five times."""
        self._number += 1
        write = f"{self._name}/{self._number}" if self._chance.random() < 0.2 else None
        return self._chance.choice(self._ids), write

    def call(self) -> None:
        """One blocking call."""
        asked, write = self._next()
        try:
            if write:
                self.users.update(USER, remark=write)
                self._tally.claim(write)
            else:
                self._seen(asked, self.departments.get(asked).dept_id)
        except DingTalkError as error:
            self._tally.add(type(error).__name__)
        self._tally.add("calls")

    async def acall(self) -> None:
        """One awaited call, often cancelled."""
        asked, write = self._next()
        patience = self._chance.uniform(0, 0.02) if self._chance.random() < 0.3 else 30
        try:
            async with asyncio.timeout(patience):
                if write:
                    await self.users.update.aio(USER, remark=write)
                    self._tally.claim(write)
                else:
                    self._seen(asked, (await self.departments.get.aio(asked)).dept_id)
        except TimeoutError:
            self._tally.add("cancelled")
        except DingTalkError as error:
            self._tally.add(type(error).__name__)
        self._tally.add("calls")

    def _seen(self, asked: int, came: int) -> None:
        if asked != came:
            self._tally.add("crossed")


def child(app: DingTalkApp, departments: list[int], name: str) -> Callable[[], dict[str, Any]]:
    """Fork a child that calls in both ways; what brings back what it has seen."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if not pid:
        tally = Tally()
        try:
            caller = Caller(app, departments, tally, name)

            async def awaited() -> None:
                await asyncio.gather(*(caller.acall() for _ in range(40)))
                await app.aclose()

            for _ in range(40):
                caller.call()
            asyncio.run(awaited())
        except BaseException as error:  # noqa: BLE001 - a child ends here, whatever happens
            tally.add(f"child ended by {error!r}")
        os.write(write_end, json.dumps({"counts": tally.counts, "claimed": [*tally.claimed]}).encode())
        os._exit(0)
    os.close(write_end)

    def result() -> dict[str, Any]:
        with os.fdopen(read_end, "rb") as pipe:
            seen: dict[str, Any] = json.loads(pipe.read())
        os.waitpid(pid, 0)
        return seen

    return result


def sockets() -> int:
    """The sockets that this process has open."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            found += str(each.readlink()).startswith("socket:")
        except OSError:
            continue
    return found


def memory() -> int:
    """The memory of this process, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def main(minutes: float, seed: str) -> int:
    """Run it, and print what came of it."""
    warnings.simplefilter("ignore", DeprecationWarning)  # later Pythons warn of a fork while threads run: it is meant
    command = [sys.executable, "-m", "benchmarks.soak", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        given = json.loads(server.stdout.readline())
        departments, url = given.pop("departments"), given.pop("url")
        retry = Retry(attempts=4, first_wait=0.02, longest_wait=0.2)
        app = DingTalkApp(**given, oapi_url=url, api_url=url, rate_limit=None, retry=retry, timeout=(5, 5))
        tally, end = Tally(), time.monotonic() + 60 * minutes
        Caller(app, departments, tally, f"{seed}/first").call()
        before = sockets(), memory()

        def blocking(name: str) -> None:
            caller = Caller(app, departments, tally, name)
            while time.monotonic() < end:
                caller.call()

        async def awaited() -> None:
            async def task(name: str) -> None:
                caller = Caller(app, departments, tally, name)
                while time.monotonic() < end:
                    await caller.acall()

            await asyncio.gather(*(task(f"{seed}/task{number}") for number in range(TASKS)))
            await app.aclose()

        threads = [threading.Thread(target=blocking, args=(f"{seed}/thread{number}",)) for number in range(THREADS)]
        threads.append(threading.Thread(target=lambda: asyncio.run(awaited())))
        for thread in threads:
            thread.start()
        forks = 0
        while time.monotonic() < end:
            time.sleep(1)
            children = [child(app, departments, f"{seed}/child{forks + number}") for number in range(CHILDREN)]
            forks += CHILDREN
            for result in children:
                tally.merge(result())
        for thread in threads:
            thread.join()
        app.close()
        server.stdin.write("over\n")
        server.stdin.flush()
        written: dict[str, int] = json.loads(server.stdout.readline())
    lost = len(tally.claimed - written.keys())
    doubled = sum(times > 1 for times in written.values())
    print(f"calls      {tally.counts.pop('calls')} in {minutes:g} minutes, {forks} forks")
    print(f"writes     {len(tally.claimed)} reported, {len(written)} carried out")
    print(f"lost       {lost}\ndoubled    {doubled}\ncrossed    {tally.counts.pop('crossed', 0)}")
    print(f"cancelled  {tally.counts.pop('cancelled', 0)}")
    print(f"errors     {dict(tally.counts)}")
    print(f"sockets    {before[0]} at the start, {sockets()} at the end")
    print(f"memory     {before[1]} MB at the start, {memory()} MB at the end")
    return 1 if lost or doubled else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        numbers = sys.argv[1:]
        sys.exit(main(float(numbers[0]) if numbers else MINUTES, numbers[1] if numbers[1:] else "1"))
