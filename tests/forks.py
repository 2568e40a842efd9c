"""Scenarios for the tests of forks, each in a process of its own: that of pytest has threads."""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import requests
from stores import SOURCES
from waiting import stays, until

from dingtalk_models import (
    CallbackError,
    Department,
    DingTalkApp,
    DingTalkError,
    HttpRequest,
    HttpResponse,
    RateLimit,
)
from dingtalk_models.process import forking
from dingtalk_models.sessions import Session, open_session

PATIENCE = 20.0
"""Seconds after which a child that has not ended counts as hung."""

READ = Department.objects.get.call(1)

run_exit_functions: Any = vars(atexit)["_run_exitfuncs"]


class Transport:
    """A connection for each request, so that forks share none."""

    def send(self, request: HttpRequest) -> HttpResponse:
        assert request.content is None or isinstance(request.content, bytes)
        answer = requests.request(
            request.method, request.url, headers=request.headers, data=request.content, timeout=10
        )
        return HttpResponse(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)

    def close(self) -> None: ...


def source(kind: str, server: str) -> Any:
    """A store by its kind and the URL of its server; of SQLite, the directory."""
    return SOURCES[kind](lambda _: server, Path(server))


def app_of(settings: str, **more: Any) -> DingTalkApp:
    """An app with the credentials and the URL of a sandbox."""
    chosen: dict[str, Any] = {"transport": Transport(), "rate_limit": None} | json.loads(settings) | more
    return DingTalkApp(**chosen)


# -- children ----------------------------------------------------------------------------------------------------------


def fork(work: Callable[[], object], how: Callable[[], int] = os.fork) -> int:
    """Do something in a child, which then ends like a program."""
    child = how()
    if child:
        return child
    status = 1
    try:
        work()
        gc.collect()
        run_exit_functions()
        status = 0
    except BaseException:  # noqa: BLE001 - the parent is told
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(status)


def join(children: Sequence[int]) -> None:
    """Wait for children; fail if one has failed or hangs."""
    ended: dict[int, int] = {}

    def all_have_ended() -> bool:
        while len(ended) < len(children) and (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = os.waitstatus_to_exitcode(found[1])
        return len(ended) == len(children)

    with suppress(AssertionError):
        until(all_have_ended, seconds=PATIENCE)
    hung = [child for child in children if child not in ended]
    for child in hung:
        os.kill(child, signal.SIGKILL)
    failed = [child for child, status in ended.items() if status]
    assert not hung, f"{len(hung)} of {len(children)} children hang, {len(failed)} failed"
    assert not failed, f"{len(failed)} of {len(children)} children failed"


class Threads:
    """Threads that do something. Their errors are raised when they are joined."""

    def __init__(self, count: int, work: Callable[[int], object]) -> None:
        self.errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._do, args=(work, each), daemon=True) for each in range(count)]
        for thread in self._threads:
            thread.start()

    def _do(self, work: Callable[[int], object], number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised when they are joined
            self.errors.append(error)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]


@contextmanager
def going_on(count: int, work: Callable[[int], object]) -> Generator[None]:
    """Threads that do something again and again."""
    enough = threading.Event()

    def again(number: int) -> None:
        while not enough.is_set():
            work(number)

    threads = Threads(count, again)
    try:
        yield
    finally:
        enough.set()
        threads.join()


# -- scenarios ---------------------------------------------------------------------------------------------------------


def traffic(kind: str, server: str, key: str, load: str, how: str = "os") -> None:
    """Threads of a parent and of its children use one session; each must read what it has written."""
    session = open_session(source(kind, server))
    threads, forks, rounds = map(int, load.split())

    def use(who: str, number: int) -> None:
        name, value = f"{key}:{who}:{number % 5}", f"{who}:{number}"
        session.set(name, value, 60)
        found = session.get(name)
        assert found == value, f"{found} instead of {value}"

    def in_child(child: int) -> None:
        def work(thread: int) -> None:
            for number in range(rounds):
                use(f"{child}.{thread}", number)

        others = Threads(threads - 1, work)
        work(-1)
        others.join()

    counts = [0] * threads

    def in_parent(thread: int) -> None:
        counts[thread] += 1
        use(f"parent.{thread}", counts[thread])

    children: list[int] = []
    in_c = ctypes.PyDLL(None).fork  # as uWSGI does: Python is not told
    with going_on(threads if how == "os" else 0, in_parent):
        use("parent", 0)
        for child in range(forks):
            if how == "os":
                turn = sum(counts)
                until(lambda turn=turn: sum(counts) > turn)  # type: ignore[misc]
            children.append(fork(partial(in_child, child), os.fork if how == "os" else in_c))
        join(children)
        use("parent", 1)


def protected() -> None:
    """A fork waits for the protected calls of other threads, but not for ever, and not for a call of its own thread."""
    forking.LONGEST_CALL = 1.0
    ends, begun, ended = threading.Event(), threading.Barrier(3), list[float]()

    def in_child() -> None:
        with forking.no_fork():
            pass

    def call(_: int) -> None:
        with forking.no_fork():
            begun.wait()
            ends.wait(0.5)
            ended.append(time.monotonic())

    calls = Threads(2, call)
    begun.wait()
    with forking.no_fork():
        join([fork(in_child)])
    assert len(ended) == 2
    calls.join()

    def wait(_: int) -> None:
        with forking.no_fork():
            begun.wait()
            ends.wait()

    begun = threading.Barrier(2)
    waiting = Threads(1, wait)
    begun.wait()
    began = time.monotonic()
    join([fork(in_child)])
    assert time.monotonic() - began >= forking.LONGEST_CALL
    ends.set()
    waiting.join()


def locks_of(*roots: object) -> list[Any]:
    """Every lock in these objects and in their parts."""
    kinds = type(threading.Lock()), type(threading.RLock())
    found: dict[int, Any] = {}
    seen: set[int] = set()
    left = list(roots)
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, DingTalkApp | type):
            continue
        seen.add(id(each))
        if isinstance(each, kinds):
            found[id(each)] = each
        elif isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list | tuple | set):
            left += each
        elif type(each).__module__.partition(".")[0] in {"dingtalk_models", "redis", "pymemcache", "threading"}:
            left += getattr(each, "__dict__", {}).values()
    return list(found.values())


def held_locks(kind: str, server: str, settings: str) -> None:
    """At the fork, another thread holds every lock."""
    app = app_of(settings, session_manager=source(kind, server), rate_limit=RateLimit(monthly=1000))
    app.send(READ)  # with the queues that it needs
    roots = app.session, app.access_token_credential, app.jsapi_ticket_credential, app.limiter
    locks = locks_of(*roots, app.callback)
    assert bool(locks) is (kind not in {"memory", "sqlite", "postgresql"}), "these take no lock"
    held, enough = threading.Event(), threading.Event()

    def hold() -> None:
        for lock in locks:
            lock.acquire()
        held.set()
        enough.wait()
        for lock in locks:
            lock.release()

    def in_child() -> None:
        app.send(READ)
        app.refresh_access_token()
        app.smartwork.approvals.todo_count("zhaolei")
        use_all(app.session, f"child {os.getpid()}")

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    child = fork(in_child)
    try:
        join([child])
    finally:
        enough.set()
        holder.join()
    in_child()


def use_all(session: Session, key: str) -> None:
    session.set(key, "value", 60)
    assert session.get(key) == "value"
    if session.has_add:
        assert not session.add(key, "other", 60)
        session.release(key, "value")
        assert session.add(key, "other", 60)
    session.delete(key)
    assert session.get(key) is None


def stop(process: int) -> None:
    """Stop a process with all its threads: the signal stops them one after the other, and a busy machine late."""
    os.kill(process, signal.SIGSTOP)
    threads = Path(f"/proc/{process}/task")
    until(lambda: all(each.read_text().rpartition(")")[2].split()[0] == "T" for each in threads.glob("*/stat")))


def stalled(kind: str, server: str, process: str) -> None:
    """At the fork, many threads are in the middle of a call, because the server does not answer."""
    session = open_session(source(kind, server))
    use_all(session, "before")
    stop(int(process))
    begun, ended = list[int](), list[int]()

    def store(number: int) -> None:
        begun.append(number)
        session.set(f"parent {number}", str(number), 60)
        ended.append(number)

    threads = Threads(12, store)
    try:
        until(lambda: len(begun) == 12)
        stays(lambda: not ended, 0.1)
        children = [fork(partial(use_all, session, f"child {number}")) for number in range(3)]
    finally:
        os.kill(int(process), signal.SIGCONT)
    join(children)
    threads.join()
    assert [session.get(f"parent {number}") for number in range(12)] == [str(number) for number in range(12)]


def refresh(kind: str, server: str, settings: str) -> None:
    """At the fork, another thread is fetching the token."""
    app = app_of(settings, session_manager=source(kind, server))
    fetching = threading.Thread(target=app.get_access_token)
    fetching.start()
    until(lambda: vars(app.access_token_credential)["_refreshing"])
    stays(fetching.is_alive, 0.1)  # the platform takes a second
    began = time.monotonic()

    def in_child() -> None:
        app.send(READ)
        assert time.monotonic() - began < 5

    join([fork(in_child) for _ in range(3)])
    fetching.join()
    app.send(READ)


def renewal(settings: str) -> None:
    """At the fork, a thread is renewing the token in the background."""
    app = app_of(settings)
    credential = app.access_token_credential
    old = app.get_access_token()
    held: Any = vars(credential)["_held"]
    held.until = time.monotonic() + 60
    app.session.delete(credential.key)
    assert app.get_access_token() == old
    until(lambda: vars(credential)["_refreshing"])

    def in_child() -> None:
        assert app.get_access_token() == old  # still good
        held.until = 0.0
        assert app.get_access_token()
        assert vars(credential)["_held"] is not held

    began = time.monotonic()
    join([fork(in_child) for _ in range(2)])
    assert time.monotonic() - began < 5
    until(lambda: vars(credential)["_held"] is not held)


def permits(kind: str, server: str, settings: str) -> None:
    """Children call as often as they can, while the parent's threads queue for permits."""
    app = app_of(settings, session_manager=source(kind, server), rate_limit=RateLimit(20))
    app.send(READ)
    if kind == "memory":
        waiting = [vars(app.limiter)["_queues"][READ.endpoint.path].ask() for _ in range(400)]
        assert waiting[-1][2] > 10
        began = time.monotonic()
        join([fork(lambda: [app.send(READ) for _ in range(10)])])
        assert time.monotonic() - began < 5  # the child has a queue of its own
        return
    sent: list[object] = []
    with going_on(3, lambda _: sent.append(app.send(READ))):
        until(lambda: len(sent) > 3)
        join([fork(lambda: [app.send(READ) for _ in range(8)]) for _ in range(3)])


def pushes(kind: str, server: str, settings: str, sealed: str) -> None:
    """Parent and children receive the same pushes; each is taken once."""
    app = DingTalkApp(**json.loads(settings), session_manager=source(kind, server))
    read, write = os.pipe()

    def receive(push: tuple[dict[str, str], str]) -> None:
        try:
            app.callback.receive(*push)
            os.write(write, b"x")
        except CallbackError:
            pass

    every: list[tuple[dict[str, str], str]] = json.loads(sealed)
    receive(every[0])

    def receive_all(_: int = 0) -> None:
        for push in every:
            receive(push)

    threads = Threads(2, receive_all)
    children = [fork(receive_all) for _ in range(4)]
    join(children)
    threads.join()
    os.close(write)
    assert len(os.read(read, 10_000)) == len(every)


def main(scenario: str, *arguments: str) -> str | None:
    """Run a scenario; returns what was wrong."""
    try:
        globals()[scenario](*arguments)
    except (AssertionError, DingTalkError) as error:
        return f"{type(error).__name__}: {error}"
    return None
