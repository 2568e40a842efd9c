"""Wire types: annotated Python types that also say how their values are sent.

An argument is checked as Python and sent in the platform's form. In a reply, the value is read from that form;
`model_dump(mode="json")` writes it back in the same form. An argument may also have the wire form itself, for callers
who move over with the platform's own parameters.

Some types have two schemas, joined by `json_or_python_schema`. Pydantic uses the first for JSON, which is a reply, and
the second for Python values, which are arguments. So a reply gets the fast and tolerant schema, and an argument the
strict one, which accepts more than one form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    ValidatorFunctionWrapHandler,
    WrapSerializer,
)
from pydantic_core import CoreSchema, core_schema

from dingtalk_models.core.json_values import from_text
from dingtalk_models.moments import PlainDate, PlainTime

T = TypeVar("T")

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The platform's time zone: all of China has the same one, without daylight saving time."""

Language = Literal["zh_CN", "en_US"]
"""The language of names in a reply."""


def _as_text(write: Callable[[Any], str]) -> PlainSerializer:
    return PlainSerializer(write, return_type=str, when_used="json")


def _split(value: Any) -> Any:
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


def _join(value: list[Any]) -> str:
    return ",".join(map(str, value))


def _no_comma(value: str) -> str:
    if "," in value:
        raise ValueError("may not contain a comma: ids are sent joined by commas / 不能含逗号：多个 ID 以逗号连接")
    return value


CommaInts = Annotated[list[int], BeforeValidator(_split), PlainSerializer(_join, return_type=str)]
"""Numeric ids that are sent as `"2,3,4"`."""

CommaStrs = Annotated[
    list[Annotated[str, AfterValidator(_no_comma)]],
    BeforeValidator(_split),
    PlainSerializer(_join, return_type=str),
]
"""Ids that are sent as `"user1,user2"`."""


AgentIdText = Annotated[int | str, AfterValidator(str)]
"""The number of an app, where the platform wants it as text."""


def _dumps(value: Any, in_wire_form: SerializerFunctionWrapHandler) -> str:
    return json.dumps(in_wire_form(value), ensure_ascii=False)


class _ParsedText:
    """JSON in a string. In a reply, pydantic parses it, which is fast. An argument may be the object or its text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler(source)
        return core_schema.json_or_python_schema(
            core_schema.json_schema(inner), core_schema.no_info_before_validator_function(from_text, inner)
        )


JsonText = Annotated[T, _ParsedText(), WrapSerializer(_dumps, return_type=str, when_used="json")]
"""A value that is sent as JSON inside a string."""

JsonObject = JsonText[dict[str, JsonValue]]
"""An object that is sent as JSON inside a string."""


def _epoch() -> datetime:
    # not a constant: if it were made while freezegun is active, it would keep freezegun's class
    return datetime(1970, 1, 1, 8, tzinfo=BEIJING)


_PLAIN = 1 << 42
"""Up to here, the year 2109, a float is exact enough for milliseconds."""


_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def _whole(value: object) -> int | None:
    """Return a whole number, or one that comes as text; `None` for anything else."""
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _from_millis(value: Any) -> Any:
    return value if (number := _whole(value)) is None else _moment(number)


def _moment(millis: int) -> datetime:
    if 0 <= millis < _PLAIN:  # the usual case, made fast because a page has many times
        return datetime.fromtimestamp(millis / 1000, BEIJING)
    try:
        return _epoch() + timedelta(milliseconds=millis)
    except OverflowError as error:
        raise ValueError("not a time in milliseconds / 不是毫秒时间戳") from error


def _to_millis(value: datetime) -> int:
    return (value - _epoch()) // timedelta(milliseconds=1)


NO_TIME_ZONE = "needs a time zone: datetime(…, tzinfo=BEIJING), or datetime.now(BEIJING) / 缺少时区"


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(NO_TIME_ZONE)
    return value


class _Counted:
    """A time that is sent as a number. An argument may also be a `datetime` with a time zone."""

    def __init__(self, moment: Callable[[int], datetime], count: Callable[[datetime], int]) -> None:
        self._moment = moment
        self._count = count

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = core_schema.no_info_wrap_validator_function(self._as_sent, handler(source))
        counted = core_schema.no_info_after_validator_function(self._moment, core_schema.int_schema(strict=False))
        return core_schema.json_or_python_schema(counted, inner)

    def _as_sent(self, value: Any, validate: ValidatorFunctionWrapHandler) -> datetime:
        """Read a time from a number or a text, with the precision that can be sent."""
        if isinstance(value, datetime):
            return _aware(validate(value))
        if (number := _whole(value)) is not None:
            return self._moment(number)
        return self._moment(self._count(_aware(validate(value))))


Millis = Annotated[
    PlainTime,
    _Counted(_moment, _to_millis),
    PlainSerializer(_to_millis, return_type=int, when_used="json"),
]
"""A time that is sent as milliseconds since 1970."""


def _to_seconds(value: datetime) -> int:
    return (value - _epoch()) // timedelta(seconds=1)


Seconds = Annotated[
    PlainTime,
    _Counted(lambda seconds: _moment(seconds * 1000), _to_seconds),
    PlainSerializer(_to_seconds, return_type=int, when_used="json"),
]
"""A time that is sent as seconds since 1970."""


def _from_beijing(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("should be a time such as 2026-01-31 09:00:00 / 须为时间，如 2026-01-31 09:00:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)


def _to_beijing(value: datetime) -> str:
    return value.astimezone(BEIJING).replace(tzinfo=None).isoformat(" ", "seconds")


BeijingTime = Annotated[PlainTime, BeforeValidator(_from_beijing), AfterValidator(_aware), _as_text(_to_beijing)]
"""A time that is sent as `yyyy-MM-dd HH:mm:ss`, in Beijing time."""


def _in_beijing(moment: datetime) -> datetime:
    try:
        return moment.astimezone(BEIJING)
    except OverflowError as error:
        raise ValueError("not a time of the years 1 to 9999 / 年份须在 1 到 9999 之间") from error


def _from_iso(value: Any) -> Any:
    moment = _from_beijing(value)
    return _in_beijing(moment) if isinstance(moment, datetime) and moment.tzinfo else moment


def _to_iso(value: datetime) -> str:
    moment = value.astimezone(UTC).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='seconds' if moment.second else 'minutes')}Z"


IsoTime = Annotated[PlainTime, BeforeValidator(_from_iso), AfterValidator(_aware), _as_text(_to_iso)]
"""A time that is sent as `2026-01-31T01:00Z`."""

_MICROSECONDS = re.compile(r"[^.,]*([.,][0-9]{1,6}0*(?![0-9])[^.,]*)?")
"""A time of which a `datetime` keeps every digit."""


def _from_fraction(value: Any) -> Any:
    if isinstance(value, str) and not _MICROSECONDS.fullmatch(value):
        raise ValueError("has more than 6 digits of a second / 秒的小数超过 6 位")
    return _from_iso(value)


def _to_fraction(value: datetime) -> str:
    fine = "microseconds" if value.microsecond % 1000 else "milliseconds"
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=fine)}Z"


IsoFraction = Annotated[PlainTime, BeforeValidator(_from_fraction), AfterValidator(_aware), _as_text(_to_fraction)]
"""A time that is sent as `2026-01-31T01:00:00.123Z`, with every digit that it has."""

OffsetTime = Annotated[
    PlainTime,
    BeforeValidator(_from_beijing),
    AfterValidator(_aware),
    _as_text(lambda moment: moment.isoformat(timespec="seconds")),
]
"""A time that is sent as `2026-01-31T09:00:00+08:00`, with the offset that it has."""


def _from_compact(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return value
    try:
        if len(value) != len("20260131"):
            raise ValueError  # noqa: TRY301 - as `strptime` does, which takes a month of one digit
        return datetime.strptime(value, "%Y%m%d").replace(tzinfo=BEIJING).date()
    except ValueError:
        raise ValueError("should be a day such as 20260131 / 须为日期，如 20260131") from None


CompactDate = Annotated[
    PlainDate,
    BeforeValidator(_from_compact),
    _as_text(lambda day: day.isoformat().replace("-", "")),
]
"""A day that is sent as `yyyyMMdd`."""


def _from_day(value: Any) -> Any:
    moment = _from_beijing(_from_millis(value))
    return _in_beijing(_aware(moment)).date() if isinstance(moment, datetime) else moment


Day = Annotated[PlainDate, BeforeValidator(_from_day)]
"""A day that is sent as `yyyy-MM-dd`. A time is accepted too, and becomes its day in Beijing."""

DayTime = Annotated[Day, _as_text(lambda day: f"{day.isoformat()} 00:00:00")]
"""A day that is sent as its start, `yyyy-MM-dd 00:00:00`."""

DayMillis = Annotated[
    Day,
    PlainSerializer(
        lambda day: _to_millis(datetime(day.year, day.month, day.day, tzinfo=BEIJING)),
        return_type=int,
        when_used="json",
    ),
]
"""A day that is sent as its start in Beijing, in milliseconds since 1970."""


class _WholeDay:
    """Accepts a day for a moment: sends the day's first or last moment in Beijing time."""

    def __init__(self, moment: time) -> None:
        self._of_the_day = moment

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        moment = get_args(source)[0]
        return core_schema.no_info_before_validator_function(self._moment, handler.generate_schema(moment))

    def _moment(self, value: Any) -> Any:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            value = _from_beijing(value).date()
        if isinstance(value, date) and not isinstance(value, datetime):
            return datetime.combine(value, self._of_the_day, BEIJING)
        return value


FromDay = Annotated[T | PlainDate, _WholeDay(time.min)]
"""The start of a span: a moment such as a `BeijingTime`, or a day, which counts from its start."""

ToDay = Annotated[T | PlainDate, _WholeDay(time.max)]
"""The end of a span: a moment, or a day, which counts to its end."""


def _from_flag(value: Any) -> Any:
    return {"Y": True, "N": False}.get(value, value) if isinstance(value, str) else value


Flag = Annotated[
    bool,
    BeforeValidator(_from_flag),
    _as_text(lambda yes: "Y" if yes else "N"),
]
"""A bool that is sent as `Y` or `N`."""


Bit = Annotated[bool, PlainSerializer(int, return_type=int, when_used="json")]
"""A bool that is sent as 1 or 0."""


def at_most_bytes(most: int) -> AfterValidator:
    """Limit a text to some bytes of UTF-8, as the platform counts it.

    `Annotated[str, at_most_bytes(1024)]`
    """

    def check(text: str) -> str:
        if (length := len(text.encode(errors="surrogatepass"))) > most:
            raise ValueError(f"should have at most {most} bytes, has {length} / 最多 {most} 字节，现为 {length} 字节")
        return text

    return AfterValidator(check)


def camel_name(name: str) -> str:
    """Turn `role_id` into `roleId`: the rule for the newer host, and for classes with `alias_generator=camel`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


_USERID = re.compile(r"(?:^|(?<=_))(?:at_)?user_?id(?P<several>s|_?list)?$")


def userid_name(name: str) -> str:
    """This package's name for a parameter or field that holds ids of users; any other name as it is.

    `userid` for `user_id` and `userId`, `userids` for `user_ids`, `userid_list`, `userIdList`, `useridlist` and
    `at_userids`, with what comes before it: `op_userid` for `op_user_id`.
    """
    if "user" not in name and "User" not in name:
        return name
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    found = _USERID.search(snake)
    return f"{snake[: found.start()]}userid{'s' if found['several'] else ''}" if found else name


# as choices, since a plain alias would replace the Python name in a class's signature
camel = AliasGenerator(validation_alias=lambda name: AliasChoices(camel_name(name)), serialization_alias=camel_name)
"""The rule for a class: `class Dentry(Model, alias_generator=camel)`."""


def wire(name: str, *others: str) -> Any:
    """The name of a field or argument on the wire, if it differs from the rule.

    `single_url: Annotated[str, wire("singleURL")]`. The other names are accepted too, but never sent. An argument's
    name may have a dot: `option.size` is sent as `{"option": {"size": …}}`, and also taken from an `option` passed as
    a whole.
    """
    return Field(validation_alias=AliasChoices(name, *others), serialization_alias=name)


def empty_list() -> Any:
    """The default of a list field, for resources that come in pages.

    A plain `[]` would do the same, but pydantic makes a deep copy of it for each object: a page of users would take
    twice as long to read.
    """
    return Field(default_factory=list)


def empty_dict() -> Any:
    """The default of a map in a reply, as `empty_list` is that of a list."""
    return Field(default_factory=dict)


_LIMITS = {"min_length", "max_length", "pattern", "ge", "gt", "le", "lt", "multiple_of"}


def limited_as_argument(schema: Any) -> Any:
    """Apply a field's limits to arguments only. A reply, which is JSON, may exceed them."""
    if schema["type"] == "default":
        return {**schema, "schema": limited_as_argument(schema["schema"])}
    tolerant = _without_limits(schema)
    return schema if tolerant == schema else core_schema.json_or_python_schema(tolerant, schema)


def _without_limits(schema: Any) -> Any:
    kept: dict[str, Any] = {key: part for key, part in schema.items() if key not in _LIMITS}
    for key in ("schema", "items_schema", "values_schema"):
        if isinstance(kept.get(key), dict):
            kept[key] = _without_limits(kept[key])
    if isinstance(kept.get("choices"), list):
        kept["choices"] = [_without_limits(part) if isinstance(part, dict) else part for part in kept["choices"]]
    return kept
