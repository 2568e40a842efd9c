"""Fixtures: a sandbox with its app for each test, and servers that start when the first test needs them."""

from __future__ import annotations

import logging
import os
import signal
import ssl
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

import cli_running
import peers
import pytest
import servers
from coverage import Coverage
from hypothesis import settings
from measured import MEASURED
from plain_client import Client
from refreshing import FAST, Clock
from soaking import tries

import dingtalk_models
from dingtalk_models import DingTalkApp, Space
from dingtalk_models.core import context
from dingtalk_models.resource import registry
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.server import http_server

# no deadline: how long an example takes depends on the machine
settings.register_profile("unhurried", deadline=None, max_examples=tries(30))
settings.load_profile("unhurried")

# texts are compared in English, whoever runs the tests
os.environ["LC_ALL"] = "C.UTF-8"

# a shell starts what runs in its background with SIGINT ignored, and tests press Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)

PACKAGE = Path(dingtalk_models.__file__).parent


def _import_what_is_held() -> None:
    """Import the files of which scripts/test counts the lines."""
    for folder in ("core", "call", "resource", *(module.parent.name for module in PACKAGE.glob("*/module.py"))):
        for path in (PACKAGE / folder).rglob("*.py"):
            name = path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", ".")
            import_module(name.removesuffix(".__init__"))


# coverage is measured where tests run: in the workers of pytest-xdist, not in what starts them, nor in what tests start
_coverage = Coverage.current() if os.environ.get("COVERAGE_PROCESS_START") else None
if _coverage:
    if "PYTEST_XDIST_WORKER" in os.environ:
        del os.environ["COVERAGE_PROCESS_START"]
        _import_what_is_held()  # with its definitions measured: the imports of the tests are not
    _coverage.stop()


BEGUN_FIRST = {"test_stream_hour", "test_typing", "test_queued_bot"}
"""The files with the longest tests: at the end, the other cores would have nothing to do beside them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in BEGUN_FIRST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure the coverage of some tests."""
    if _coverage is None or item.path.stem.removeprefix("test_") not in MEASURED:
        return (yield)
    _coverage.start()
    try:
        return (yield)
    finally:
        _coverage.stop()


@pytest.fixture(autouse=True)
def no_default_app() -> Generator[None]:
    """A test that has an app used by default leaves none behind."""
    yield
    context.use(None)


@pytest.fixture
def sandbox() -> Generator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def app(sandbox: Sandbox) -> Generator[DingTalkApp]:
    with sandbox.app() as chosen:
        yield chosen
    chosen.close()


@pytest.fixture
def who(sandbox: Sandbox) -> str:
    """The union id of a user."""
    return sandbox.company.users["caohui"].unionid


@pytest.fixture
def space(app: DingTalkApp, who: str) -> Space:
    """A space for files."""
    return Space.create(who, name="资料")


@pytest.fixture
def names() -> Generator[None]:
    """The names that a test adds are gone after it."""
    before, owners = dict(registry.by_name), list(vars(registry)["_owners"])
    yield
    registry.by_name.clear()
    registry.by_name.update(before)
    vars(registry)["_owners"][:] = owners


@pytest.fixture
def client(sandbox: Sandbox) -> Generator[Client]:
    plain = Client(sandbox)
    with plain.http:
        yield plain


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every TCP connection that a sandbox accepts."""
    accepted: list[object] = []
    protocol_class: Any = vars(http_server)["_Protocol"]
    original = protocol_class.connection_made

    def counting(protocol: Any, transport: object) -> None:
        accepted.append(transport)
        original(protocol, transport)

    monkeypatch.setattr(protocol_class, "connection_made", counting)
    return accepted


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of credentials and sessions. It must be set up before the app."""
    return Clock(monkeypatch)


@pytest.fixture
def fast(app: DingTalkApp) -> None:
    """Lets the app retry without waiting."""
    app.retry = FAST


@pytest.fixture
def ready(app: DingTalkApp, sandbox: Sandbox, fast: None) -> DingTalkApp:
    """The app with its token, so that fetching it is no call of the test."""
    app.session.set(app.access_token_credential.key, *sandbox.company.credentials.issue_token())
    return app


@pytest.fixture
def key() -> str:
    """A key of the session store that no other test uses."""
    return f"dingtalk:test:{uuid.uuid4().hex}"


@pytest.fixture(params=[*peers.CALLERS.values()], ids=[*peers.CALLERS])
def caller(request: pytest.FixtureRequest) -> Generator[peers.Caller]:
    """Both transports."""
    calling: peers.Caller = request.param()
    yield calling
    calling.close()


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ssl.SSLContext | None:
    """The TLS context of a peer, which both transports trust; `None` for plain HTTP."""
    return peers.trusted(monkeypatch, tmp_path) if request.param == "https" else None


def _started(server: Callable[[], AbstractContextManager[str]]) -> Callable[[], Iterator[str]]:
    """The URL of a server that is started once, when a test first needs it."""

    def url() -> Iterator[str]:
        with server() as address:
            yield address

    return pytest.fixture(scope="session")(url)


redis_url = _started(servers.redis)
memcached_url = _started(servers.memcached)
mariadb_url = _started(servers.mariadb)
postgresql_url = _started(servers.postgresql)


@pytest.fixture
def cli(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Generator[cli_running.Cli]:
    """The command, for the app of the sandbox, with an empty folder for its settings."""
    for name in [name for name in os.environ if name.startswith("DINGTALK_")]:
        monkeypatch.delenv(name)
    for name, value in cli_running.variables(sandbox, XDG_CONFIG_HOME=str(tmp_path)).items():
        if name.startswith(("DINGTALK_", "XDG_")):
            monkeypatch.setenv(name, value)
    level = logging.getLogger("dingtalk_models").level
    yield cli_running.Cli(monkeypatch, capsys, sandbox)
    logging.getLogger("dingtalk_models").setLevel(level)
