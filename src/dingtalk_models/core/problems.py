"""Turns pydantic's errors into `Problem`s: the full path of the field, and a suggestion if its name is misspelled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Annotated, Any, NotRequired, Required, TypeGuard, cast, get_args
from typing import get_origin as typing_origin

from pydantic import AfterValidator, AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from typing_extensions import get_type_hints, is_typeddict

from dingtalk_models.core.errors import Problem
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.wire import camel_name, wire

UNKNOWN = "unknown / 无此字段"
"""What is said of a name that is not known and not similar to one that is."""

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
"""What pydantic says, in Chinese, by the kind of error."""
_BY_ENDING = {"_type": "类型不对", "_parsing": "格式不对"}
_OTHER = "不符合要求"
_OURS = {"value_error", "message"}
"""A `ValueError`, and the `custom_error_type` of this package."""


def problems(error: ValidationError, fields: Mapping[str, Any]) -> list[Problem]:
    """The problems in a validation error. Values are not included, since they may be secret.

    Args:
        error: the error.
        fields: the types of the fields that were validated, by name.
    """
    return [_problem(entry, fields) for entry in error.errors(include_url=False, include_input=False)]


def message(entry: ErrorDetails) -> str:
    """What pydantic found wrong, as "English / 中文". What this package says itself has both already."""
    kind, english = entry["type"], entry["msg"]
    if kind in _OURS:
        return english.removeprefix("Value error, ")
    chinese = _CHINESE.get(kind) or next((text for end, text in _BY_ENDING.items() if kind.endswith(end)), _OTHER)
    english = english.removeprefix("Input ").replace(" after validation", "")
    return f"{english} / {chinese.format_map(entry.get('ctx', {}))}"


def unknown(word: str, known: Iterable[str]) -> str:
    """The message for an unknown name, with the known name that it may be a misspelling of."""
    near = nearest(word, known)
    return f"unknown; did you mean {near!r}? / 无此字段，是否想写 {near!r}？" if near else UNKNOWN


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that a word may be a misspelling of; `None` if it is known, or similar to none."""
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    names = list(known)  # a name that exists in another member of a union is not misspelled
    return None if word in names else next(iter(get_close_matches(word, names, n=1)), None)


def get_origin(hint: Any) -> Any:
    """`typing.get_origin` without types: the type checkers do not know that it returns special forms too."""
    return typing_origin(hint)


def bare(hint: Any) -> Any:
    """A hint without `Required` or `NotRequired`."""
    return get_args(hint)[0] if get_origin(hint) in {Required, NotRequired} else hint


def wire_names(hint: Any) -> list[str]:
    """The wire names of an argument, if they differ from its own name. The one that is sent comes first."""
    aliases = [part.validation_alias for part in get_args(bare(hint))[1:] if isinstance(part, FieldInfo)]
    choices = [alias.choices if isinstance(alias, AliasChoices) else [alias] for alias in aliases if alias]
    return [str(name) for names in choices for name in names]


def _problem(entry: ErrorDetails, fields: Mapping[str, Any]) -> Problem:
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
    return Problem(".".join(map(str, (*loc[:-1], last))), wrong)


def _fields_at(way: Iterable[int | str], fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of the object that a path leads to. Indexes and names of union members are skipped."""
    for step in way:
        hint = next((hint for name, hint in fields.items() if step == name or step in wire_names(hint)), None)
        if hint is not None:
            fields = fields_in(hint)
    return fields


def fields_in(hint: Any) -> dict[str, Any]:
    """The types of the fields of a class, or of the classes in a list, a union or an annotation."""
    if is_model(hint):
        hint.model_rebuild()  # until it is built, its fields do not have the names that a rule gives them
        return {name: Annotated[field.annotation, field] for name, field in hint.model_fields.items()}
    if isinstance(hint, type) and (is_typeddict(hint) or is_dataclass(hint)):
        hints = get_type_hints(hint, include_extras=True)
        if getattr(hint, "__pydantic_config__", {}).get("alias_generator"):
            return {
                name: part if wire_names(part) else Annotated[part, wire(camel_name(name))]
                for name, part in hints.items()
            }
        return hints
    return {name: inner for part in get_args(hint) for name, inner in fields_in(part).items()}


@cache
def names_of_fields(model: type[BaseModel]) -> dict[str, str]:
    """The names of a model's fields, by each name that a reply may have for them."""
    return {name: field for field, hint in fields_in(model).items() for name in (field, *wire_names(hint))}


def is_model(hint: object) -> TypeGuard[type[BaseModel]]:
    """Whether a type is a pydantic model."""
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def holds(hint: Any, kind: type) -> bool:
    """Whether a value of this type can be, or can contain, one of this kind."""
    origin = get_origin(hint) or hint
    return (isinstance(origin, type) and issubclass(origin, kind)) or any(holds(part, kind) for part in get_args(hint))


EMPTY = "may not be empty / 不能为空"

_ID = re.compile(r"ids?(_?list)?$")


def is_empty(value: object) -> bool:
    """Whether a value is a text without anything in it."""
    return isinstance(value, str) and not value.strip()


def with_ids(fields: dict[str, Any], sent_as: Mapping[str, str], endpoint: Endpoint | None) -> dict[str, Any]:
    """The types of arguments, where those that name something refuse an empty text.

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
    refined: Any = Annotated[bare(hint), AfterValidator(_names if optional and not in_url else _named)]
    return NotRequired[refined] if optional else refined


def _named(value: object) -> object:
    if is_empty(value):
        raise ValueError(EMPTY)
    return _names(value)


def _names(value: object) -> object:
    """A list of ids has none that is empty, wherever it is sent."""
    if _has_empty(value):
        raise ValueError("an id in it is empty / 其中的 ID 不能为空")
    return value


def _has_empty(value: object) -> bool:
    return isinstance(value, list) and any(map(is_empty, cast("list[object]", value)))


def _has_text(hint: Any) -> bool:
    return hint is str or any(map(_has_text, get_args(hint)))
