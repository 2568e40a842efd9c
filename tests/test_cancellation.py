"""Calls that are cancelled at random moments leave a pool that works, and no reply to another call."""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path

import pytest
from echo_server import echoing
from peers import TIMEOUT, Client, answer, get, open_connections, peer, target_of

from dingtalk_models import Download, HttpRequest, TransportError, Upload
from dingtalk_models.transport.asynchronous import AiohttpTransport
from dingtalk_models.transport.body import CHUNK, FileBody
from dingtalk_models.transport.sending import POOL_SIZE

CANCELLATIONS = int(os.environ.get("CANCELLATIONS", "5000"))
"""How many there are: a hundred thousand take some minutes."""

CALLERS = 100
DELAY = 5
"""Milliseconds until the server answers; a call is cancelled up to twice as late."""


async def in_trouble(transport: AiohttpTransport, url: str, seed: int) -> tuple[int, list[str]]:
    """How many calls were cancelled, and what was answered with something else."""
    chance, wrong, cancelled, left = random.Random(seed), list[str](), 0, CANCELLATIONS // CALLERS

    async def ask(number: int) -> None:
        content = (await transport.send(get(url, f"/{seed}/{number}"))).content.decode()
        if content != f"/{seed}/{number}":
            wrong.append(content)

    number = 0
    while cancelled < left:
        number += 1
        task = asyncio.create_task(ask(number))
        moment = chance.uniform(0, 2 * DELAY / 1000)
        try:
            if chance.random() < 0.5:
                await asyncio.wait_for(task, moment)
            else:
                asyncio.get_running_loop().call_later(moment, task.cancel)
                await task
        except (TimeoutError, asyncio.CancelledError):
            cancelled += 1
    return cancelled, wrong


async def works(transport: AiohttpTransport, url: str) -> float:
    """See that each of many calls is answered with its own reply; the seconds that it took."""
    begun = time.perf_counter()
    answers = await asyncio.gather(*(transport.send(get(url, f"/after/{n}")) for n in range(200)))
    assert [each.content for each in answers] == [f"/after/{n}".encode() for n in range(200)]
    return time.perf_counter() - begun


def test_the_pool_works_afterwards(tls: object, tmp_path: Path) -> None:
    async def scenario(url: str) -> None:
        transport = AiohttpTransport(TIMEOUT)
        await works(transport, url)
        outcomes = await asyncio.gather(*(in_trouble(transport, url, seed) for seed in range(CALLERS)))
        assert sum(cancelled for cancelled, _ in outcomes) >= CANCELLATIONS // CALLERS * CALLERS
        assert [wrong for _, wrong in outcomes] == [[]] * CALLERS
        assert await works(transport, url) < 3
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await transport.close()
        assert open_connections(url) == 0

    with echoing(DELAY, tmp_path / "own.pem" if tls else None) as url:
        asyncio.run(scenario(url))


def test_an_upload_that_is_cancelled_is_not_read_on(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(64 * CHUNK))
    told: list[int] = []

    def serve(client: Client) -> None:
        client.sock.recv(1 << 16)
        time.sleep(0.3)
        while client.sock.recv(1 << 20):
            pass

    async def scenario(url: str) -> None:
        transport = AiohttpTransport(TIMEOUT)
        body = FileBody(Upload(path, progress=lambda sent, total: told.append(sent)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(transport.send(HttpRequest("PUT", f"{url}/", {}, body)), 0.2)
        sent = len(told)
        await asyncio.sleep(0.3)
        assert sent == len(told) < 64
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
        transport = AiohttpTransport((0.3, 5.0))
        begun = time.perf_counter()
        answers = await asyncio.gather(*(transport.send(get(url, f"/{n}")) for n in range(400)))
        assert [each.content for each in answers] == [f"/{n}".encode() for n in range(400)]
        await transport.close()
        return time.perf_counter() - begun

    with echoing(200) as url:
        assert 7 * 0.2 <= asyncio.run(scenario(url)) < 4  # 400 calls on 64 connections are seven rounds


def test_a_call_that_is_cancelled_while_it_waits_takes_nobodys_place() -> None:
    async def scenario(url: str) -> None:
        transport = AiohttpTransport(TIMEOUT)
        calls = [asyncio.create_task(transport.send(get(url, f"/{n}"))) for n in range(200)]
        await asyncio.sleep(0.05)
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
        transport = AiohttpTransport(TIMEOUT)
        calls = [asyncio.create_task(transport.send(get(url, f"/{n}"))) for n in range(POOL_SIZE + 36)]
        await asyncio.sleep(0.1)
        await transport.close()
        errors = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(each, TransportError) and each.sent for each in errors] == [True] * POOL_SIZE + [False] * 36
        await works(transport, url)
        await transport.close()

    with echoing(300) as url:
        asyncio.run(scenario(url))


def test_who_does_not_read_is_given_up() -> None:
    """An upload that nobody takes ends after as long as an answer may take, and its connection with it."""
    over = asyncio.Event()

    def serve(client: Client) -> None:
        client.sock.recv(1000)
        while not over.is_set():
            time.sleep(0.02)

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
