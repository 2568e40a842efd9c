"""Fixtures: a sandbox with its app for each test, and servers that start when the first test needs them."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Generator
from pathlib import Path

import peers
import pytest
import servers
from hypothesis import settings
from plain_client import Client
from refreshing import FAST, Clock

from dingtalk_models import DingTalkApp, Space
from dingtalk_models.sandbox import Sandbox

# how long an example takes says more of the machine than of the code
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


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
    """The union id of somebody."""
    return sandbox.company.users["caohui"].unionid


@pytest.fixture
def space(app: DingTalkApp, who: str) -> Space:
    """A space for files."""
    return Space.create(who, name="资料")


@pytest.fixture
def client(sandbox: Sandbox) -> Generator[Client]:
    plain = Client(sandbox)
    with plain.http:
        yield plain


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of credentials and sessions; it has to be there before the app."""
    return Clock(monkeypatch)


@pytest.fixture
def fast(app: DingTalkApp) -> None:
    """Lets the app try again at once."""
    app.retry = FAST


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
    """What a peer speaks: nothing, or TLS that both transports trust."""
    return peers.trusted(monkeypatch, tmp_path) if request.param == "https" else None


@pytest.fixture(scope="session")
def redis_url() -> Generator[str]:
    with servers.redis() as url:
        yield url


@pytest.fixture(scope="session")
def memcached_url() -> Generator[str]:
    with servers.memcached() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Generator[str]:
    with servers.mariadb() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_url() -> Generator[str]:
    with servers.postgresql() as url:
        yield url
