"""The fields that the console takes: checked as strictly as those of a call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, TypeVar, cast

from pydantic import ConfigDict, Field, TypeAdapter

T = TypeVar("T")

STRICT: Final = ConfigDict(
    strict=True, extra="forbid", allow_inf_nan=False, validate_by_alias=False, validate_by_name=True
)
"""How the fields are checked. They have their names in Python, not those of the platform's calls."""

Number: TypeAlias = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A number that the platform can keep."""


def checked(kind: type[T], fields: Mapping[str, Any]) -> T:
    """The fields, if they are as this class says."""
    found: T = _reader(cast("Any", kind)).validate_python(fields)
    return found


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
