"""After a fork nothing inherited is used: parent and children ask at once, and none reads another's reply."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from children import Child
from echo_server import echoing
from peers import Awaited, Blocking, Caller, Client, answer, get, peer, target_of
from soaking import tries

from dingtalk_models import ConfigurationError, Department, DingTalkApp, HttpRequest, TransportError, Upload
from dingtalk_models.call.transport.asynchronous import AiohttpTransport
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.call.transport.received import CHUNK
from dingtalk_models.call.transport.uploads import FileBody
from dingtalk_models.sandbox import Sandbox

CALLS = tries(150)
CHILDREN = 2


@pytest.fixture
def url(tls: object, tmp_path: Path) -> Generator[str]:
    with echoing(certificate=tmp_path / "own.pem" if tls else None) as address:
        yield address


def wrong(caller: Caller, url: str, who: str, calls: int = CALLS) -> list[str]:
    """What was answered with something else."""
    wrong: list[str] = []
    for number in range(calls):
        content = caller.send(get(url, f"/{who}/{number}")).content.decode()
        if content != f"/{who}/{number}":
            wrong.append(f"{number} of {who}: {content}")
    return wrong


def of_child(caller: Caller, url: str, who: str, calls: int = CALLS) -> list[str]:
    """The same in a forked process, where an awaited call needs an event loop of its own."""
    if isinstance(caller, Awaited):
        caller.runner = asyncio.Runner()
    return wrong(caller, url, who, calls)


def test_nobody_reads_the_replies_of_another(caller: Caller, url: str) -> None:
    assert wrong(caller, url, "before", 3) == []
    connection = caller.send(get(url, "/connection")).content
    children = [Child(partial(of_child, caller, url, f"child{n}")) for n in range(CHILDREN)]
    assert wrong(caller, url, "parent") == []
    assert [child.result() for child in children] == [[]] * CHILDREN
    assert caller.send(get(url, "/connection")).content == connection, "the children have not closed it"


def test_nor_where_many_calls_are_under_way(caller: Caller, url: str) -> None:
    def ask(who: str) -> list[str]:
        """What was answered with something else."""
        outcomes = caller.at_once([get(url, f"/{who}/{number}") for number in range(20)])
        answers = [getattr(each, "content", repr(each).encode()).decode() for each in outcomes]
        return [f"{n} of {who}: {each}" for n, each in enumerate(answers) if each != f"/{who}/{n}"]

    def child(who: str) -> list[str]:
        if isinstance(caller, Awaited):
            caller.runner = asyncio.Runner()
        return [each for n in range(10) for each in ask(f"{who}/{n}")]

    assert ask("before") == []
    children = [Child(partial(child, f"child{n}")) for n in range(CHILDREN)]
    assert [each for n in range(10) for each in ask(f"parent/{n}")] == []
    assert [each.result() for each in children] == [[]] * CHILDREN


def test_a_child_of_a_child(caller: Caller, url: str) -> None:
    def child() -> list[str]:
        grandchild = Child(lambda: of_child(caller, url, "grandchild", 100))
        return of_child(caller, url, "child", 100) + grandchild.result()

    assert wrong(caller, url, "before", 3) == []
    forked = Child(child)
    assert wrong(caller, url, "parent", 100) == []
    assert forked.result() == []


def test_while_other_threads_are_in_the_middle_of_calls(url: str) -> None:
    """Whatever they hold at that moment, connections and locks, is lost to the child."""
    caller, over = Blocking(), threading.Event()

    def calling(who: str) -> list[str]:
        found: list[str] = []
        while not over.is_set():
            found += wrong(caller, url, who, 20)
        return found

    with ThreadPoolExecutor(6) as pool:
        threads = [pool.submit(calling, f"thread{n}") for n in range(6)]
        try:
            for n in range(tries(8)):
                children = [Child(partial(wrong, caller, url, f"child{n}/{m}", 10)) for m in range(2)]
                assert [child.result(20) for child in children] == [[], []]
        finally:
            over.set()
        assert [each.result() for each in threads] == [[]] * 6
    caller.close()


def test_while_an_event_loop_is_in_the_middle_of_calls(url: str) -> None:
    transport, under_way, over = AiohttpTransport((5, 5)), threading.Event(), threading.Event()

    async def asking(who: str) -> int:
        bad = 0
        for n in range(20):
            bad += (await transport.send(get(url, f"/{who}/{n}"))).content != f"/{who}/{n}".encode()
        return bad

    async def scenario(who: str, *, once: bool) -> int:
        bad = sum(await asyncio.gather(*(asking(f"{who}/{n}") for n in range(10))))
        while not (once or over.is_set()):
            bad += sum(await asyncio.gather(*(asking(f"{who}/{n}") for n in range(10))))
            under_way.set()
        await transport.close()
        return bad

    def child(who: str) -> int:
        return asyncio.run(scenario(who, once=True))

    with ThreadPoolExecutor(1) as pool:
        parent = pool.submit(lambda: asyncio.run(scenario("parent", once=False)))
        assert under_way.wait(20)
        try:
            for n in range(5):
                children = [Child(partial(child, f"{n}/{m}")) for m in range(2)]
                assert [child.result(20) for child in children] == [0, 0]
        finally:
            over.set()
        assert parent.result() == 0


@pytest.mark.parametrize(
    ("kind", "name"),
    [(RequestsTransport, "transport"), (AiohttpTransport, "async_transport")],
    ids=["blocking", "awaited"],
)
def test_while_another_thread_opens_the_transport(monkeypatch: pytest.MonkeyPatch, kind: Any, name: str) -> None:
    opening, over, parent = threading.Event(), threading.Event(), os.getpid()
    original = kind.__init__

    def slow(*args: Any, **settings: Any) -> None:
        if os.getpid() == parent:
            opening.set()
            over.wait()
        original(*args, **settings)

    monkeypatch.setattr(kind, "__init__", slow)
    app = DingTalkApp(appkey="k", appsecret="s")
    opener = threading.Thread(target=lambda: getattr(app, name))
    opener.start()
    opening.wait()
    try:
        assert Child(lambda: type(getattr(app, name)).__name__).result(10) == kind.__name__
    finally:
        over.set()
        opener.join()


def test_in_the_middle_of_a_call_of_ones_own(caller: Caller) -> None:
    """The progress of an upload forks: the parent's goes on, and the child's has lost its connection."""
    children: list[Child[str]] = []
    content, parent = bytes(range(256)) * (4 * CHUNK // 256), os.getpid()

    def child() -> str:
        if isinstance(caller, Awaited):
            caller.runner = asyncio.Runner()
        return caller.send(get(server.url, "/child")).content.decode()

    def progress(sent: int, total: int) -> None:
        if sent == 2 * CHUNK and os.getpid() == parent:
            children.append(Child(child))

    def serve(client: Client) -> None:
        while request := client.read():
            client.send(answer(target_of(request)))

    with peer(serve) as server:
        upload = HttpRequest("PUT", f"{server.url}/parent", {}, FileBody(Upload(content, progress=progress)))
        assert caller.send(upload).content == b"/parent"
        assert [each.result() for each in children] == ["/child"]
        assert sorted(server.bodies) == [b"", content]


def test_a_call_that_goes_on_in_the_child_has_lost_its_connection() -> None:
    """Whoever forks inside of a call, and returns from it in both processes."""
    caller, children = Blocking(), list[int]()

    def fork(sent: int, total: int) -> None:
        if sent == CHUNK:
            children.append(os.fork())

    with echoing() as url:
        request = HttpRequest("PUT", f"{url}/parent", {}, FileBody(Upload(bytes(4 * CHUNK), progress=fork)))
        status = 1
        try:
            content = caller.send(request).content
        except TransportError:
            content, status = b"", 0
        if children == [0]:
            os._exit(status)
        assert content == b"/parent"
        assert os.waitpid(children[0], 0)[1] == 0
        caller.close()


def test_the_end_of_a_connection_does_not_wait_for_the_children(caller: Caller, tls: Any) -> None:
    ended = threading.Event()

    def serve(client: Client) -> None:
        while request := client.read():
            client.send(answer(target_of(request)))
        ended.set()

    read_end, write_end = os.pipe()
    with peer(serve, tls) as server:
        assert caller.send(get(server.url, "/parent")).content == b"/parent"
        waiting = Child(lambda: os.read(read_end, 1))
        caller.finish()
        try:
            assert ended.wait(2), "the child holds its copy of the connection open"
        finally:
            os.write(write_end, b".")
            assert waiting.result() == b"."
            os.close(read_end)
            os.close(write_end)


def test_an_event_loop_of_the_parent_is_refused() -> None:
    """It shares what it waits for with the parent's, and would take the parent's replies."""
    caller, asked = Awaited(), list[HttpRequest]()

    def child() -> str:
        try:
            caller.send(asked[0])
        except ConfigurationError as error:
            return str(error)
        return "answered"

    with echoing() as url:
        asked.append(get(url, "/child"))
        assert wrong(caller, url, "parent", 3) == []
        assert "belongs to the parent process" in Child(child).result()
        assert wrong(caller, url, "parent", 3) == []
    caller.close()


def test_an_app_in_parent_and_children() -> None:
    """As gunicorn does with --preload, once the app has made a call."""
    with Sandbox() as sandbox:
        app = sandbox.app()
        departments = [each.dept_id for each in app.contact.departments.list(1)]

        def ask(own: int) -> list[int]:
            return [dept_id for _ in range(50) if (dept_id := app.contact.departments.get(own).dept_id) != own]

        async def aask(own: int) -> list[int]:
            async with app:
                found = [await Department.objects.using(app).get.aio(own) for _ in range(50)]
            return [each.dept_id for each in found if each.dept_id != own]

        def child(own: int) -> list[int]:
            return ask(own) + asyncio.run(aask(own))

        asyncio.run(aask(1))
        assert len(departments) > 2
        children = [Child(partial(child, each)) for each in departments]
        assert child(1) == []
        assert [each.result() for each in children] == [[] for _ in departments]
        app.close()
