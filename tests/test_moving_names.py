"""docs/migrating.md has a row for each method of the older clients, and what each row names exists."""

from __future__ import annotations

import importlib
import inspect
import re
from types import FunctionType
from typing import Any, cast

import pytest
import test_first_generation
from generators import moving, places

import dingtalk_models
from dingtalk_models import DingTalkApp
from dingtalk_models.auth.module import Auth

SDK: Any = importlib.import_module("dingtalk.client")  # the package has no types
BASE: Any = importlib.import_module("dingtalk.client.base")
API: Any = importlib.import_module("dingtalk.client.api.base")
TAOBAO: Any = importlib.import_module("dingtalk.client.api.taobao")
CLIENTS: dict[str, tuple[Any, ...]] = {
    "client": (BASE.BaseClient, SDK.DingTalkClient),
    "channel client": (importlib.import_module("dingtalk.client.channel").ChannelClient,),
    "isv client": (importlib.import_module("dingtalk.client.isv").ISVClient,),
}


APP = DingTalkApp(appkey="k", appsecret="s")


def members(kind: type) -> dict[str, Any]:
    return dict(vars(kind))


def public(kind: type) -> set[str]:
    """The methods and properties of a class of the older package."""
    return {
        name
        for name, value in members(kind).items()
        if not name.startswith("_")
        and isinstance(value, FunctionType | classmethod | staticmethod | property)
        and not isinstance(value, API.DingTalkBaseAPI)
    }


def names(methods: list[str]) -> set[str]:
    return {method.partition("(")[0] for method in methods}


def test_every_public_method_of_dingtalk_sdk_is_listed() -> None:
    listed = {module: names(methods) for module, methods in moving.older("dingtalk-sdk").items()}
    there = {module: set[str]().union(*map(public, kinds)) for module, kinds in CLIENTS.items()}
    for name, value in members(SDK.DingTalkClient).items():
        if isinstance(value, API.DingTalkBaseAPI):
            there[name] = public(type(cast("object", value)))
    there["tbdingding"] = public(type(cast("object", TAOBAO.TaobaoMixin.tbdingding)))
    assert listed == there
    assert sum(map(len, listed.values())) == 573


def test_the_parameters_are_listed_too() -> None:
    for module, methods in moving.older("dingtalk-sdk").items():
        api: Any = getattr(SDK.DingTalkClient, module, None)
        listed = isinstance(api, API.DingTalkBaseAPI) and module != "tbdingding"
        for method in methods if listed else []:
            name, _, parameters = method.removesuffix(")").partition("(")
            given = inspect.signature(getattr(api, name)).parameters
            assert parameters == ", ".join(given), f"{module}.{method}"


def test_every_method_of_the_first_generation_is_listed() -> None:
    listed = {module: names(methods) for module, methods in moving.older("first generation").items()}
    for module, front in test_first_generation.FRONT.items():
        assert set(front.split()) <= listed[module], module
    of_the_app = {"timestamp", "run", "register_methods", "access_token", "jsapi_ticket", "space_id"}
    assert listed["app"] == {*of_the_app, *test_first_generation.FRONT["auth"].split()}


@pytest.mark.parametrize("client", ["first generation", "dingtalk-sdk"])
def test_each_has_its_successor_and_no_other_has_one(client: str) -> None:
    methods = {
        moving.key(module, method)
        for module, listed in moving.older(client).items()
        for method in listed
        if module != "tbdingding" and module not in moving.successors("whole clients")
    }
    assert moving.successors(client).keys() == methods


def reached(found: Any, way: list[str]) -> Any:
    """What lies at the end of some attributes."""
    for step in way:
        found = getattr(found, step)
    return found


def test_each_call_that_is_named_exists() -> None:
    calls = [call for now in moving.successors("dingtalk-sdk").values() for call in now.here.split("; ") if call]
    for call in calls:
        *way, last = re.findall(r"\w+", call.partition("(")[0])[1:]
        assert hasattr(reached(APP, [*way, "__class__"]), last), call  # of the class: a property would fetch a token
    assert len(calls) > 80


def test_each_operation_that_is_named_exists() -> None:
    operations = [now.operation for now in moving.successors("first generation").values() if now.operation]
    for operation in operations:
        resource, *way = operation.split(".")
        assert reached(Auth if resource == "Auth" else getattr(dingtalk_models, resource), way), operation
    assert len(operations) > 50


def test_each_endpoint_that_is_named_is_a_method_of_the_platform_only() -> None:
    named = {method: now for method, now in moving.successors("dingtalk-sdk").items() if now.instead}
    for method, now in named.items():
        place = places.place(now.instead)
        assert not place.by_hand, f"{method}: there is an object for it, name the call in successors.json"
        assert hasattr(APP.platform, place.product)
        for page in moving.PAGES.values():
            assert f"#{place.method}) `app.platform.{place.call}`" in page.read_text(encoding="utf-8")
    assert len(named) > 30


@pytest.mark.parametrize("language", [each for each, page in moving.PAGES.items() if page.exists()])
def test_the_page_has_a_row_for_each(language: str) -> None:
    text = moving.PAGES[language].read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))
    for module, methods in moving.older("first generation").items():
        owner = "app" if module == "app" else f"app.{module}"
        assert {f"{owner}.{method}" for method in methods} <= rows
    for module, methods in moving.older("dingtalk-sdk").items():
        owner = moving.OWNERS.get(module, f"client.{module}")
        if module != "tbdingding":
            assert {f"{owner}.{method}" for method in methods} <= rows
    for now in (*moving.successors("first generation").values(), *moving.successors("dingtalk-sdk").values()):
        assert bool(now.en) == bool(now.zh), now


def test_the_page_of_the_gateway_has_a_row_for_each() -> None:
    text = moving.GATEWAY.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    assert {name for name, _ in rows} == set(moving.older("dingtalk-sdk")["tbdingding"])
    assert sum(now.startswith("`app.run(") for _, now in rows) > 100
