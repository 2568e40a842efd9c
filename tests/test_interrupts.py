"""What comes from outside at any moment of a call: nothing hangs, nothing is crossed, and no permit is lost."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from echo_server import echoing
from prepared import prepared
from soaking import SOAK
from stores import server_of
from test_forks import settings_of

from dingtalk_models.sandbox import Sandbox

SCRIPT = Path(__file__).with_name("interrupts.py")

INTERRUPTS = os.environ.get("INTERRUPTS", "50")
"""How many exceptions come at random moments. CONTRIBUTING.md has the command for 7,000."""

MOMENTS = os.environ.get("MOMENTS", "12")
"""How many moments of calls are tried, of about a thousand; with each kind of store, others."""


Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def run() -> Generator[Run]:
    """Runs a scenario of interrupts.py, in a process that says where it hangs; returns its figures."""
    with prepared(SCRIPT) as programs:

        def run(*arguments: object) -> dict[str, Any]:
            ended = programs.run(*arguments, timeout=600)
            assert (ended.code, ended.err) == (0, "")
            print(ended.out)
            figures: dict[str, Any] = json.loads(ended.out)
            return figures

        yield run


def test_permits_come_back(run: Run) -> None:
    assert run("permits")["moments"] > 20


def test_an_exception_at_each_moment_of_a_call_leaves_the_pool_usable(run: Run) -> None:
    with echoing() as url:
        assert run("pool", url)["moments"] > 50


@pytest.mark.parametrize("how", ["signals", "raised"])
def test_exceptions_at_random_moments(run: Run, how: str) -> None:
    with echoing() as url:
        figures = run(how, url, INTERRUPTS)
    assert figures["interrupts"] >= int(INTERRUPTS)
    assert set(figures) == {"interrupts", "answered"}


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return server_of(kind, request, tmp_path)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis", *(["redis-single", "postgresql"] if SOAK else [])])
@pytest.mark.parametrize("what", ["handler", "collected", "cut_off"])
def test_at_moments_of_a_call(run: Run, what: str, kind: str, server: str, sandbox: Sandbox) -> None:
    figures = run(what, settings_of(sandbox), kind, server, MOMENTS)
    assert figures["moments"] > 100
