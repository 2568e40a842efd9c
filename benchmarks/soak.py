"""A soak: minutes of calls under faults, and what was lost, doubled or given to the wrong caller.

    scripts/soak          ten minutes
    scripts/soak 2 7      two minutes, with 7 as the seed

A sandbox in a process of its own lets one call in twenty fail: refused, cut off before or after it was carried out, cut
short, or late; and it revokes the token now and then. Threads, tasks of an event loop (many of which are cancelled) and
forked children call at the same time. Each read asks for something that its result names, so a crossed reply is seen.
Each write carries a number of its own, and the sandbox counts how often each was carried out.

Four processes beside that have worse days: a signal handler raises in their calls, or makes calls itself, the garbage
collector ends calls that were left whenever a lock was taken, or one reply in ten comes a byte per half second.
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
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks import bad_days
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


def drip(url: str) -> str:
    """A relay in front of the sandbox; one reply in ten comes a byte per half second. Returns its URL."""
    chance, began, where = random.Random(2), threading.Event(), [""]
    target = int(url.rpartition(":")[2])

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", target)

        async def forth() -> None:
            while data := await reader.read(65536):
                outer.write(data)
            outer.close()

        async def back() -> None:
            while data := await inner.read(65536):
                if chance.randrange(10):
                    writer.write(data)
                    continue
                for at in range(len(data)):
                    writer.write(data[at : at + 1])
                    await writer.drain()
                    await asyncio.sleep(0.5)
            writer.close()

        with suppress(OSError):
            await asyncio.gather(forth(), back())
        outer.close()
        writer.close()

    async def relay() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        where[0] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        began.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(relay()), daemon=True).start()
    began.wait()
    return where[0]


def serve() -> None:
    """The sandbox: faults at random, and at the end what was carried out."""
    chance = random.Random(1)
    written: Counter[str] = Counter()
    with Sandbox() as sandbox:
        settings: dict[str, Any] = {name: getattr(sandbox, name) for name in ("corp_id", "appkey", "appsecret", "url")}
        settings["dripping"] = drip(sandbox.url)
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
    """What was seen by the calling side. Signal handlers count too, so nothing here takes a lock."""

    def __init__(self) -> None:
        self._seen: deque[str] = deque()
        self._claimed: deque[str] = deque()
        self._others: Counter[str] = Counter()

    def add(self, what: str) -> None:
        """Count something."""
        self._seen.append(what)

    def claim(self, number: str) -> None:
        """Note a write that was reported as carried out."""
        self._claimed.append(number)

    def merge(self, other: dict[str, Any]) -> None:
        """Add what a child has seen. One thread does it."""
        self._others.update(other["counts"])
        while self._seen:  # so that it does not grow
            self._others[self._seen.popleft()] += 1
        self._claimed.extend(other["claimed"])

    def told(self) -> dict[str, Any]:
        """Return the observations for the parent process."""
        return {"counts": self.counts, "claimed": [*self.claimed]}

    @property
    def counts(self) -> Counter[str]:
        """How often each thing was seen."""
        return Counter(self._seen) + self._others

    @property
    def claimed(self) -> set[str]:
        """The writes that were reported as carried out."""
        return set(self._claimed)


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
        os.write(write_end, json.dumps(tally.told()).encode())
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


def calling(app: DingTalkApp, departments: list[int], tally: Tally, seed: str, end: float) -> list[threading.Thread]:
    """Threads that call until the end, one of them with the tasks of an event loop."""

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
    return [*threads, threading.Thread(target=lambda: asyncio.run(awaited()))]


def tell(tally: Tally, written: dict[str, int], how: str) -> bool:
    """Print what came of the calls, and return whether any went wrong."""
    counts = tally.counts
    lost = len(tally.claimed - written.keys())
    doubled = [write for write, times in written.items() if times > 1]
    crossed = counts.pop("crossed", 0)
    print(f"calls      {counts.pop('calls')} {how}")
    print(f"writes     {len(tally.claimed)} reported, {len(written)} carried out")
    print(f"lost       {lost}\ndoubled    {len(doubled)} {' '.join(doubled[:9])}\ncrossed    {crossed}")
    print(f"cancelled  {counts.pop('cancelled', 0)}")
    print(f"errors     {dict(counts)}")
    return bool(lost or doubled or crossed)


def main(minutes: float, seed: str) -> int:
    """Run it, and print what came of it."""
    warnings.simplefilter("ignore", DeprecationWarning)  # later Pythons warn of a fork while threads run: it is meant
    command = [sys.executable, "-m", "benchmarks.soak", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        given = json.loads(server.stdout.readline())
        worse = bad_days.begin(given, minutes, seed)
        departments, url, _ = given.pop("departments"), given.pop("url"), given.pop("dripping")
        retry = Retry(attempts=4, first_wait=0.02, longest_wait=0.2)
        app = DingTalkApp(**given, oapi_url=url, api_url=url, rate_limit=None, retry=retry, timeout=(5, 5))
        tally, end = Tally(), time.monotonic() + 60 * minutes
        Caller(app, departments, tally, f"{seed}/first").call()
        before = sockets(), memory()

        threads = calling(app, departments, tally, seed, end)
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
        for day in worse:
            tally.merge(day.end())
        server.stdin.write("over\n")
        server.stdin.flush()
        written: dict[str, int] = json.loads(server.stdout.readline())
    bad = tell(tally, written, f"in {minutes:g} minutes, {forks} forks")
    for day in worse:
        print(f"{day.kind:10} {day.figures}")
    print(f"sockets    {before[0]} at the start, {sockets()} at the end")
    print(f"memory     {before[1]} MB at the start, {memory()} MB at the end")
    return 1 if bad or any(day.bad for day in worse) else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        numbers = sys.argv[1:]
        sys.exit(main(float(numbers[0]) if numbers else MINUTES, numbers[1] if numbers[1:] else "1"))
