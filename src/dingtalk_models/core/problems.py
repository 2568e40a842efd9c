"""Turns pydantic's errors into `Problem`s: the full path of the field, and a suggestion if its name is misspelled."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple, NotRequired, cast, get_args

from pydantic import AliasChoices, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from dingtalk_models.core.documentation.labels import label, of_fields
from dingtalk_models.core.errors import Problem
from dingtalk_models.core.hints import bare, fields_in, get_origin, wire_names
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.wire import userid_name

UNKNOWN = "unknown / 无此字段"
"""The message for an unknown name that is not similar to a known one."""

_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}

_CHINESE = {
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符",
    "string_pattern_mismatch": "须匹配 {pattern!r}",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "greater_than": "须大于 {gt}",
    "greater_than_equal": "须大于或等于 {ge}",
    "less_than": "须小于 {lt}",
    "less_than_equal": "须小于或等于 {le}",
    "multiple_of": "须为 {multiple_of} 的倍数",
    "literal_error": "须为 {expected}",
    "enum": "须为 {expected}",
    "is_instance_of": "须为 {class}",
    "string_type": "须为字符串",
    "int_type": "须为整数",
    "int_parsing": "须为整数",
    "int_from_float": "须为整数",
    "float_type": "须为数字",
    "float_parsing": "须为数字",
    "finite_number": "须为有限的数",
    "bool_type": "须为布尔值",
    "bool_parsing": "须为布尔值",
    "list_type": "须为列表",
    "dict_type": "须为字典",
    "model_type": "须为 {class_name} 或字典",
    "dataclass_type": "须为 {class_name} 或字典",
    "date_type": "须为日期",
    "date_parsing": "须为日期",
    "datetime_type": "须为时间",
    "datetime_parsing": "须为时间",
    "timezone_aware": "缺少时区",
    "decimal_max_digits": "最多 {max_digits} 位",
    "decimal_max_places": "最多 {decimal_places} 位小数",
}
"""Pydantic's messages in Chinese, by the kind of error."""
_BY_ENDING = {"_type": "类型不对", "_parsing": "格式不对"}
_OTHER = "不符合要求"
_OURS = {"value_error", "message"}
"""A `ValueError`, and the `custom_error_type` of this package."""


def problems(error: ValidationError, fields: Mapping[str, Any], said: Mapping[str, str] = {}) -> list[Problem]:
    """List the problems in a validation error. Values are left out, since they may be secret.

    Args:
        error: the error.
        fields: the types of the fields that were validated, by name.
        said: the documentation of these fields, by name.
    """
    return [_problem(entry, fields, said) for entry in error.errors(include_url=False, include_input=False)]


def message(entry: ErrorDetails) -> str:
    """Translate pydantic's message to "English / 中文". Messages of this package already have both languages."""
    kind, english = entry["type"], entry["msg"]
    if entry.get("ctx", {}).get("pattern") == _FILLED:
        return EMPTY
    if kind in _OURS:
        return english.removeprefix("Value error, ")
    chinese = _CHINESE.get(kind) or next((text for end, text in _BY_ENDING.items() if kind.endswith(end)), _OTHER)
    english = english.removeprefix("Input ").replace(" after validation", "")
    return f"{english} / {chinese.format_map(entry.get('ctx', {}))}"


def unknown(word: str, known: Iterable[str]) -> str:
    """Return the message for an unknown name, with a suggestion if it looks misspelled."""
    near = nearest(word, known)
    return f"unknown; did you mean {near!r}? / 无此字段，是否想写 {near!r}？" if near else UNKNOWN


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to a misspelled word; `None` if the word is known or similar to none."""
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    names = list(known)  # a name that exists in another member of a union is not misspelled
    return None if word in names else next(iter(get_close_matches(word, names, n=1)), None)


def warn_of_older_name(what: str, older: str, today: str) -> None:
    """Warn the code that calls this package that it uses an older name."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("dingtalk_models."):
        level, frame = level + 1, frame.f_back
    warnings.warn(f"{what}: {older} is called {today} now / {older} 现名 {today}", DeprecationWarning, stacklevel=level)


def _problem(entry: ErrorDetails, fields: Mapping[str, Any], said: Mapping[str, str]) -> Problem:
    loc = entry["loc"]
    known = _fields_at(loc[:-1], fields)
    last = loc[-1] if loc else ""
    if entry["type"] in _UNKNOWN:
        wrong = unknown(str(last), known)
    elif entry["type"] == "missing":
        wrong = "required / 必填"
        last = next((name for name, hint in known.items() if last in wire_names(hint)), last)
    else:
        wrong = message(entry)
    return Problem(".".join(map(str, (*loc[:-1], last))), wrong, _label_at((*loc[:-1], last), fields, said))


def _fields_at(way: Iterable[int | str], fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of the object at a path. Indexes and names of union members are skipped."""
    for step in way:
        if name := _name_of(step, fields):
            fields = fields_in(fields[name])
    return fields


def _name_of(step: int | str, fields: Mapping[str, Any]) -> str | None:
    return next((name for name, hint in fields.items() if step == name or step in wire_names(hint)), None)


def _label_at(way: Iterable[int | str], fields: Mapping[str, Any], said: Mapping[str, str]) -> str:
    """Return what the platform calls the field at a path, or the list of which it is an item; empty if unknown."""
    found, above = "", None
    for step in way:
        if above is not None:
            fields, said = fields_in(above), of_fields(above)
        name = _name_of(step, fields)
        if name is not None:
            found, above = said.get(name, ""), fields[name]
        elif isinstance(step, str):
            found = ""
    return label(found)


EMPTY = "may not be empty / 不能为空"

_FILLED = r"[^\s\x1c-\x1f]"
"""The pattern of a text that is not blank."""

_ID = re.compile(r"ids?(_?list)?$")


def is_empty(value: object) -> bool:
    """Whether a value is an empty or blank text."""
    return isinstance(value, str) and not value.strip()


def with_ids(fields: dict[str, Any], sent_as: Mapping[str, str], endpoint: Endpoint | None) -> dict[str, Any]:
    """Change the types of arguments so that ids must not be empty.

    Args:
        fields: the types, by name.
        sent_as: the wire names.
        endpoint: where they are sent, if it is known.
    """
    return {name: _refined(name, hint, sent_as[name], endpoint) for name, hint in fields.items()}


def _refined(name: str, hint: Any, sent_as: str, endpoint: Endpoint | None) -> Any:
    in_path = endpoint is not None and f"{{{sent_as}}}" in endpoint.path
    if not (in_path or _ID.search(name)) or not _has_text(hint):
        return hint
    optional = get_origin(hint) is NotRequired
    in_url = endpoint is not None and (in_path or endpoint.verb == "GET" or sent_as in endpoint.query_params)
    refined: Any = Annotated[bare(hint), _NamesSomething(may_be_empty=optional and not in_url)]
    if userid_name(sent_as) == name != sent_as:
        # the platform's name is an older one here: it is accepted with a warning, by `Arguments.check`
        within = [each for each in wire_names(hint) if "." in each]
        refined = Annotated[refined, Field(validation_alias=AliasChoices(name, *within))]
    return NotRequired[refined] if optional else refined


class _NamesSomething(NamedTuple):
    """Validates an argument that is an id or a list of ids."""

    may_be_empty: bool

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: Any = handler(source)
        if schema["type"] == "str" and "pattern" not in schema:  # the usual case: pydantic checks it by itself
            return cast("CoreSchema", schema if self.may_be_empty else {**schema, "pattern": _FILLED})
        check = _names if self.may_be_empty else _named
        return core_schema.no_info_after_validator_function(check, schema)


def _named(value: object) -> object:
    if is_empty(value):
        raise ValueError(EMPTY)
    return _names(value)


def _names(value: object) -> object:
    """Refuse a list of ids with an empty one."""
    if _has_empty(value):
        raise ValueError("an id in it is empty / 其中的 ID 不能为空")
    return value


def _has_empty(value: object) -> bool:
    return isinstance(value, list) and any(map(is_empty, cast("list[object]", value)))


def _has_text(hint: Any) -> bool:
    return hint is str or any(map(_has_text, get_args(hint)))
