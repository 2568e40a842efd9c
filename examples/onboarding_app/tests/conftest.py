"""What all tests have in common."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def dingtalk_settings() -> dict[str, object]:
    """Each test begins with our company."""
    return {"company": Path(__file__).parent / "company.yaml"}


@pytest.fixture
def anyio_backend() -> str:
    """Where coroutine functions run."""
    return "asyncio"
