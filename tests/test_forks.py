"""Forks: a child uses nothing that its parent goes on using, and waits for no thread that it does not have."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import servers
from prepared import prepared
from pushing import receiving_app, sealed
from soaking import SOAK
from stores import FAMILIES, SOURCES, server_of

from dingtalk_models.core.secret import unwrapped
from dingtalk_models.sandbox import Sandbox

SCRIPT = Path(__file__).with_name("forks.py")
TOKEN = "/v1.0/oauth2/accessToken"
DATABASES = ("mariadb", "postgresql")
SHARED_KINDS = [kind for kind in SOURCES if not kind.endswith("manager") and kind != "memory"]
KINDS = ["memory", *SHARED_KINDS]
TRIED = KINDS if SOAK else FAMILIES

Run = Callable[..., None]


@pytest.fixture(scope="module")
def run() -> Generator[Run]:
    """Runs a scenario of forks.py."""
    with prepared(SCRIPT) as programs:

        def run(*arguments: object) -> None:
            ended = programs.run(*arguments, timeout=90)
            assert (ended.code, ended.err) == (0, "")

        yield run


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return server_of(kind, request, tmp_path)


def settings_of(sandbox: Sandbox, **more: Any) -> str:
    names = ("appkey", "appsecret")
    return json.dumps(
        {name: getattr(sandbox, name) for name in names} | {"oapi_url": sandbox.url, "api_url": sandbox.url} | more
    )


@pytest.mark.parametrize("kind", TRIED)
def test_nobody_reads_what_another_wrote(run: Run, kind: str, server: str, key: str) -> None:
    """Threads of a parent and of its children at the same time, thousands of operations; databases are slower."""
    forks = 4 if kind in DATABASES else 12 if kind == "sqlite" else 40
    load = f"{3 if kind in DATABASES else 4} {forks if SOAK else min(forks, 8)} {12 if kind in DATABASES else 20}"
    run("traffic", kind, server, key, load)


@pytest.mark.parametrize(
    "kind",
    ["redis", "redis-single", "memcached", "pymemcache-client", "pymemcache-hash"] if SOAK else ["redis", "memcached"],
)
def test_a_fork_that_python_is_not_told_of(run: Run, kind: str, server: str, key: str) -> None:
    run("traffic", kind, server, key, f"1 {10 if SOAK else 5} 20", "c")


def test_a_protected_call(run: Run) -> None:
    run("protected")


@pytest.mark.parametrize("kind", [*FAMILIES, *(["redis-client"] if SOAK else [])])
def test_locks_that_another_thread_holds(run: Run, kind: str, server: str, sandbox: Sandbox) -> None:
    run("held_locks", kind, server, settings_of(sandbox, name=f"locks {kind}"))


@pytest.mark.parametrize("kind", [kind for kind in TRIED if kind not in {"memory", "sqlite"}])
def test_calls_that_other_threads_are_in_the_middle_of(run: Run, kind: str, server: str) -> None:
    run("stalled", kind, server, servers.process(server))


@pytest.mark.parametrize("kind", [*FAMILIES, *(["mariadb"] if SOAK else [])])
def test_a_token_that_another_thread_is_fetching(run: Run, kind: str, server: str, sandbox: Sandbox) -> None:
    sandbox.fail(TOKEN, delay=1)
    run("refresh", kind, server, settings_of(sandbox, name=f"refresh {kind}"))
    own = kind == "memory"  # which processes do not share
    assert len(sandbox.received(TOKEN)) == (4 if own else 1)


def test_a_token_that_another_thread_renews(run: Run, sandbox: Sandbox) -> None:
    sandbox.fail(TOKEN, delay=0)
    sandbox.fail(TOKEN, delay=1)
    run("renewal", settings_of(sandbox))


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_permits(run: Run, kind: str, server: str) -> None:
    with Sandbox(qps=20) as sandbox:
        run("permits", kind, server, settings_of(sandbox, name="permits"))
        codes = {call.code for call in sandbox.calls}
        assert codes == {0}


@pytest.mark.parametrize("kind", [*FAMILIES[1:], *(["pymemcache-client"] if SOAK else [])])
def test_a_push_is_taken_once(run: Run, kind: str, server: str) -> None:
    app = receiving_app()
    every = [(query, body.decode()) for query, body in (sealed(app, eventId=f"e{number}") for number in range(30))]
    names = ("appkey", "appsecret", "corp_id", "token", "aes_key")
    run("pushes", kind, server, json.dumps(unwrapped({name: getattr(app, name) for name in names})), json.dumps(every))
    app.close()
