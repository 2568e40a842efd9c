"""Where the sandbox's endpoints are, and how they are found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from generators.uses import by_hand
from plain_client import Client
from typing_extensions import TypedDict

from dingtalk_models.resource.registry import OperationInfo
from dingtalk_models.sandbox.server import endpoints
from dingtalk_models.sandbox.server.endpoints import ENDPOINTS, Result, ServedEndpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.json_values import is_array, is_object
from dingtalk_models.sandbox.server.loading import load_endpoints
from dingtalk_models.sandbox.server.parameters import Parameters


@pytest.mark.parametrize("info", by_hand(), ids=lambda info: info.name)
def test_an_endpoint_is_in_the_folder_of_its_operation(info: OperationInfo) -> None:
    endpoint = ENDPOINTS.get(info.path, {}).get(info.http)
    assert endpoint is not None, f"the sandbox lacks {info.http} {info.path}"
    module = info.manager.__module__.split(".")[1]
    folder = endpoint.handler.__module__.split(".")[2]
    where = f"{info.http} {info.path} is in sandbox/{folder}, not in sandbox/{module}"
    assert folder in {module, "first_generation"}, where


@pytest.mark.parametrize(
    "endpoint",
    [endpoint for verbs in ENDPOINTS.values() for endpoint in verbs.values()],
    ids=lambda endpoint: f"{endpoint.verb} {endpoint.path}",
)
def test_a_signature_is_a_table_of_parameters(endpoint: ServedEndpoint) -> None:
    assert endpoint.parameters.model_json_schema(mode="serialization")["type"] == "object"


def test_each_object_among_parameters_refuses_flags_as_numbers() -> None:
    def models(schema: object) -> Iterator[type]:
        if is_object(schema):
            if schema.get("type") == "model":
                yield schema["cls"]
            schema = [part for name, part in schema.items() if name not in ("metadata", "cls")]
        if is_array(schema):
            yield from chain.from_iterable(map(models, schema))

    schemas = [
        endpoint.parameters.__pydantic_core_schema__ for verbs in ENDPOINTS.values() for endpoint in verbs.values()
    ]
    found = {*models(schemas)}
    assert {"Value", "Params", "Plugin"} <= {each.__name__ for each in found}
    assert [each for each in found if not issubclass(each, Parameters)] == []


class Row(TypedDict):
    sizes: list[int]


class Part(Parameters):
    row: Row


def test_a_number_is_no_flag_at_any_depth() -> None:
    def handler(company: object, *, parts: list[Part], limit: int | None = None) -> Result:
        return {}

    endpoint = replace(ENDPOINTS["/topapi/v2/user/get"]["POST"], handler=handler)
    assert endpoint.read({"parts": [{"row": {"sizes": [1, "2"]}}], "limit": "3"})["limit"] == 3
    for flag in (True, False):
        with pytest.raises(Refused):
            endpoint.read({"parts": [{"row": {"sizes": [1, flag]}}]})
        with pytest.raises(Refused):
            endpoint.read({"parts": [], "limit": flag})


STICKERS = """
from __future__ import annotations

from typing import Annotated, NotRequired, Required, Unpack

from typing_extensions import TypedDict

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.state.company import Company


class Sticker(TypedDict):
    name: Annotated[str, Code(60112)]
    size: NotRequired[Annotated[int, Code(40006)]]


class Album(TypedDict, total=False):
    title: Required[Annotated[str, Code(60001)]]
    order: int


@endpoint("POST", "/topapi/sticker/add", invalid=40035)
def add_sticker(company: Company, **sticker: Unpack[Sticker]) -> Result:
    return {"result": sticker}


@endpoint("POST", "/topapi/album/add", invalid=40035)
def add_album(company: Company, *, owner: str, **album: Unpack[Album]) -> Result:
    return {"result": album}
"""


def test_a_new_file_is_found_and_its_parameter_sets_are_read(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "ENDPOINTS", endpoints.ENDPOINTS.copy())
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "stickers").mkdir()
    (tmp_path / "stickers" / "__init__.py").touch()
    (tmp_path / "stickers" / "sticker.py").write_text(STICKERS)
    assert client.code("/topapi/sticker/add", name="赞") == 22
    load_endpoints(["stickers"])
    assert client.result("/topapi/sticker/add", name="赞") == {"name": "赞"}
    assert client.result("/topapi/sticker/add", name="赞", size="2") == {"name": "赞", "size": 2}
    assert client.code("/topapi/sticker/add", size=2) == 60112
    assert client.code("/topapi/sticker/add", name="赞", size="big") == 40006
    assert client.result("/topapi/album/add", owner="youna", title="表情", order=1) == {"title": "表情", "order": 1}
    assert client.code("/topapi/album/add", owner="youna") == 60001
    assert client.code("/topapi/album/add", title="表情") == 40035
