"""Random requests, by the OpenAPI document of the handle and by the documentation of the platform: none breaks it.

For ten thousand of them:

    DINGTALK_RANDOM_REQUESTS=10000 .venv/bin/python -m pytest tests/test_flood.py
"""

from __future__ import annotations

import json
import logging
import os
import random
from typing import Final

import pytest
from flooding import broken, flood, operations_of, platform_document
from plain_client import Client

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.handle.serving import described
from dingtalk_models.sandbox.platform.documented import every

REQUESTS: Final = int(os.environ.get("DINGTALK_RANDOM_REQUESTS", "600"))
SEED: Final = int(os.environ.get("DINGTALK_RANDOM_SEED", "20260101"))


def test_the_handle(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    operations = operations_of(json.loads(described()))
    statuses = flood(sandbox.url, operations, REQUESTS // 2, start=SEED)
    assert {200, 204, 404, 409, 422} <= statuses.keys()
    assert broken(caplog.records) == []


def test_the_platform(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    endpoints = list(every())
    chosen = random.Random(SEED).sample(endpoints, min(len(endpoints), REQUESTS // 9))
    operations = operations_of(platform_document(chosen))
    statuses = flood(client.sandbox.url, operations, REQUESTS // 2, token=client.token, start=SEED)
    assert {200, 400} <= statuses.keys()
    assert broken(caplog.records) == []
