"""The official Python SDK's own client, called for each of its operations: answered, and read by its own models."""

from __future__ import annotations

from collections.abc import Generator
from importlib import import_module

import pytest
from documented import Api
from generators import facts
from official_client import OfficialClient, as_known, operations

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.server.endpoints import route

BROKEN = "doc_2_0"
"""The product that the SDK itself cannot import: two of its models name each other."""
PRODUCTS = sorted({page["sdk_operation"].partition(".")[0] for page in facts.sdk()} - {BROKEN})
ELSEWHERE = {
    "edu_1_0.QueryClassScheduleByTimeSchool": "the SDK's path ends with a space",
    "esign_2_0.CancelCorpAuth": "its page requires a body, the SDK has none",
    "yida_2_0.GetRoleDetailById": "its page has another path",
}
"""The operations of which the documentation and the SDK say different things."""


@pytest.fixture(scope="module")
def shared() -> Generator[Sandbox]:
    with Sandbox() as running:
        yield running


def has_a_function(api: Api) -> bool:
    """Whether the sandbox has a behaviour for it, so that it may refuse what does not exist."""
    return api.pages[0]["http"] in route(api.pages[0]["path"].replace("{", "").replace("}", ""))[0]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("product", PRODUCTS)
def test_each_operation_is_answered_and_read(product: str, shared: Sandbox) -> None:
    client = OfficialClient(product, shared)
    failed: list[str] = []
    for api in map(as_known, operations(product)):
        if has_a_function(api) or api.name in ELSEWHERE:
            continue
        response, kind = client.call(api), "sdk" if facts.from_sdk(api.pages) else "documented"
        if (response.status_code, response.headers.get("x-sandbox")) != (200, kind):
            failed.append(f"{api.name}: {response.status_code} {response.headers}")
    assert failed == []


def test_how_many_there_are() -> None:
    apis = [as_known(page) for product in PRODUCTS for page in operations(product)]
    with_functions = sum(map(has_a_function, apis))
    assert len(apis) + len(operations(BROKEN)) == 3268
    assert len(apis) - with_functions - len(ELSEWHERE) == 3107


@pytest.mark.filterwarnings("ignore")
def test_the_broken_product_is_broken() -> None:
    with pytest.raises(NameError):
        import_module(f"alibabacloud_dingtalk.{BROKEN}.client")
