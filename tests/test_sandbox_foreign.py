"""What clients in other languages send: they were not made for this sandbox, and read what the platform answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from documented import Api, Raw, apis
from generators import facts
from plain_client import Client

from dingtalk_models.platform.products import PRODUCTS
from dingtalk_models.sandbox import Sandbox

BLANK = "AuthenticationFailed.MissingParameter"


NOT_READ = {"POST /v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/query"}
"""Where nothing has to be in the body, and the sandbox reads nothing there."""


def newer() -> Iterator[Api]:
    """Every documented API of the newer host."""
    return (api for product in PRODUCTS for api in apis(product) if api.pages[0]["host"] == "api")


def place_of(api: Api) -> str:
    return f"{api.pages[0]['http']} {api.pages[0]['path']}"


@pytest.mark.parametrize("content", [{"json": {}}, {"data": {"type": "image"}}, {"data": "x"}, {}])
@pytest.mark.parametrize("path", ["/media/upload", "/file/upload/single", "/file/upload/chunk"])
def test_a_file_comes_in_a_multipart_body(client: Client, path: str, content: dict[str, Any]) -> None:
    query = {"access_token": client.token, "type": "image"}
    assert client.json("POST", path, params=query, **content) == {"errcode": 43008, "errmsg": "参数需要multipart类型"}


def test_a_multipart_body_without_the_file(client: Client) -> None:
    query = {"access_token": client.token, "type": "image"}
    assert client.json("POST", "/media/upload", params=query, files={"x": b"1"})["errcode"] == 41005


def test_who_is_named_twice_leaves_once(client: Client, sandbox: Sandbox) -> None:
    group = sandbox.add_group(["zhaolei", "sunjing", "hanmei"], owner="zhaolei")
    place = {"open_conversation_id": group.open_conversation_id}
    reply = client.api("/v1.0/im/sceneGroup/member/delete", **place, user_ids=["sunjing", "sunjing"])
    assert (reply.status_code, reply.json()) == (200, {"success": True})
    assert group.members == ["zhaolei", "hanmei"]


def test_no_body_is_asked_for_where_none_is_documented(sandbox: Sandbox) -> None:
    asked: list[str] = []
    with Raw(sandbox) as raw:
        for api in newer():
            takes_one = any(row["in"] == "body" for row in api.rows) and place_of(api) not in NOT_READ
            reply = raw.send(api, api.only_required, body=False)
            if not takes_one and "body is mandatory" in reply.text:
                asked.append(place_of(api))
    assert asked == []


def test_a_token_is_asked_for_where_one_is_documented(sandbox: Sandbox) -> None:
    wrong: list[str] = []
    with Raw(sandbox) as raw:
        raw.token = ""
        for api in newer():
            needs_none = facts.needs_no_token(api.pages) or place_of(api) in facts.official_sdk()["without_token"]
            reply = raw.send(api, api.only_required)
            if (reply.status == 400 and reply.body["code"] == BLANK) is needs_none:
                wrong.append(place_of(api))
    assert wrong == []


def test_every_answer_that_the_official_sdk_reads_is_json(sandbox: Sandbox) -> None:
    empty: set[str] = set()
    with Raw(sandbox) as raw:
        empty = {place_of(api) for api in newer() if raw.send(api, api.only_required).body is None}
    assert empty <= {*facts.official_sdk()["without_reply"]}
    assert "DELETE /v1.0/drive/spaces/{spaceId}" in empty  # documented without a body, and nobody reads one
