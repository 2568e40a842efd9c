"""Each operation of the registry in its four uses: blocking, awaited, unsent, by name. All have the same result.

The platform's part is played by what its documentation says that it answers. What an operation does to a company is
tested module by module, over HTTP.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import conventions
import pytest
from generators import samples
from generators.uses import by_hand
from helpers import sent, whole

from dingtalk_models import DingTalkApp, HttpRequest, HttpResponse, InvalidArgument
from dingtalk_models.core.json_values import is_object
from dingtalk_models.resource.registry import OperationInfo

APPS_OWN = b'{"appKey":"key","appSecret":"secret"}'
TOKEN = b'{"accessToken":"t","expireIn":7200}'
FIRST_PAGES = {"has_more": False, "hasMore": False, "next_cursor": None, "nextCursor": None, "nextToken": None}


class Documented:
    """Answers every call with one reply, and the app's own request for a token with a token."""

    def __init__(self, reply: Any) -> None:
        self.reply = json.dumps(reply).encode()
        self.sent: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        if request.content == APPS_OWN:
            return HttpResponse(200, {}, TOKEN)
        self.sent.append(request)
        return HttpResponse(200, {}, self.reply)

    def close(self) -> None: ...


class DocumentedAsync:
    """The same on the event loop."""

    def __init__(self, inner: Documented) -> None:
        self.inner = inner

    async def send(self, request: HttpRequest) -> HttpResponse:
        return self.inner.send(request)

    async def close(self) -> None: ...


def last_page(reply: Any) -> Any:
    """The same reply as one after which nothing follows."""
    if not is_object(reply):
        return reply
    return {name: FIRST_PAGES.get(name, last_page(value)) for name, value in reply.items()}


def documented(info: OperationInfo, file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments, with this file where one is sent, and a reply, from the first page whose sample is taken."""
    for page in conventions.pages(info):
        arguments = conventions.said(info, samples.request_sample(page))
        try:
            conventions.build(info, arguments)
        except InvalidArgument:
            continue
        files = {row["name"] for row in samples.rows(page) if row["type"] == "file"}
        arguments |= dict.fromkeys(files & arguments.keys(), file)
        success = {"errcode": 0} if info.host == "oapi" else {}
        todays = conventions.definition(info).arguments.by_todays_names(arguments)
        return todays, last_page(samples.reply_from_table(page)) | success
    raise AssertionError(f"no documented sample fits {info.name}")


@pytest.mark.parametrize("info", by_hand(), ids=lambda info: info.name)
def test_an_operation_in_its_four_uses(info: OperationInfo, tmp_path: Path) -> None:
    file = tmp_path / "222.png"
    file.write_bytes(b"its content")
    arguments, reply = documented(info, file)
    platform = Documented(reply)
    with DingTalkApp(
        corp_id="corp",
        appkey="key",
        appsecret="secret",
        agent_id=1,
        transport=platform,
        async_transport=DocumentedAsync(platform),
        rate_limit=None,
    ) as app:
        use = getattr(info.manager(app), info.method)
        unsent = use.call(**arguments)
        uses: dict[str, Callable[[], Any]] = {
            "blocking": lambda: whole(use(**arguments)),
            "awaited": lambda: asyncio.run(use.aio(**arguments)),
            "unsent": lambda: sent(app, unsent),
            "by name": lambda: whole(app.run(info.name, **arguments)),
        }
        answers: dict[str, Any] = {}
        requests: dict[str, int] = {}
        for name, once in uses.items():
            platform.sent.clear()
            answers[name] = once()
            requests[name] = len(platform.sent)
    assert answers == dict.fromkeys(uses, answers["blocking"])
    assert requests == dict.fromkeys(uses, max(requests["blocking"], 1))
