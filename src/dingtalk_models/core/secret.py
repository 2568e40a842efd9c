"""`Secret`: text that prints as `***`. It is unwrapped only on its way out: in a URL, a body, a signature, a store."""

from __future__ import annotations

import hmac
import json
import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from html import escape
from types import FrameType, TracebackType
from typing import Annotated, Any, NoReturn, Self, cast, overload
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from pydantic import GetCoreSchemaHandler, SecretStr
from pydantic_core import CoreSchema, SchemaSerializer, core_schema

from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.core.json_values import is_array, is_object

MASK = "***"

_NAMES = re.compile(
    r"(?i).*(?<!next)(?<!next_)(?<!sync)(?<!client)(?<!client-)token|.*(secret|password)|((suite|jsapi)_?)?ticket"
    r"|authorization|sign|signature|(tmp_?)?auth_?code|per(manent|sistent)_?code"
)
"""The names of secrets in requests and replies. Cursors, and ids that a client makes up, are tokens of another kind."""

_LOGIN = re.compile(r"(?i)userinfo|accesstoken")
"""Where a `code` is that of a login. Elsewhere it is the code of a department, a project, …"""


_AS_MASK = core_schema.to_string_ser_schema(when_used="json")


class Secret(SecretStr):
    """A text that prints as `***`: in a `repr`, a log line, a traceback with local variables, as JSON.

    `get_secret_value()` returns the text. Pickling leaves it out: a copy that was unpickled raises
    `ConfigurationError` when its text is asked for.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: Any = super().__get_pydantic_core_schema__(source, handler)
        schema["serialization"] = _AS_MASK
        return cast("CoreSchema", schema)

    __pydantic_serializer__ = SchemaSerializer(core_schema.any_schema(serialization=_AS_MASK))

    @overload
    @classmethod
    def of(cls, text: str | SecretStr) -> Secret: ...
    @overload
    @classmethod
    def of(cls, text: str | SecretStr | None) -> Secret | None: ...
    @classmethod
    def of(cls, text: str | SecretStr | None) -> Secret | None:
        """Make a secret from a plain text, a `Secret` or pydantic's `SecretStr`."""
        if text is None or isinstance(text, Secret):
            return text
        return cls(text if isinstance(text, str) else text.get_secret_value())

    def _display(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __hash__(self) -> int:
        return super().__hash__()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Callable[[], Secret], tuple[()]]:
        return _LeftOut, ()


class _LeftOut(Secret):
    """Stands in for a secret that was pickled, whose text was left out."""

    def __init__(self) -> None:
        super().__init__(MASK)

    def get_secret_value(self) -> NoReturn:
        """Raise an error, since the text was not pickled."""
        raise ConfigurationError("this secret was left out when it was pickled: set it again / 密钥不随 pickle 保存")

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def signature_of(text: str, secret: str | SecretStr) -> str:
    """Sign a text with a secret: HMAC-SHA256 in Base64."""
    secret = Secret.of(secret)
    return b64encode(hmac.digest(secret.get_secret_value().encode(), text.encode(), "sha256")).decode()


def unwrapped(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy an object with the text of each secret, to send it."""
    return {name: revealed(value) for name, value in values.items()}


def revealed(value: Any) -> Any:
    """Copy any JSON value with the text of each secret, to send it."""
    if isinstance(value, dict):
        return unwrapped(cast("dict[str, Any]", value))
    return [*map(revealed, cast("list[object]", value))] if isinstance(value, list) else _plain(value)


def hidden(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy an object with a `Secret` for each text whose name is that of a secret."""
    return {
        name: Secret(value) if is_secret(name) and isinstance(value, str) else hidden_inside(value)
        for name, value in values.items()
    }


def hidden_inside(value: Any) -> Any:
    """Copy any JSON value with a `Secret` for each text in its objects whose name is that of a secret."""
    if is_object(value):
        return hidden(value)
    return [*map(hidden_inside, value)] if is_array(value) else value


def concealed(value: Any) -> Any:
    """Copy any JSON value with a `Secret` for each text and number in it."""
    if is_object(value):
        return {name: concealed(part) for name, part in value.items()}
    if is_array(value):
        return [*map(concealed, value)]
    return value if value is None or isinstance(value, bool) else Secret(str(value))


def is_secret(name: str, path: str = "") -> bool:
    """Whether a wire name is that of a secret in an API, even if the operation does not declare it."""
    return bool(_NAMES.fullmatch(name)) or (name == "code" and bool(_LOGIN.search(path)))


@dataclass(frozen=True)
class Hidden:
    """Converts an argument to a `Secret`: `app_secret: Annotated[str | SecretStr, Hidden()]`.

    Attributes:
        min_length: the fewest characters.
        max_length: the most characters.
        check: raises `ValueError` for a text that is not accepted.
    """

    min_length: int | None = None
    max_length: int | None = None
    check: Callable[[str], str] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text: CoreSchema = core_schema.str_schema(min_length=self.min_length, max_length=self.max_length)
        if self.check is not None:
            text = core_schema.no_info_after_validator_function(self.check, text)
        plain = core_schema.no_info_before_validator_function(_plain, text)
        return core_schema.no_info_after_validator_function(Secret, plain, serialization=_AS_MASK)


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


Hiding = Annotated[str | SecretStr, Hidden()]
"""An argument that is a secret, without limits."""


def forget_locals(error: BaseException) -> None:
    """Clear the local variables in an error's traceback, up to the caller's frame.

    An unwrapped secret is in local variables, also of libraries, and error reporters show these.
    """
    trace = error.__traceback__
    _forget(error, trace.tb_next if trace else None)


def _forget(error: BaseException, trace: TracebackType | None) -> None:
    frames: list[FrameType] = []
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    if error.__suppress_context__:
        error.__context__ = None  # nobody prints this error, and it may quote sent or received data
    linked = [error.__cause__, error.__context__]
    for other in linked[:1] if linked[0] is linked[1] else linked:
        # an error that was caught outside of these functions is the application's
        if other is not None and other.__traceback__ is not None and other.__traceback__.tb_frame in frames:
            _forget(other, other.__traceback__)
    for frame in frames:
        with suppress(RuntimeError):  # it is still running
            frame.clear()


SHORTEST = 6
"""Shorter secrets are not replaced, since their letters occur in other words too."""


def secrets_in(value: Any) -> Iterator[str]:
    """List the texts of all secrets in a request."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, HttpRequest):  # its URL and headers come from a reply, so nothing in them is a `Secret`
        yield from (text for _, text in parse_qsl(urlsplit(value.url).query))
        yield from (text for name, text in value.headers.items() if is_secret(name))
    elif is_object(value):
        yield from secrets_in([*value.values()])
    elif is_array(value):
        for each in value:
            yield from secrets_in(each)


def without(response: HttpResponse, secrets: Iterable[str]) -> HttpResponse:
    """Replace each secret in a reply by `***`; return the same reply if it has none."""
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    if not forms:
        return response
    longest_first = sorted(forms, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first))
    hide = partial(re.compile(either, re.IGNORECASE).sub, MASK)
    hide_bytes = partial(re.compile(either.encode(), re.IGNORECASE).sub, MASK.encode())
    headers = {name: hide(text) for name, text in response.headers.items()}
    content = hide_bytes(response.content)
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        pass
    else:  # where a secret may be written as `\u0061`
        if (harmless := _hidden(said, hide)) != said:
            content = json.dumps(harmless, ensure_ascii=False).encode(errors="replace")
    if content == response.content and headers == response.headers:
        return response
    return HttpResponse(response.status, headers, content)


def _forms(secret: str) -> Iterator[str]:
    """List the forms in which a secret can be written: plain, in a URL, in HTML, in JSON."""
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield escape(secret)
    yield secret.replace("/", "\\/")


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return hide(value)
    if is_object(value):
        return {hide(name): _hidden(each, hide) for name, each in value.items()}
    return [_hidden(each, hide) for each in value] if is_array(value) else value


_MACHINERY = ("dingtalk_models.", "concurrent.futures.", "asyncio.", "tenacity.")

logger = logging.getLogger("dingtalk_models")


def shorten(error: BaseException) -> None:
    """Remove this package's frames from a traceback. Frames of the caller's own flows and handlers stay."""
    if logger.isEnabledFor(logging.DEBUG):
        return
    entries: list[TracebackType] = []
    entry = error.__traceback__
    while entry is not None:
        if not f"{entry.tb_frame.f_globals.get('__name__', '')}.".startswith(_MACHINERY):
            entries.append(entry)
        entry = entry.tb_next
    kept: TracebackType | None = None
    for each in reversed(entries):
        kept = TracebackType(kept, each.tb_frame, each.tb_lasti, each.tb_lineno)
    error.__traceback__ = kept
