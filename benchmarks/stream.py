"""Stream mode, compared with the platform's own client: the same gateway, one client after the other in each round."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import peak, readable, table
from benchmarks.start import ENVIRONMENT

CLIENTS = {"dingtalk-models": "ours", f"dingtalk-stream {version('dingtalk-stream')}": "official"}
IMPORTS = {"ours": "dingtalk_models", "official": "dingtalk_stream"}
KINDS = {
    "coroutine": "Messages to the robot, handlers are coroutines",
    "function": "Messages to the robot, handlers are functions",
    "event": "Events, handlers are coroutines",
}
ROUNDS = 5
MESSAGES = 5000
IDLE = 60.0
PATIENCE = 120.0


class Pair:
    """A gateway and a client, each in a process of its own.

    Attributes:
        start: seconds from the start of the client's process until it was connected.
    """

    def __init__(self, gateway: subprocess.Popen[str], client: subprocess.Popen[bytes]) -> None:
        self._gateway = gateway
        self._client = client
        begun = time.perf_counter()
        self.ask("rate", messages=1)
        self.start = time.perf_counter() - begun

    def ask(self, what: str, **arguments: float) -> dict[str, float]:
        """Have the gateway measure something."""
        assert self._gateway.stdin is not None
        assert self._gateway.stdout is not None
        print(json.dumps({"what": what, **arguments}), file=self._gateway.stdin, flush=True)
        measured: dict[str, float] = json.loads(self._gateway.stdout.readline())
        return measured

    def cpu(self) -> float:
        """The CPU seconds that the client has used."""
        tasks = Path(f"/proc/{self._client.pid}/task").glob("*/schedstat")
        return sum(int(each.read_text("ascii").split()[0]) for each in tasks) / 1e9

    def memory(self) -> float:
        """The peak memory of the client in MB."""
        return peak(Path(f"/proc/{self._client.pid}/status").read_text("ascii"))


@contextmanager
def paired(who: str, kind: str) -> Generator[Pair]:
    """A gateway with a client, for handlers of a kind: `coroutine` and `function` of messages, `event` of events."""
    piped: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", "benchmarks.stream_gateway", *(["--events"] if kind == "event" else [])]
    with subprocess.Popen(command, **piped) as gateway:
        assert gateway.stdout is not None
        url = gateway.stdout.readline().strip()
        command = [sys.executable, "-m", "benchmarks.stream_clients", who, kind, url]
        with subprocess.Popen(command, env=ENVIRONMENT) as client:
            try:
                yield Pair(gateway, client)
            finally:
                client.kill()
                gateway.kill()


def stream() -> None:
    """Messages a second, answers while a handler sleeps, half-open connections, an idle minute, memory, start."""
    for kind, title in KINDS.items():
        _traffic(kind, title)
    _standing()


def _traffic(kind: str, title: str) -> None:
    found: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in CLIENTS}
    for _ in range(ROUNDS):
        for name, who in CLIENTS.items():
            with paired(who, kind) as pair:
                pair.ask("rate", messages=500)
                before = pair.cpu()
                rate = pair.ask("rate", messages=MESSAGES)["rate"]
                cpu = (pair.cpu() - before) / MESSAGES
                latency = pair.ask("latency", seconds=3, every=0.01)
                found[name].append((rate, cpu, latency["p50"], latency["p99"]))
    rows: list[tuple[str, ...]] = []
    for name, rounds in found.items():
        rate, cpu, p50, p99 = (median(column) for column in zip(*rounds, strict=True))
        rows.append((name, f"{rate:.0f}", readable(cpu), readable(p50), readable(p99)))
    title = f"{title}: {MESSAGES}; then 100 a second while one handler sleeps 2 s"
    table(title, ["handled a second", "CPU of each", "answered, p50", "p99"], rows)


def _importing(package: str) -> float:
    """Seconds that importing a package takes in a new process."""
    code = f"import time; begun = time.perf_counter(); import {package}; print(time.perf_counter() - begun)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=ENVIRONMENT)
    return float(done.stdout)


def _started(who: str) -> tuple[float, float]:
    """Seconds from the start of a client's process until it was connected, and those of the CPU."""
    with paired(who, "coroutine") as pair:
        return pair.start, pair.cpu()


def _standing() -> None:
    starts: dict[str, list[tuple[float, float]]] = {name: [] for name in CLIENTS}
    for _ in range(ROUNDS):
        for name, who in CLIENTS.items():
            starts[name].append(_started(who))
    rows: list[tuple[str, ...]] = []
    for name, who in CLIENTS.items():
        with paired(who, "coroutine") as pair:
            before = pair.cpu()
            time.sleep(IDLE)
            idle, memory = pair.cpu() - before, pair.memory()
            noticed = pair.ask("half_open", patience=PATIENCE)["noticed"]
        shown = readable(noticed) if noticed < PATIENCE else f"not in {PATIENCE:.0f} s"
        imported = median(_importing(IMPORTS[who]) for _ in range(ROUNDS))
        start, cpu = (readable(median(column)) for column in zip(*starts[name], strict=True))
        rows.append((name, readable(imported), start, cpu, readable(idle), f"{memory:.1f} MB", shown))
    columns = [
        "import",
        "start until connected",
        "CPU of that",
        "CPU of an idle minute",
        "memory",
        "half-open connection replaced after",
    ]
    table("One connection", columns, rows)
