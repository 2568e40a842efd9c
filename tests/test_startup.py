"""What a start costs: a program imports what its calls need, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from dingtalk_models.sandbox import Sandbox

FLOOR = "import requests, pydantic\nclass Reply(pydantic.BaseModel):\n    name: str"
PACKAGE = "import dingtalk_models"
FIRST_CALL = """
import sys
from dingtalk_models import Department, DingTalkApp, User
app = DingTalkApp(appkey=sys.argv[1], appsecret=sys.argv[2], oapi_url=sys.argv[3], api_url=sys.argv[3])
with app:
    assert Department.objects.get(1).dept_id == 1
app.close()
"""

NOT_OURS = {
    *("asyncio", "concurrent.futures.process", "difflib", "sqlite3", "subprocess"),
    *("aiohttp", "redis", "pymemcache", "memcache", "sqlalchemy", "Crypto"),
}
OURS = {
    *("hr", "contact.module", "contact.role", "callback", "customer", "file", "message", "smartwork"),
    *("call.asynchronous", "call.transport.asynchronous", "by_name.run", "resource.method_names"),
    "first_generation.retired",
    *("sessions.redis", "sessions.memcached", "sessions.sql", "sessions.sqlite", "sessions.custom"),
}
MOST = 88
"""Modules that a first call imports beyond those of requests and one model: a few more than there are today."""


@pytest.fixture
def credentials(sandbox: Sandbox) -> list[str]:
    return [sandbox.appkey, sandbox.appsecret, sandbox.url]


def run(code: str, arguments: list[str]) -> str:
    """Run code in a process of its own, which may cache the byte code of what it imports."""
    cached = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=cached, check=True, capture_output=True, text=True).stdout


def modules(code: str, arguments: list[str]) -> set[str]:
    """What is imported when code has run."""
    return set(run(f"{code}\nimport sys\nprint(*sys.modules)", arguments).split())


def test_importing_the_package_imports_nothing() -> None:
    """1.1 seconds and 177 MB for one import, in other clients."""
    loaded = modules(PACKAGE, []) - modules("", [])
    ours = {name for name in loaded if name.startswith("dingtalk_models")}
    assert ours == {"dingtalk_models", "dingtalk_models.core", "dingtalk_models.core.lazy"}
    assert {name.partition(".")[0] for name in loaded - ours} <= sys.stdlib_module_names
    assert not loaded & {"typing", "re", "dataclasses", "inspect", "json", "asyncio", "ssl"}


def test_a_first_call_imports_what_it_needs(credentials: list[str]) -> None:
    assert [name for name in OURS if find_spec(f"dingtalk_models.{name}") is None] == [], "they are called otherwise"
    loaded = modules(FIRST_CALL, credentials) - modules(FLOOR, [])
    assert not loaded & (NOT_OURS | {f"dingtalk_models.{name}" for name in OURS})
    assert len(loaded) <= MOST, sorted(loaded)


REFUSED = """
app = DingTalkApp(appkey=sys.argv[1], appsecret=sys.argv[2], oapi_url="http://127.0.0.1:1", api_url=sys.argv[3])
with app:
    try:
        Department.objects.get(1)
    except OSError:
        pass
app.close()
"""


def test_trying_again_imports_no_library(credentials: list[str]) -> None:
    """An import that a signal's exception ends leaves a part of a library behind, which no later call could use."""
    loaded = modules(FIRST_CALL + REFUSED, credentials) - modules(FIRST_CALL, credentials)
    assert {name.partition(".")[0] for name in loaded} <= {*sys.stdlib_module_names, "dingtalk_models"}
