"""Requests that are made at random from an OpenAPI document, by Schemathesis, and then made odd."""

from __future__ import annotations

import itertools
import logging
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import requests
from hypothesis import HealthCheck, Phase, given, seed, settings

from dingtalk_models.sandbox.platform.documented import DocumentedEndpoint
from dingtalk_models.sandbox.platform.parameters import ParameterRow
from dingtalk_models.sandbox.server.errors import status_of
from dingtalk_models.sandbox.server.json_values import is_array, is_object

Operation: TypeAlias = Any
Case: TypeAlias = Any
"""Those of Schemathesis, whose types depend on the kind of document."""

IDS: Final[dict[str, tuple[Any, ...]]] = {
    "userid": ("zhaolei", "sunjing", "yangfan", "hanmei", "nobody"),
    "number": (0, 1),
    "dept_id": (1, 100, 110, 200, 500, 9_999),
    "role_id": (901, 911, 914, 9_999),
    "group_id": (900, 910, 9_999),
    "process_code": ("PROC-LEAVE", "PROC-EXPENSE"),
    "type": ("user_add_org", "check_url"),
    "name": ("todo_1_0.CreateTodoTask", "新名字"),
}
"""What there is in every company, by the name of a parameter or field: so that some requests get further."""

_ALIKE: Final = {
    **dict.fromkeys(("who", "by", "of", "owner", "userId", "user_id", "staffId", "manager_userid", "to"), "userid"),
    **dict.fromkeys(("deptId", "departmentId", "parent_id"), "dept_id"),
    **dict.fromkeys(("roleId",), "role_id"),
    **dict.fromkeys(("processCode",), "process_code"),
}
_TAMED: Final[dict[str, Any]] = {
    # nothing may take long, and nobody is to be called
    "delay": 0,
    "url": "http://127.0.0.1:9/nobody",
    "callbackUrl": "http://127.0.0.1:9/nobody",
}


_WAITING: Final = ("/wait", "/settle", "/callbacks")

_ODD: Final[tuple[Any, ...]] = (
    *(None, True, 0, -1, 2**31, 2**63, 10**30, 1.5, "", "²", "\x00", "￿", "x" * 5000, "../..", "{}", "[", "1,2"),
    *([], {}, [None], [[]], {"": None}, {"a": {"b": [1, "c"]}}),
)


_UNHURRIED: Final = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


def operations_of(document: Mapping[str, Any]) -> list[Operation]:
    """The operations of a document."""
    import schemathesis  # noqa: PLC0415 - it takes a second, in every process that collects tests

    schema: Any = schemathesis.openapi.from_dict({**document})
    return [result.ok() for result in schema.get_all_operations()]


def cases(operation: Operation, count: int, number: int) -> list[Case]:
    """Cases of one operation; the same number makes the same cases."""
    found: list[Case] = []

    @seed(number)
    @settings(max_examples=count, phases=(Phase.generate,), database=None, suppress_health_check=_UNHURRIED)
    @given(case=operation.as_strategy())
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


def flood(url: str, operations: Sequence[Operation], count: int, *, token: str = "", start: int = 0) -> Counter[int]:
    """Send at least `count` cases of these operations, each as it is and twice more with something odd in it.

    Returns:
        How often each status was answered; none was a mistake of the sandbox.
    """
    statuses: Counter[int] = Counter()
    chance = random.Random(start)
    numbers = itertools.count(start)
    with requests.Session() as session:
        while (left := count - statuses.total()) > 0:
            for operation in operations:
                for case in cases(operation, -(-left // len(operations) // 3), next(numbers)):
                    statuses.update(_send(url, session, case, chance, token))
    return statuses


def _send(url: str, session: requests.Session, case: Case, chance: random.Random, token: str) -> Iterator[int]:
    headers = {"x-acs-dingtalk-access-token": token} if token else {}
    for _ in range(3):
        _replace([case.path_parameters, case.query, case.body], chance)
        if token:
            case.query["access_token"] = token
        if case.path.endswith(_WAITING) and is_object(case.body):
            case.body["timeout"] = 0
        reply = case.call(base_url=url, session=session, headers=headers, timeout=60)
        assert _is_sound(reply), (reply.text, case.as_curl_command())
        yield reply.status_code
        case.body = _odder(case.body, chance)


def _is_sound(reply: requests.Response) -> bool:
    """Whether a reply is no mistake of the sandbox. The platform itself answers some refusals with 500."""
    if reply.headers.get("x-sandbox") == "mistake":
        return False
    return reply.status_code < 500 or status_of(reply.json()["code"]) == reply.status_code


def _odder(value: Any, chance: random.Random) -> Any:
    """A body with something odd in it, or without something."""
    if is_object(value) and value and chance.random() < 0.9:
        changed: dict[str, Any] = {**value}
        name = chance.choice([*changed])
        if chance.random() < 0.2:
            del changed[name]
        else:
            changed[name] = _odder(changed[name], chance)
        return changed
    if is_array(value) and value and chance.random() < 0.7:
        return [_odder(value[0], chance), *value[1:]]
    return value if isinstance(value, bytes) or not isinstance(value, str | int | list | dict) else chance.choice(_ODD)


def _replace(part: Any, chance: random.Random) -> None:
    """Put ids that there are in the place of some that were made up."""
    if is_array(part):
        for each in part:
            _replace(each, chance)
    elif is_object(part):
        for name, value in tuple(part.items()):
            if name in _TAMED and value is not None:
                part[name] = _TAMED[name]
            elif (known := IDS.get(_ALIKE.get(name, name), ())) and chance.random() < 0.6:
                part[name] = chance.choice(known)
            else:
                _replace(value, chance)


# the platform's own endpoints, as the sandbox knows their documentation


def platform_document(endpoints: Iterable[DocumentedEndpoint]) -> dict[str, Any]:
    """A document of endpoints of the platform."""
    paths: dict[str, dict[str, Any]] = {}
    for each in endpoints:
        body = [row for row in each.rows if row.place == "body"]
        parameters = [
            {"name": row.name, "in": row.place, "required": row.required or row.place == "path", "schema": _schema(row)}
            for row in each.rows
            if row.place in ("path", "query")
        ]
        described: dict[str, Any] = {"parameters": parameters, "responses": {"default": {"description": "any"}}}
        if body and each.verb not in ("GET", "DELETE"):
            whole = _schema(body[0]) if body[0].name == "" else _object(body)
            described["requestBody"] = {"content": {"application/json": {"schema": whole}}}
        elif body:
            parameters += [{"name": row.name, "in": "query", "schema": _schema(row)} for row in body if row.name]
        paths.setdefault(each.path, {})[each.verb.lower()] = described
    return {"openapi": "3.1.0", "info": {"title": "the platform", "version": "1"}, "paths": paths}


def _object(rows: Iterable[ParameterRow]) -> dict[str, Any]:
    found = list(rows)
    required = [row.name for row in found if row.required]
    return {"type": "object", "properties": {row.name: _schema(row) for row in found}, "required": required}


def _schema(row: ParameterRow) -> dict[str, Any]:
    limits = row.limits
    if row.limits.enum:
        return {"enum": row.limits.enum}
    match row.type:
        case "object" if row.children and not row.map:
            return _object(row.children)
        case "array":
            entry = _object(row.children) if row.children else _plain(row.items)
            return {"type": "array", "items": entry, "maxItems": min(limits.max_items or 3, 3)}
        case kind:
            return _plain(kind)


def _plain(kind: str) -> dict[str, Any]:
    return {"type": kind} if kind in ("string", "integer", "number", "boolean", "object") else {}


def broken(records: Iterable[logging.LogRecord]) -> list[str]:
    """What the sandbox itself got wrong."""
    return [f"{each.getMessage()}: {each.exc_info[1]!r}" for each in records if each.exc_info]
