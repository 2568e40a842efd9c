"""Wire types: Python on the outside, DingTalk on the wire.

Each is an annotated Python type that says how the value travels. As an argument it is checked as Python and sent in the
platform's form; in a reply it is read from that form, and dumped to it again by `model_dump(mode="json")`. The wire
form itself is accepted as an argument too, for callers who move over with the platform's own parameters.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    PlainSerializer,
)
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The platform's clock: China has one time zone and no summer time."""

_EPOCH = datetime(1970, 1, 1, 8, tzinfo=BEIJING)

Language = Literal["zh_CN", "en_US"]
"""The language of names in a reply."""


def _split(value: Any) -> Any:
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


def _join(value: list[Any]) -> str:
    return ",".join(map(str, value))


def _no_comma(value: str) -> str:
    if "," in value:
        raise ValueError("may not hold a comma: ids travel comma-joined")
    return value


CommaInts = Annotated[list[int], BeforeValidator(_split), PlainSerializer(_join, return_type=str)]
"""Numeric ids that travel as `"2,3,4"`."""

CommaStrs = Annotated[
    list[Annotated[str, AfterValidator(_no_comma)]],
    BeforeValidator(_split),
    PlainSerializer(_join, return_type=str),
]
"""Ids that travel as `"user1,user2"`."""


def _loads(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class _ParsedText:
    """In a reply the text is parsed by the validator itself; as an argument, an object is as good as its text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler(source)
        return core_schema.json_or_python_schema(
            core_schema.json_schema(inner), core_schema.no_info_before_validator_function(_loads, inner)
        )


JsonText = Annotated[T, _ParsedText(), PlainSerializer(_dumps, return_type=str, when_used="json")]
"""A value that travels as JSON inside a string."""

JsonObject = JsonText[dict[str, JsonValue]]
"""An object that travels as JSON inside a string."""


def _from_millis(value: Any) -> Any:
    if isinstance(value, str) and value.strip("-").isdigit():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return _EPOCH + timedelta(milliseconds=value)
        except OverflowError as error:
            raise ValueError("not a time in milliseconds") from error
    return value


def _to_millis(value: datetime) -> int:
    return (value - _EPOCH) // timedelta(milliseconds=1)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs a time zone: datetime(…, tzinfo=BEIJING), or datetime.now(BEIJING)")
    return value


Millis = Annotated[
    datetime,
    BeforeValidator(_from_millis),
    AfterValidator(_aware),
    PlainSerializer(_to_millis, return_type=int, when_used="json"),
]
"""A moment that travels as milliseconds since 1970."""


def _from_beijing(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)


def _to_beijing(value: datetime) -> str:
    return f"{value.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


BeijingTime = Annotated[
    datetime,
    BeforeValidator(_from_beijing),
    AfterValidator(_aware),
    PlainSerializer(_to_beijing, return_type=str, when_used="json"),
]
"""A moment that travels as `yyyy-MM-dd HH:mm:ss`, Beijing time."""


def _from_compact(value: Any) -> Any:
    return datetime.strptime(value, "%Y%m%d").replace(tzinfo=BEIJING).date() if isinstance(value, str) else value


CompactDate = Annotated[
    date,
    BeforeValidator(_from_compact),
    PlainSerializer(lambda day: f"{day:%Y%m%d}", return_type=str, when_used="json"),
]
"""A day that travels as `yyyyMMdd`."""


def _from_flag(value: Any) -> Any:
    return {"Y": True, "N": False}.get(value, value) if isinstance(value, str) else value


Flag = Annotated[
    bool,
    BeforeValidator(_from_flag),
    PlainSerializer(lambda yes: "Y" if yes else "N", return_type=str, when_used="json"),
]
"""A yes or no that travels as `Y` or `N`."""


def wire(name: str, *others: str) -> Any:
    """The name that a field or argument has on the wire, where it is not the Python one.

    `role_id: Annotated[int, wire("roleId")]`; further names are read too.
    """
    return Field(validation_alias=AliasChoices(name, *others), serialization_alias=name)
