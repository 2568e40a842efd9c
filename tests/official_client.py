"""The official Python SDK's own client, called for an operation with what it requires."""

from __future__ import annotations

import inspect
import re
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from documented import Api
from generators import facts
from generators.facts import Page
from generators.platform.endpoints import known, merged

from dingtalk_models.sandbox import Sandbox

TOKEN = "x_acs_dingtalk_access_token"


def operations(product: str) -> list[Page]:
    """The operations of a product of the SDK."""
    return [page for page in facts.sdk() if page["sdk_operation"].startswith(f"{product}.")]


def as_known(page: Page) -> Api:
    """An operation of the SDK as the sandbox knows it: by its place, or by its name."""
    places, names = _known()
    pages = places.get(facts.place_of(page)) or names[page["sdk_operation"]]
    return Api(page["sdk_operation"], pages, merged(pages))


@cache
def _known() -> tuple[dict[tuple[str, str], list[Page]], dict[str, list[Page]]]:
    """The pages of each endpoint, by its place and by its name."""
    every = known().values()
    return {facts.place_of(pages[0]): pages for pages in every}, {
        pages[0]["sdk_operation"]: pages for pages in every if "sdk_operation" in pages[0]
    }


class OfficialClient:
    """The client of a product, for a sandbox."""

    def __init__(self, product: str, sandbox: Sandbox) -> None:
        models: Any = import_module("alibabacloud_tea_openapi.models")
        config = models.Config(protocol="http", region_id="central", endpoint=urlsplit(sandbox.url).netloc)
        self._client: Any = import_module(f"alibabacloud_dingtalk.{product}.client").Client(config)
        runtime: Any = import_module("alibabacloud_tea_util.models")
        self._runtime = runtime.RuntimeOptions(autoretry=False)
        self._token, _ = sandbox.company.credentials.issue_token()
        ending = "_with_options"
        self._methods = {_flat(name.removesuffix(ending)): name for name in dir(self._client) if name.endswith(ending)}

    def call(self, api: Api) -> Any:
        """Call an operation, and return the SDK's response."""
        method = getattr(self._client, self._methods[_flat(api.name.partition(".")[2])])
        given = api.only_required
        place = {row["name"]: row["in"] for row in api.rows}
        path = {_flat(name): value for name, value in given.items() if place[name] == "path"}
        fields = {name or "body": value for name, value in given.items() if place[name] in {"query", "body"}}
        headers = {name: value for name, value in given.items() if place[name] == "header"}
        arguments: list[Any] = []
        for name, parameter in inspect.signature(method).parameters.items():
            if name == "runtime":
                arguments.append(self._runtime)
            elif name == "headers":
                arguments.append(self._headers(parameter.annotation, headers))
            elif name in {"request", "tmp_req"}:
                arguments.append(parameter.annotation().from_map(fields))
            else:
                arguments.append(str(path.get(_flat(name), next(iter(path.values()), "1"))))
        return method(*arguments)

    def _headers(self, kind: Any, given: dict[str, Any]) -> Any:
        if not hasattr(kind, "from_map"):
            return {TOKEN.replace("_", "-"): self._token}
        made = kind()
        for name, value in {TOKEN: self._token, **given}.items():
            setattr(made, re.sub(r"\W", "_", name), value)
        return made


def _flat(name: str) -> str:
    return name.replace("_", "").lower()
