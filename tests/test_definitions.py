"""Mistakes in the definition of an operation are told, with the reason, where it is defined."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from dingtalk_models import Call, ConfigurationError, api, operation
from dingtalk_models.core.wire import wire


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("POST v1.0/x", "the path 'v1.0/x' should start with a slash"),
        ("POST", "the path '' should start with a slash"),
        ("", "'' is no HTTP verb: GET, POST"),
        ("/v1.0/x", "'/v1.0/x' is no HTTP verb"),
        ("PSOT /v1.0/x", "'PSOT' is no HTTP verb; did you mean 'POST'"),
        ("POST  /v1.0/x", "should start with a slash"),
        ("GET /v1.0/x/{id", "the path '/v1.0/x/{id' is malformed"),
        ("GET /v1.0/x/", "is malformed"),
        ("GET /v1.0/x y", "is malformed"),
        ("POST /v1.0/x?", "should be names joined by '&', not ''"),
        ("GET /v1.0/x?a&&b", "should be names joined by '&', not 'a&&b'"),
    ],
)
def test_a_malformed_endpoint(endpoint: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        api("acme.things.get", endpoint)
    assert reason in str(caught.value)
    assert "acme.things.get" in str(caught.value)
    assert 'write it as "POST /v1.0/things/{id}?unionId"' in str(caught.value)


def ids(self: Any, ids: str) -> Call[None]:
    return Call(None)


def renamed(self: Any, who: Annotated[str, wire("unionId")], union_id: int = 1) -> Call[None]:
    return Call(None)


def constant(self: Any) -> Call[None]:
    return Call(None, id=7)


def untyped(self: Any, id: int, name: str = "x") -> Call[None]:
    return Call(None)


del untyped.__annotations__["id"]


def several(self: Any, *id: str) -> Call[None]:
    return Call(None)


@pytest.mark.parametrize(
    ("endpoint", "fn", "reason"),
    [
        ("GET /v1.0/x/{id}", ids, r"\.ids has no parameter 'id', which GET /v1.0/x/\{id\} names; did you mean 'ids'"),
        ("POST /v1.0/x?operatorId", ids, r"'operatorId', which .* names: add one, or wire\(\"operatorId\"\)"),
        ("GET /v1.0/x", untyped, r"untyped: parameter 'id' has no type: write for example `: str`"),
        ("GET /v1.0/x", several, r"cannot take \*args"),
    ],
)  # fmt: skip
def test_a_signature_that_does_not_fit(endpoint: str, fn: Any, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        api("acme.things.get", endpoint)(fn)


@pytest.mark.parametrize("fn", [untyped, several])
def test_an_operation_of_several_calls_is_checked_too(fn: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"has no type|cannot take"):
        operation(fn)


@pytest.mark.parametrize(("endpoint", "fn"), [("GET /v1.0/x/{unionId}", renamed), ("GET /v1.0/x/{id}", constant)])
def test_a_parameter_may_have_the_name_on_the_wire_only(endpoint: str, fn: Any) -> None:
    assert api("acme.things.get", endpoint)(fn).endpoint is not None
