"""The handle's error replies: the problem, the field, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.responses import Response

from dingtalk_models.sandbox.saving import Unsavable, UnusableState
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.seeding import SeedError
from dingtalk_models.sandbox.state.stream import NoClient

K = TypeVar("K")
V = TypeVar("V")

Kind: TypeAlias = Literal[
    "malformed", "forbidden", "not_found", "wrong_verb", "conflict", "timeout", "too_large", "invalid", "broken"
]
"""The kinds of error. `forbidden` comes from the guard in front of the handle."""

_TOLD: Final[dict[Kind, tuple[int, str]]] = {
    "malformed": (400, "Send one JSON object, in UTF-8. / 请发送一个 UTF-8 编码的 JSON 对象。"),
    "not_found": (404, "Use GET to list what exists. / 用 GET 可列出已有内容。"),
    "wrong_verb": (405, "The header Allow has the verbs. / 可用的方法见响应头 Allow。"),
    "conflict": (409, "Look at the state, and resolve the conflict. / 查看当前状态，先处理冲突。"),
    "timeout": (409, "Nobody answered in time: check that the app is running. / 等待超时，请确认应用是否在运行。"),
    "too_large": (413, "Send less at once. / 请减少单次发送的内容。"),
    "invalid": (422, "See /_sandbox/openapi.json for the allowed values. / 各字段的取值见 /_sandbox/openapi.json。"),
    "broken": (
        500,
        "An error of the sandbox itself; its log has more. / 这是模拟服务器自身的错误，详见其日志。",
    ),
}
"""The HTTP status and the hint for each kind."""


class FieldProblem(BaseModel):
    """The problem of one field."""

    field: str
    message: str


class HandleProblem(BaseModel):
    """The reason why a request failed, and what to do.

    Attributes:
        status: the HTTP status.
        error: the kind of error.
        message: the problem.
        fields: the wrong fields.
        hint: what to do, in English and Chinese.
        code: the platform's code, if one of its rules refuses the request.
    """

    status: int
    error: Kind
    message: str
    fields: list[FieldProblem] = []
    hint: str
    code: int | str | None = None


class Failed(Exception):
    """A request to the handle failed."""

    def __init__(
        self, kind: Kind, message: str, fields: Iterable[FieldProblem] = (), *, code: int | str | None = None
    ) -> None:
        super().__init__(message)
        status, hint = _TOLD[kind]
        self.problem = HandleProblem(status=status, error=kind, message=message, fields=[*fields], hint=hint, code=code)

    def response(self) -> Response:
        """Make the reply."""
        content = self.problem.model_dump_json().encode()
        return Response(content, self.problem.status, media_type="application/json")


def of_validation(error: ValidationError) -> Failed:
    """Make the error for a request that does not fit its model."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return Failed("malformed", f"The body cannot be read: {details[0]['msg']}.")
    fields = [FieldProblem(field=_place(each), message=each["msg"]) for each in details]
    return Failed("invalid", "; ".join(f"{each.field}: {each.message}" for each in fields[:5]), fields)


def of_error(error: Exception) -> Failed | None:
    """Convert a deliberate error of `Sandbox`; None for a bug of the sandbox."""
    if isinstance(error, Failed):
        return error
    if isinstance(error, Refused):
        return Failed("conflict", f"{error.message} ({error.code})", code=error.code)
    if isinstance(error, SeedError):
        return Failed("invalid", f"{error.field}: {error}", [FieldProblem(field=error.field, message=str(error))])
    # not KeyError, although it is a LookupError: that one is always a bug
    kinds: dict[type[Exception], Kind] = {
        LookupError: "not_found",
        NoClient: "not_found",
        UnusableState: "invalid",
        Unsavable: "conflict",
        PermissionError: "conflict",
        TimeoutError: "timeout",
        ValueError: "invalid",
    }
    kind = kinds.get(type(error))
    told = f"no connected client subscribed to {error}" if isinstance(error, NoClient) else str(error)
    return Failed(kind, f"{told}.") if kind else None


def of_status(status: int, path: str, verb: str) -> Failed:
    """Make the error for a status from the router."""
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return Failed("wrong_verb", f"{path} does not know {verb}.")
    return Failed("not_found", f"There is nothing at {path}: the paths are in /_sandbox/openapi.json.")


def _place(detail: ErrorDetails) -> str:
    return ".".join(map(str, detail["loc"])) or "body"


def found(things: Mapping[K, V], key: K, name: str) -> V:
    """Return the item with a key.

    Raises:
        Failed: there is none.
    """
    if key not in things:
        raise Failed("not_found", f"There is no {name} {key!r}.")
    return things[key]
