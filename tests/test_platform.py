"""Holds every operation of `app.platform` to the platform's facts: names, documentation, types, requests, replies.

What a fact makes impossible is in platform_exceptions.py, each with its reason, and only as long as it is a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import conventions
import pytest
import replies
from generators.platform.endpoints import documented, known
from generators.platform.source import products
from platform_exceptions import ACCEPTED

from dingtalk_models import DingTalkApp, PermissionDenied, User, operations
from dingtalk_models.core.documentation.endpoints import documented as documented_notes
from dingtalk_models.platform.products import PRODUCTS
from dingtalk_models.resource.registry import OperationInfo
from dingtalk_models.sandbox import Sandbox

Check = Callable[[OperationInfo], Iterable[str]]

CHECKS: list[Check] = [
    conventions.name_problems,
    conventions.docstring_problems,
    conventions.type_problems,
    conventions.sample_problems,
    conventions.parameter_problems,
    conventions.limit_problems,
    conventions.strictness_problems,
    conventions.old_name_problems,
    replies.id_problems,
    replies.field_problems,
    replies.reply_problems,
]


@cache
def of_product(product: str) -> list[OperationInfo]:
    """The operations of a product that are not written by hand."""
    return [info for info in operations() if info.manager.__module__ == f"dingtalk_models.platform.{product}"]


@pytest.mark.parametrize("product", PRODUCTS)
def test_product(product: str) -> None:
    problems = [
        f"{info.name}: {check.__name__}: {problem}"
        for info in of_product(product)
        for check in CHECKS
        for problem in check(info)
        if not problem.startswith(tuple(ACCEPTED.get(info.name, {})))
    ]
    assert not problems, "\n".join(problems)


def test_every_documented_endpoint_is_there() -> None:
    assert {(info.http, info.path) for info in operations()} >= known().keys() >= documented().keys()
    assert sum(len(product.methods) for product in products().values()) == len(known())


def test_operations_know_what_else_is_documented() -> None:
    known = {info.name: info for info in operations()}
    create = known["calendar_1_0.CreateEvent"]
    assert create.scopes
    assert create.app_types
    assert create.codes
    assert known["contact_1_0.SearchUser"].scopes


def test_a_refusal_names_the_scopes_that_are_documented(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail("/v1.0/contact/users/search", code="Forbidden.AccessDenied.AccessTokenPermissionDenied")
    with app, pytest.raises(PermissionDenied) as refused:
        User.objects.search("赵磊").all()
    assert refused.value.scopes == documented_notes("POST", "/v1.0/contact/users/search").scopes != ()


def test_nothing_is_accepted_that_holds() -> None:
    by_name = {info.name: info for info in operations()}
    found = {name: [problem for check in CHECKS for problem in check(by_name[name])] for name in ACCEPTED}
    needless = [
        f"{name}: {start}"
        for name, starts in ACCEPTED.items()
        for start in starts
        if not any(problem.startswith(start) for problem in found[name])
    ]
    assert needless == []
