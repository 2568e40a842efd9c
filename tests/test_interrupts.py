"""What comes from outside at any moment of a call: nothing hangs, nothing is crossed, and no permit is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from echo_server import echoing
from stores import SOAK, server_of
from test_forks import settings_of

from dingtalk_models.sandbox import Sandbox

SCRIPT = Path(__file__).with_name("interrupts.py")

INTERRUPTS = os.environ.get("INTERRUPTS", "100")
"""How many exceptions come at random moments. CONTRIBUTING.md has the command for 7,000."""

MOMENTS = os.environ.get("MOMENTS", "25")
"""How many moments of calls are tried, of about a thousand; with each kind of store, others."""


def run(*arguments: object) -> dict[str, Any]:
    """Run a scenario of interrupts.py, in a process that says where it hangs; returns its figures."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    print(done.stdout)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def test_permits_come_back() -> None:
    assert run("permits")["moments"] > 20


def test_an_exception_at_each_moment_of_a_call_leaves_the_pool_usable() -> None:
    with echoing() as url:
        assert run("pool", url)["moments"] > 50


@pytest.mark.parametrize("how", ["signals", "raised"])
def test_exceptions_at_random_moments(how: str) -> None:
    with echoing() as url:
        figures = run(how, url, INTERRUPTS)
    assert figures["interrupts"] >= int(INTERRUPTS)
    assert set(figures) == {"interrupts", "answered"}


@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis", *(["redis-single", "postgresql"] if SOAK else [])])
@pytest.mark.parametrize("what", ["handler", "collected", "cut_off"])
def test_at_moments_of_a_call(
    what: str, kind: str, sandbox: Sandbox, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    figures = run(what, settings_of(sandbox), kind, server_of(kind, request, tmp_path), MOMENTS)
    assert figures["moments"] > 100
