"""docs/reference/: each method of `app.platform` is there, its example is a call of it, each name is found."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import Any

import pytest
from generators import facts, places
from generators.pages import REFERENCE

from dingtalk_models import DingTalkApp, operations
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.steps import Lazy
from dingtalk_models.platform.products import PRODUCTS

LARGEST = 300_000
"""How many bytes a page may have, so that it is shown."""
OTHERS = {"index", "entities", "names", "sdk-names", "older-names"}


@cache
def text(page: str) -> str:
    return (REFERENCE / f"{page}.md").read_text(encoding="utf-8")


def methods(product: str) -> dict[str, str]:
    """What the page of a product says of each method."""
    _, *sections = re.split(r"^## (?=\w+$)", text(product), flags=re.MULTILINE)
    return {section.partition("\n")[0]: section for section in sections}


def test_there_is_a_page_for_each_product() -> None:
    assert {page.stem for page in REFERENCE.iterdir()} == {*PRODUCTS, *OTHERS}
    assert [page.name for page in REFERENCE.iterdir() if page.stat().st_size > LARGEST] == []


def test_each_method_is_on_the_page_of_its_product() -> None:
    expected: dict[str, set[str]] = {}
    for place in places.places().values():
        expected.setdefault(place.product, set()).add(place.method)
    assert {product: {*methods(product)} for product in PRODUCTS} == expected


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_a_page_says_of_each_method(product: str) -> None:
    for place in places.places().values():
        if place.product == product:
            said = methods(product)[place.method]
            info = place.info
            assert f"`{info.http} {info.path}`" in said
            from_sdk = info.evidence == "sdk"
            assert (
                "evidence: sdk" if from_sdk else f"https://open.dingtalk.com/document/development/{info.source})"
            ) in said
            assert info.title in said
            assert [each for each in (*info.names, *info.scopes, *info.app_types) if each not in said] == []
            assert [code for code in info.codes if f"`{code}`" not in said] == [] or "#共用错误码-codes-" in said
            fields = [name for name in place.definition().arguments.fields if f"| `{name}` |" not in said]
            assert place.by_hand or fields == [], info.name
            assert ("written by hand" in said) == place.by_hand


@pytest.mark.parametrize("product", PRODUCTS)
def test_each_example_is_a_call_of_its_method(product: str) -> None:
    app = DingTalkApp(appkey="k", appsecret="s", agent_id="1", corp_id="c")
    for place in places.places().values():
        if place.product == product:
            (code,) = re.findall(r"```python\n(.*?)\n```", methods(product)[place.method], re.DOTALL)
            call = made(app, code)
            if isinstance(call, Lazy):
                assert call.name == place.definition().name
            else:
                endpoint: Endpoint = call.endpoint
                assert (endpoint.verb, endpoint.path) == (place.info.http, place.info.path)
    app.close()


def made(app: DingTalkApp, code: str) -> Any:
    """The unsent call that an example makes."""
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    method: Any = app
    _, *way = ast.unparse(call.func).split(".")
    for name in way:
        method = getattr(method, name)
    given: dict[str, Any] = {}
    for keyword in call.keywords:
        value = ast.literal_eval(keyword.value)
        given |= {keyword.arg: value} if keyword.arg else value
    return method.call(*map(ast.literal_eval, call.args), **given)


def test_each_name_is_found_by_its_text() -> None:
    known = {name for info in operations() for name in info.names} | {old["method"] for old in facts.methods()}
    listed = re.findall(r"^\| `([^`()]+)` \|", text("names") + text("sdk-names") + text("older-names"), re.MULTILINE)
    assert sorted(listed) == sorted(known)


def test_the_index_or_the_page_of_the_sdk_has_each_method_once() -> None:
    listed = re.findall(r"\]\(([\w-]+\.md#\w+)\) \|", text("index") + text("sdk-names"))
    assert sorted(listed) == sorted(f"{each.product}.md#{each.method}" for each in places.places().values())


def test_the_summary_counts_every_documented_api() -> None:
    summary = (REFERENCE.parent / "coverage.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| .+ \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", summary, re.MULTILINE)
    *counts, total = [tuple(map(int, each)) for each in rows]
    assert total == tuple(map(sum, zip(*counts, strict=True)))
    documented, here, by_hand, generated = total
    assert documented == here == by_hand + generated == 1171
