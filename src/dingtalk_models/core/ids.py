"""Ids in arguments. An empty text for one is refused: `user.unionid or ""` never gets as far as a call.

An empty text in a path leads to another API, and elsewhere the platform says anything: another user's code, a list of
everything, or nothing at all. Only an id that an operation can do without may be empty in a body: there, it can mean
that a value is taken away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, cast, get_args

from pydantic import AfterValidator

from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.problems import bare, get_origin

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
