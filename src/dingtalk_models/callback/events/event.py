"""Events, read from each form of push."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, ClassVar, Self, cast

from pydantic import BeforeValidator, ConfigDict, model_validator
from pydantic.alias_generators import to_snake
from typing_extensions import Unpack

from dingtalk_models.callback.arrival import Arrival
from dingtalk_models.core.errors import CallbackError, ConfigurationError
from dingtalk_models.core.hints import fields_in, wire_names
from dingtalk_models.core.json_values import is_object, loaded
from dingtalk_models.core.wire import Millis, camel, wire

EVERY_TYPE = "*"

_HEAD = frozenset({"EventType", "EventTime", "CorpId", "BizId", "eventId", "TimeStamp"})


@dataclass(frozen=True, slots=True)
class EventType:
    """The documentation of a type of event.

    Attributes:
        name: its name, such as `user_add_org`.
        title: its Chinese title.
        source: the slug of its documentation page.
        fields: the types of its fields, by name.
    """

    name: str
    title: str
    source: str
    fields: Mapping[str, str]


def check_documented(name: str) -> None:
    """Refuse an event name that the platform does not document.

    Raises:
        ConfigurationError: the name is not documented.
    """
    known = event_types()
    if name not in known and name != EVERY_TYPE:
        near = get_close_matches(name, known, n=1)
        english, chinese = (f"; did you mean {near[0]!r}?", f"，是否应为 {near[0]!r}？") if near else ("", "")
        raise ConfigurationError(
            f"no event {name!r} is documented{english} A name of your own is given with documented=False / "
            f"文档中没有事件 {name!r}{chinese} 自定义的名称请加上 documented=False"
        )


@cache
def event_types() -> dict[str, EventType]:
    """Every documented type of event, by name."""
    text = files("dingtalk_models.callback").joinpath("event_types.json").read_text("utf-8")
    return {described["name"]: EventType(**described) for described in json.loads(text)}


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | int) else value


Strs = Annotated[list[str], BeforeValidator(_listed)]
"""A list of texts. Some pushes have a single text instead."""

Ints = Annotated[list[int], BeforeValidator(_listed)]
"""A list of numbers. Some pushes have a single number instead."""


class Event(Arrival, alias_generator=camel):
    """Something that happened in a company.

    Attributes:
        type: the name of its type, such as `user_add_org`.
        corp_id: the company.
        event_id: the same in each delivery of this event; `None` in older forms.
        time: when it happened.
        data: its own fields, as they came.
        payload: the whole push, unchanged.
    """

    TYPE: ClassVar[str] = EVERY_TYPE
    """The name of the type that a class is for: its own in snake_case, `user_add_org` of `UserAddOrg`."""

    model_config = ConfigDict(populate_by_name=False)

    def __init_subclass__(cls, **settings: Unpack[ConfigDict]) -> None:
        super().__init_subclass__(**settings)
        if cls.TYPE == EVERY_TYPE and not cls.__name__.startswith("_"):
            cls.TYPE = to_snake(cls.__name__)

    type: Annotated[str, wire("EventType")]
    corp_id: Annotated[str | None, wire("CorpId")]
    event_id: str | None
    time: Annotated[Millis | None, wire("EventTime")]
    data: dict[str, Any] = {}
    payload: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _from_dump(cls, given: Any) -> Any:
        """Accept a dump, which has all fields by their Python names; some of these are wire names of other fields."""
        if not isinstance(given, dict):
            return given
        given = cast("dict[str, Any]", given)
        if "EventType" in given or "type" not in given:
            return given
        return {_wire_names(cls).get(name, name): value for name, value in given.items()}

    @property
    def key(self) -> str | None:
        """The same in each delivery."""
        return f"event:{self.event_id}" if self.event_id else None

    @property
    def handled_as(self) -> tuple[str, ...]:
        """Its type, and every type."""
        return self.type, EVERY_TYPE

    @property
    def title(self) -> str:
        """The Chinese title of its type; empty if the type is not documented."""
        known = event_types().get(self.type)
        return known.title if known else ""

    @classmethod
    def _of(cls, payload: dict[str, Any]) -> Self:
        # from an HTTP push, from Stream mode, or from an older callback
        head, data = _stream_form(payload) if _is_stream(payload) else _flat_form(payload)
        own = _own_names(cls)
        fields = {name: value for key, value in data.items() if (name := key[:1].lower() + key[1:]) in own} | head
        fixed = {"EventType": type_of(payload), "data": data, "payload": payload}
        return cls._read(fields, fixed)

    def __repr_args__(self) -> Any:
        """The fields that have a value, without `payload`."""
        return [(name, value) for name, value in super().__repr_args__() if name != "payload"]


@cache
def _wire_names(kind: type[Event]) -> Mapping[str, str]:
    """The wire name of each field of a class."""
    return {name: field.serialization_alias or name for name, field in kind.model_fields.items()}


@cache
def _own_names(kind: type[Event]) -> frozenset[str]:
    """The wire names of the fields that a class adds to `Event`."""
    own = [hint for name, hint in fields_in(kind).items() if name not in Event.model_fields]
    return frozenset(spelling for hint in own for spelling in wire_names(hint))


def parsed(body: bytes | str | Mapping[str, Any]) -> dict[str, Any]:
    """A push or a frame as a dict, whether it was parsed or not.

    Raises:
        CallbackError: it is not a JSON object.
    """
    if isinstance(body, Mapping):
        return dict(body)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CallbackError("the push is not a JSON object")
    return cast("dict[str, Any]", found)


def type_of(payload: Mapping[str, Any]) -> str:
    """The type of the event in a push; empty if the push has none."""
    return str(payload.get("EventType") or _stream_head(payload).get("eventType") or "")


def _stream_head(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the head of an event in Stream mode: the headers of a frame, or the fields next to its data."""
    headers = payload.get("headers")
    return headers if is_object(headers) else payload


def _is_stream(payload: Mapping[str, Any]) -> bool:
    # in a frame, the data is JSON in a string
    return "EventType" not in payload and is_object(loaded(payload.get("data")))


def _flat_form(payload: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    data = {name: value for name, value in payload.items() if name not in _HEAD}
    head = {
        "EventTime": payload.get("EventTime", payload.get("TimeStamp", payload.get("timeStamp"))),
        "CorpId": payload.get("CorpId", payload.get("corpId")),
        "eventId": payload.get("eventId"),
    }
    return head, data


def _stream_form(payload: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    found = _stream_head(payload)
    head = {
        "EventTime": found.get("eventBornTime"),
        "CorpId": found.get("eventCorpId"),
        "eventId": found.get("eventId"),
    }
    return head, dict(loaded(payload["data"]))
