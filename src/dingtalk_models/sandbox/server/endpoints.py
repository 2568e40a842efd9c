"""The table of endpoints, and the decorator that puts a function into it.

An endpoint is a function of the company and its parameters; its signature is the table of parameters:

    @endpoint("POST", "/topapi/v2/department/get", scope="qyapi_get_department_list")
    def get_department(company: Company, *, dept_id: int, language: Language = "zh_CN") -> Result:
        return {"result": …}

It returns the reply without its envelope, or raises `Refused`. A wrong parameter is refused with the code in its
`Code(…)`, or else with that of the endpoint. Shared parameters are in a `TypedDict`: `**settings: Unpack[Settings]`.
On the newer host, parameters have camelCase wire names: `taskId` for `task_id`. Only other names are written:
`Field(alias="toUserId")`.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import NoneType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    Required,
    TypeAlias,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from urllib.parse import unquote

from pydantic import BeforeValidator, ValidationError, create_model
from pydantic.alias_generators import to_camel

from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.json_values import read_json
from dingtalk_models.sandbox.server.parameters import Parameters
from dingtalk_models.sandbox.server.uploads import FormFile

Result: TypeAlias = Mapping[str, object]

Waiting: TypeAlias = Generator[Callable[[], Any], Any, Result]
"""The result of an endpoint that has to wait for somebody: it yields blocking functions and is sent their results.

Other calls are answered meanwhile, so the company may have changed afterwards.
"""

Handler: TypeAlias = Callable[..., Result | Waiting]
R = TypeVar("R", Result, Waiting)
Language = Literal["zh_CN", "en_US"]


@dataclass(frozen=True)
class Code:
    """The code for a malformed parameter, and the code for a missing one if it differs."""

    invalid: int | str
    missing: int | str | None = None


def _split(value: object) -> list[str]:
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise ValueError("not a comma-joined string")  # noqa: TRY004 -- what pydantic reports
    return [part.strip() for part in str(value).split(",") if part.strip()]


def _unquote(value: object) -> object:
    if not isinstance(value, str):
        return value
    said = _without_nulls(read_json(value))
    if said is None:
        raise ValueError("null is neither an object nor a list")
    return said


def _without_nulls(value: Any) -> Any:
    """Return a copy without fields that are null. A null in an array stays."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        return {name: _without_nulls(part) for name, part in fields.items() if part is not None}
    return [_without_nulls(part) for part in cast("list[object]", value)] if isinstance(value, list) else value


Ids = Annotated[list[int], BeforeValidator(_split)]
Names = Annotated[list[str], BeforeValidator(_split)]
FromJson = BeforeValidator(_unquote)
"""For objects and lists, which are JSON text in forms."""


@dataclass(frozen=True)
class ServedEndpoint:
    """One API: its path, permissions, parameters and function."""

    verb: str
    path: str
    handler: Handler
    scope: str | None
    open: bool
    code: Code
    query: frozenset[str]
    camel: bool
    token: Literal["app", "sso"] = "app"
    xml: bool = False

    @cached_property
    def parameters(self) -> type[Parameters]:
        """The model of its parameters, made at the first call, because most runs use few endpoints."""
        return _parameters_of(self.handler, camel=self.camel)

    @cached_property
    def takes_body(self) -> bool:
        """Whether any parameter is in the body."""
        names = {info.alias or name for name, info in self.parameters.model_fields.items()}
        return not names <= self.query | {*_PLACEHOLDER.findall(self.path)}

    @cached_property
    def takes_files(self) -> bool:
        """Whether any parameter is a file."""
        return any(info.annotation is FormFile for info in self.parameters.model_fields.values())

    def read(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Read the handler's arguments. Null counts as absent at any depth, and unknown parameters are ignored."""
        try:
            model = self.parameters.model_validate(_without_nulls(given))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise self._refusal(first["loc"][0], missing=first["type"] == "missing") from None
        return {name: getattr(model, name) for name in model.model_fields_set}

    def _refusal(self, wire_name: int | str, *, missing: bool) -> Refused:
        infos = {info.alias or name: info for name, info in self.parameters.model_fields.items()}
        code = next((each for each in infos[str(wire_name)].metadata if isinstance(each, Code)), self.code)
        return Refused(code.missing if missing and code.missing is not None else code.invalid)


ENDPOINTS: Final[defaultdict[str, dict[str, ServedEndpoint]]] = defaultdict(dict)
"""The endpoints by path and verb."""

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
"""A segment of a path that is a parameter."""

_TEMPLATES: Final[list[tuple[re.Pattern[str], str]]] = []


def endpoint(
    verb: str,
    path: str,
    *,
    scope: str | None = None,
    invalid: int | str = 400002,
    missing: int | str | None = None,
    open: bool = False,
    token: Literal["app", "sso"] = "app",
    camel: bool | None = None,
    xml: bool = False,
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Declare a function as the endpoint at a path.

    Args:
        verb: GET, POST, ….
        path: the path; `{name}` is a parameter. Names after a question mark are parameters that are in the query
            although there is a body: `/robot/send?access_token&sign`.
        scope: the documented permission scope.
        invalid: the code for a malformed or missing parameter.
        missing: the code for a missing parameter, if it differs.
        open: whether it works without an access token.
        token: the kind of token: the app's, a user's, or the one for logins from the admin console.
        camel: whether parameters have camelCase wire names; by default on the newer host.
        xml: whether it answers in XML, unless the request accepts JSON.
    """

    def declare(handler: Callable[..., R]) -> Callable[..., R]:
        place, _, query = path.partition("?")
        names = frozenset(query.split("&"))
        in_camel = place.startswith("/v") if camel is None else camel
        code = Code(invalid, missing)
        ENDPOINTS[place][verb] = ServedEndpoint(verb, place, handler, scope, open, code, names, in_camel, token, xml)
        if "{" in place:
            _TEMPLATES.append((re.compile(_PLACEHOLDER.sub(r"(?P<\1>[^/]+)", place)), place))
        return handler

    return declare


def path_of(sent: str) -> str:
    """Unquote a path, except for slashes in a segment (`%2F`) and percent signs (`%25`)."""
    return "/".join(unquote(part).replace("%", "%25").replace("/", "%2F") for part in sent.split("/"))


def placed(pattern: re.Pattern[str], path: str) -> dict[str, str] | None:
    """Return the unquoted parameters in a path; None if the path does not fit the pattern."""
    match = pattern.fullmatch(path)
    return {name: unquote(part) for name, part in match.groupdict().items()} if match else None


def route(path: str) -> tuple[Mapping[str, ServedEndpoint], Mapping[str, str]]:
    """Return the endpoints at a path by verb, and the parameters in the path."""
    if path in ENDPOINTS:
        return ENDPOINTS[path], {}
    for pattern, template in _TEMPLATES:
        if (parameters := placed(pattern, path)) is not None:
            return ENDPOINTS[template], parameters
    return {}, {}


@lru_cache(maxsize=1024)
def pattern_of(path: str) -> re.Pattern[str]:
    """Make the pattern of a path in which `{id}` stands for any id."""
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))


def _parameters_of(handler: Handler, *, camel: bool) -> type[Parameters]:
    fields: dict[str, Any] = {}
    for name, parameter in list(inspect.signature(handler, eval_str=True).parameters.items())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            fields |= _fields_of(get_args(parameter.annotation)[0])
        else:
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[name] = (_present(parameter.annotation), default)
    config = {"coerce_numbers_to_str": True, "alias_generator": to_camel if camel else None}
    return create_model(handler.__name__, __base__=Parameters, __cls_kwargs__=config, **fields)


def _fields_of(shared: Any) -> dict[str, Any]:
    """Return the fields of a `TypedDict` of parameters. Required ones have no default."""
    fields: dict[str, Any] = {}
    for name, hint in get_type_hints(shared, include_extras=True).items():
        marker = get_origin(hint)
        required = marker is Required or (name in shared.__required_keys__ and marker is not NotRequired)
        annotation = get_args(hint)[0] if marker in (Required, NotRequired) else hint
        fields[name] = (annotation, ... if required else None)
    return fields


def _present(annotation: Any) -> Any:
    """Drop the None of `X | None`: null never reaches the model, and X's limits and `Code` must stay visible."""
    options = get_args(annotation)
    return next(each for each in options if each is not NoneType) if NoneType in options else annotation
