"""Servers shared by the tests; each is started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import servers


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
