"""Wire types of how long something lasts: a `timedelta`, sent as a number of one unit."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


class _Span:
    """Reads and writes a `timedelta` as a number of a unit. An argument has to be a whole number of it."""

    def __init__(self, unit: timedelta, english: str, chinese: str) -> None:
        self._unit = unit
        self._whole = f"should be a whole number of {english} / 须为整{chinese}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self._write, when_used="json")
        span = core_schema.timedelta_schema(strict=True, serialization=written)
        read = core_schema.no_info_before_validator_function(self._read, span)
        return core_schema.json_or_python_schema(
            read, core_schema.no_info_after_validator_function(self._checked, read)
        )

    def _read(self, value: Any) -> Any:
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = float(value) if "." in value else int(value)
        if not isinstance(value, int | float) or isinstance(value, bool):
            return value
        try:
            return self._unit * value
        except (OverflowError, ValueError) as error:  # too long for a `timedelta`; no number
            raise ValueError("too long / 时长过长") from error

    def _checked(self, span: timedelta) -> timedelta:
        if span % self._unit:
            raise ValueError(self._whole)
        return span

    def _write(self, span: timedelta) -> int | float:
        return span / self._unit if span % self._unit else span // self._unit


SpanMillis = Annotated[timedelta, _Span(timedelta(milliseconds=1), "milliseconds", "毫秒")]
"""How long something lasts, sent as milliseconds."""

SpanSeconds = Annotated[timedelta, _Span(timedelta(seconds=1), "seconds", "秒")]
"""How long something lasts, sent as seconds."""

SpanMinutes = Annotated[timedelta, _Span(timedelta(minutes=1), "minutes", "分钟")]
"""How long something lasts, sent as minutes."""

SpanHours = Annotated[timedelta, _Span(timedelta(hours=1), "hours", "小时")]
"""How long something lasts, sent as hours."""

SpanDays = Annotated[timedelta, _Span(timedelta(days=1), "days", "天")]
"""How long something lasts, sent as days."""
