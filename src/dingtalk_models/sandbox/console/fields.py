"""Checks the fields for the console as strictly as those of a call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, TypeVar, cast

from pydantic import ConfigDict, Field, TypeAdapter

T = TypeVar("T")

STRICT: Final = ConfigDict(
    strict=True, extra="forbid", allow_inf_nan=False, validate_by_alias=False, validate_by_name=True
)
"""The options of the check. The fields have their Python names, not the wire names."""

Number: TypeAlias = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A number that the platform can store."""


def checked(kind: type[T], fields: Mapping[str, Any]) -> T:
    """Return the fields after checking them against a class."""
    found: T = _reader(cast("Any", kind)).validate_python(fields)
    return found


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
