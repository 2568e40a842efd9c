"""Frames from the gateway, and the answers to them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NamedTuple, cast

from pydantic_core import PydanticSerializationError, from_json, to_json

from dingtalk_models.core.json_values import jsonable

SYSTEM, EVENT, CALLBACK = "SYSTEM", "EVENT", "CALLBACK"


class BadFrame(Exception):
    """A frame that is not understood.

    Attributes:
        reply: the answer to it.
    """

    def __init__(self, message_id: str | None, problem: str, code: int = HTTPStatus.BAD_REQUEST) -> None:
        self.reply = answer(message_id, code, problem, None)
        super().__init__(problem)


class Frame(NamedTuple):
    """A frame from the gateway.

    Attributes:
        type: `SYSTEM`, `EVENT` or `CALLBACK`.
        topic: its topic.
        message_id: its id, which the answer repeats; `None` if it has none, like the documented notice.
        data: its content, parsed.
        payload: the whole of it, with `data` parsed.
    """

    type: str
    topic: str
    message_id: str | None
    data: Any
    payload: dict[str, Any]


def read_frame(text: bytes) -> Frame:
    """Read a frame.

    Raises:
        BadFrame: it is not JSON, or lacks something.
    """
    try:
        whole = from_json(text)
    except ValueError:
        whole = None
    payload = cast("dict[str, Any]", whole) if isinstance(whole, dict) else {}
    headers = payload.get("headers")
    if not isinstance(headers, dict):
        raise BadFrame(None, "not a frame")
    headers = cast("dict[str, Any]", headers)
    given, kind, topic = headers.get("messageId"), payload.get("type"), headers.get("topic")
    message_id = given if isinstance(given, str) else None
    if not isinstance(kind, str) or not isinstance(topic, str):
        raise BadFrame(message_id, "no type or no topic")
    data = payload.get("data")
    if isinstance(data, str) and data:
        try:
            data = payload["data"] = from_json(data)
        except ValueError:
            if kind != SYSTEM:  # no data is needed to understand those
                raise BadFrame(message_id, "data is not JSON") from None
    if kind != SYSTEM and not isinstance(data, dict):
        raise BadFrame(message_id, "data is not an object")
    return Frame(kind, topic, message_id, data, payload)


def answer(message_id: str | None, code: int, message: str, data: Any) -> bytes:
    """Make the answer to a frame.

    Raises:
        TypeError: the data cannot be written as JSON.
    """
    try:
        written = to_json(jsonable(data, by_alias=True)).decode()
    except PydanticSerializationError as error:
        raise TypeError(f"the answer cannot be written as JSON: {error}") from None
    headers = {"contentType": "application/json"} | ({"messageId": message_id} if message_id else {})
    return to_json({"code": int(code), "headers": headers, "message": message, "data": written})


class _Prepared:
    """An answer in which only the message id differs, as in nearly all answers. It is encoded once."""

    def __init__(self, data: Any) -> None:
        self._data = data
        place = "the id"
        self._before, _, self._after = answer(place, HTTPStatus.OK, "OK", data).partition(to_json(place))

    def to(self, frame: Frame) -> bytes:
        if not frame.message_id:
            return answer(None, HTTPStatus.OK, "OK", self._data)
        return self._before + to_json(frame.message_id) + self._after


_SUCCESS = _Prepared({"status": "SUCCESS", "message": "OK"})
_NOTHING = _Prepared({"response": None})


def succeeded(frame: Frame) -> bytes:
    """Answer that an event was handled."""
    return _SUCCESS.to(frame)


def later(frame: Frame, why: str) -> bytes:
    """Answer that an event was not handled and should be sent again. A callback is not sent again."""
    data = {"status": "LATER", "message": why} if frame.type == EVENT else {"response": None}
    return answer(frame.message_id, HTTPStatus.INTERNAL_SERVER_ERROR, why, data)


def responded(frame: Frame, response: Any) -> bytes:
    """Answer a callback with a response.

    Raises:
        TypeError: the response cannot be written as JSON.
    """
    if response is None:
        return _NOTHING.to(frame)
    return answer(frame.message_id, HTTPStatus.OK, "OK", {"response": response})
