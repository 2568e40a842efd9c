"""Calls that are cancelled at random moments leave a pool that works, and no reply to another call."""

from __future__ import annotations

import asyncio
import math
import os
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from echo_server import echoing
from peers import TIMEOUT, Client, answer, get, open_connections, peer, target_of
from waiting import stays_async, until_async

from dingtalk_models import Download, HttpRequest, TransportError, Upload
from dingtalk_models.call.transport.asynchronous import AiohttpTransport
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.call.transport.received import CHUNK
from dingtalk_models.call.transport.sending import POOL_SIZE
from dingtalk_models.call.transport.uploads import FileBody

CANCELLATIONS = int(os.environ.get("CANCELLATIONS", "1000"))
"""How many calls are cancelled. CONTRIBUTING.md has the command for 100,000."""

CALLERS = 100
DELAY = 5
"""Milliseconds until the server answers."""

MOMENTS = 0.001, 1.0
"""Seconds after which a call is cancelled: from before it is sent until after its reply, on a busy machine too."""


@dataclass
class Figures:
    """What the callers counted.

    Attributes:
        calls: how many calls were made.
        cancelled: how many of them were cancelled.
        crossed: the replies that belong to another call.
    """

    calls: int = 0
    cancelled: int = 0
    crossed: list[str] = field(default_factory=list[str])


async def cancel_calls(transport: AiohttpTransport, url: str, seed: int, figures: Figures) -> None:
    """Make calls, one after the other, and cancel most of them."""
    chance, cancelled = random.Random(seed), 0

    async def ask(number: int) -> None:
        content = (await transport.send(get(url, f"/{seed}/{number}"))).content.decode()
        if content != f"/{seed}/{number}":
            figures.crossed.append(content)

    number = 0
    while cancelled < CANCELLATIONS // CALLERS:
        number += 1
        task = asyncio.create_task(ask(number))
        moment = math.exp(chance.uniform(*map(math.log, MOMENTS)))
        try:
            if chance.random() < 0.5:
                await asyncio.wait_for(task, moment)
            else:
                asyncio.get_running_loop().call_later(moment, task.cancel)
                await task
        except (TimeoutError, asyncio.CancelledError):
            cancelled += 1
    figures.calls += number
    figures.cancelled += cancelled


async def works(transport: AiohttpTransport, url: str, calls: int = 200) -> float:
    """Check that each of many calls gets its own reply. Returns the seconds that they took."""
    begun = time.perf_counter()
    answers = await asyncio.gather(*(transport.send(get(url, f"/after/{n}")) for n in range(calls)))
    assert [each.content for each in answers] == [f"/after/{n}".encode() for n in range(calls)]
    return time.perf_counter() - begun


def test_the_pool_works_afterwards(tls: object, tmp_path: Path) -> None:
    async def scenario(url: str) -> None:
        transport, figures = AiohttpTransport(TIMEOUT), Figures()
        await works(transport, url)
        await asyncio.gather(*(cancel_calls(transport, url, seed, figures) for seed in range(CALLERS)))
        seconds = await works(transport, url, 1000)
        left = open_connections(url)
        tasks = asyncio.all_tasks()
        await transport.close()
        print(
            f"\n{figures.calls} calls, {figures.cancelled} cancelled, {len(figures.crossed)} crossed replies; "
            f"1000 calls afterwards in {seconds:.2f} s; {left} open connections, {open_connections(url)} when closed"
        )
        assert figures.cancelled == CANCELLATIONS // CALLERS * CALLERS
        assert figures.crossed == []
        assert seconds < 5
        assert left <= POOL_SIZE
        assert open_connections(url) == 0
        assert tasks == {asyncio.current_task()}

    with echoing(DELAY, tmp_path / "own.pem" if tls else None) as url:
        asyncio.run(scenario(url))


def test_an_upload_that_is_cancelled_is_not_read_on(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(64 * CHUNK))
    told: list[int] = []
    over = threading.Event()

    def serve(client: Client) -> None:
        client.sock.recv(1 << 16)
        over.wait(10)
        while client.sock.recv(1 << 20):
            pass

    async def scenario(url: str) -> None:
        transport = AiohttpTransport(TIMEOUT)
        body = FileBody(Upload(path, progress=lambda sent, total: told.append(sent)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(transport.send(HttpRequest("PUT", f"{url}/", {}, body)), 0.2)
        sent = len(told)
        assert sent < 64
        over.set()
        await stays_async(lambda: len(told) == sent, 0.1)
        await transport.close()

    with peer(serve) as server:
        asyncio.run(scenario(server.url))


def test_a_download_that_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"before")

    def serve(client: Client) -> None:
        while request := client.read():
            whole = answer(bytes(3 * CHUNK)) if target_of(request) == "/file" else answer(7)
            rest: list[bytes | float] = [0.5, whole[2 * CHUNK :]] if len(whole) > CHUNK else []
            client.send(whole[: 2 * CHUNK], *rest)

    async def scenario(url: str) -> None:
        transport = AiohttpTransport(TIMEOUT)
        for _ in range(3):
            request = HttpRequest("GET", f"{url}/file", {}, download=Download(target))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(transport.send(request), 0.1)
            assert (await transport.send(get(url))).content == b"7"
        await transport.close()

    with peer(serve) as server:
        asyncio.run(scenario(server.url))
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


def test_waiting_for_a_free_connection_is_not_waiting_to_be_connected() -> None:
    """Each of many calls has its turn, though the last ones wait longer than a connection may take."""

    async def scenario(url: str) -> float:
        transport = AiohttpTransport((1.0, 30.0))
        begun = time.perf_counter()
        answers = await asyncio.gather(*(transport.send(get(url, f"/{n}")) for n in range(400)))
        assert [each.content for each in answers] == [f"/{n}".encode() for n in range(400)]
        await transport.close()
        return time.perf_counter() - begun

    with echoing(200) as url:
        assert 7 * 0.2 <= asyncio.run(scenario(url)) < 20  # 400 calls on 64 connections are seven rounds


def test_a_call_that_is_cancelled_while_it_waits_takes_nobodys_place() -> None:
    async def scenario(url: str) -> None:
        transport = AiohttpTransport(TIMEOUT)
        calls = [asyncio.create_task(transport.send(get(url, f"/{n}"))) for n in range(200)]
        await until_async(lambda: open_connections(url) == POOL_SIZE)
        for each in calls[64::2]:
            each.cancel()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        answered = {n: each.content for n, each in enumerate(outcomes) if not isinstance(each, BaseException)}
        assert answered == {n: f"/{n}".encode() for n in range(200) if n < 64 or n % 2}
        await works(transport, url)
        await transport.close()

    with echoing(100) as url:
        asyncio.run(scenario(url))


def test_closing_ends_what_is_under_way_and_what_waits() -> None:
    """And says of which of them nothing was sent."""

    async def scenario(url: str) -> None:
        transport, own = AiohttpTransport((30.0, 30.0)), RequestsTransport(TIMEOUT)
        calls = [asyncio.create_task(transport.send(get(url, f"/never/{n}"))) for n in range(POOL_SIZE + 36)]
        while int((await asyncio.to_thread(own.send, get(url, "/never"))).content) < POOL_SIZE:
            await asyncio.sleep(0)
        own.close()
        await transport.close()
        errors = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(each, TransportError) and each.sent for each in errors] == [True] * POOL_SIZE + [False] * 36
        await works(transport, url)
        await transport.close()

    with echoing() as url:
        asyncio.run(scenario(url))


def test_who_does_not_read_is_given_up() -> None:
    """An upload that nobody takes ends after as long as an answer may take, and its connection with it."""
    over = threading.Event()

    def serve(client: Client) -> None:
        client.sock.recv(1000)
        over.wait(30)

    async def scenario(url: str) -> None:
        transport = AiohttpTransport((1.0, 0.3))
        for size in (16 * 1024 * 1024, 8 * 1024 * 1024):
            begun = time.perf_counter()
            with pytest.raises(TransportError, match="no response in time") as caught:
                await transport.send(HttpRequest("PUT", f"{url}/", {}, bytes(size)))
            assert caught.value.sent
            assert time.perf_counter() - begun < 2
        await asyncio.sleep(0)
        assert open_connections(url) == 0
        await transport.close()

    with peer(serve) as server:
        asyncio.run(scenario(server.url))
        over.set()
