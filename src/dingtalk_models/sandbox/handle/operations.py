"""The table of operations, and the decorator that puts a function into it.

An operation is a function of the sandbox. Its signature has the parameters and the result, and its docstring says in
both languages what it does:

    @operation("POST", "/clock/advance", "clock.advance")
    def advance_clock(sandbox: Sandbox, body: Advance) -> Time:
        \"\"\"Move the clock forward. / 拨快时钟。\"\"\"

`body` and `query` are models; other parameters are segments of the path. The route, the validation and the document
all come from this declaration.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import NoneType
from typing import Any, Final, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

PerformT = TypeVar("PerformT", bound=Callable[..., Any])

NOTHING: Final = b"{}"
"""The meaning of an empty body."""

Verb: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Body(BaseModel):
    """The body of a request: strict, without unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class QueryString(BaseModel):
    """The query of a request: text is converted to numbers and booleans; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Latest(QueryString):
    """The number of items to list."""

    limit: int = Field(1000, ge=1, le=10_000, description="how many of the latest items / 最近的条数")


@dataclass(frozen=True)
class HandleOperation:
    """One operation.

    Attributes:
        verb: its verb.
        path: its path, below `/_sandbox`.
        python: the same in Python, as an attribute of `Sandbox`, such as `clock.advance`.
        perform: the function.
        waits: whether it may wait for somebody, so that it must not run on the sandbox's thread.
    """

    verb: Verb
    path: str
    python: str
    perform: Callable[..., Any]
    waits: bool

    @property
    def name(self) -> str:
        """Its name, which is the function's."""
        return self.perform.__name__

    @property
    def subject(self) -> str:
        """Its subject: the name of its file."""
        return self.perform.__module__.rpartition(".")[2]

    @property
    def summary(self) -> str:
        """What it does, in both languages."""
        return inspect.getdoc(self.perform) or ""

    @cached_property
    def signature(self) -> inspect.Signature:
        """The parameters and the reply."""
        return inspect.signature(self.perform, eval_str=True)

    @cached_property
    def body(self) -> TypeAdapter[Any] | None:
        """The reader of the body, if it is JSON."""
        parameter = self.signature.parameters.get("body")
        return TypeAdapter(parameter.annotation) if parameter and not self.takes_bytes else None

    @cached_property
    def needs_body(self) -> bool:
        """Whether the body has required fields. An empty body counts as an empty object."""
        if self.body is None:
            return self.takes_bytes
        try:
            self.body.validate_json(NOTHING)
        except ValidationError:
            return True
        return False

    @property
    def takes_bytes(self) -> bool:
        """Whether it takes the body as bytes."""
        parameter = self.signature.parameters.get("body")
        return parameter is not None and parameter.annotation is bytes

    @property
    def gives_bytes(self) -> bool:
        """Whether it returns bytes instead of JSON."""
        return self.signature.return_annotation is bytes

    @cached_property
    def query(self) -> type[BaseModel] | None:
        """The model of the query."""
        parameter = self.signature.parameters.get("query")
        return parameter.annotation if parameter else None

    @cached_property
    def place(self) -> type[BaseModel]:
        """The model of the segments in the path."""
        parameters = self.signature.parameters
        fields: dict[str, Any] = {name: (parameters[name].annotation, ...) for name in segments(self.path)}
        return create_model(self.name, __base__=QueryString, **fields)

    @cached_property
    def reply(self) -> TypeAdapter[Any] | None:
        """The writer of the reply, if it is JSON."""
        returned = self.signature.return_annotation
        return None if returned in (None, NoneType, bytes) else TypeAdapter(returned)


OPERATIONS: Final[list[HandleOperation]] = []
"""Every operation, in the order of the document."""


def operation(verb: Verb, path: str, python: str, *, waits: bool = False) -> Callable[[PerformT], PerformT]:
    """Declare a function as an operation.

    Args:
        verb: the verb.
        path: the path below `/_sandbox`; `{name}` is a segment that is a parameter.
        python: the same in Python, as an attribute of `Sandbox`.
        waits: whether it may wait for somebody.
    """

    def declare(perform: PerformT) -> PerformT:
        OPERATIONS.append(HandleOperation(verb, path, python, perform, waits))
        return perform

    return declare


def segments(path: str) -> list[str]:
    """Return the names of the parameters in a path."""
    return re.findall(r"\{(\w+)", path)
