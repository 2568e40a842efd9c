"""Answers to documented endpoints that the sandbox does not implement, made from their documentation.

A request is checked against the documentation, and answered with the documented sample or a custom answer. Where there
is no documentation but the official SDK, the answer has a value of each field's type. The data files are read at first
use; scripts/generate writes them.
"""

from __future__ import annotations

import copy
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final, TypeAlias

from dingtalk_models.sandbox.platform.pages import PagingNames, turn
from dingtalk_models.sandbox.platform.parameters import ParameterRow, Wrong, fields
from dingtalk_models.sandbox.server.endpoints import Result, placed
from dingtalk_models.sandbox.server.envelopes import Answer, Bare, ReceivedRequest
from dingtalk_models.sandbox.server.errors import Refused, text_of
from dingtalk_models.sandbox.server.json_values import is_array, is_object

WHOLE_BODY: Final = ""
"""The name of a parameter that is the whole body."""

Making: TypeAlias = Result | Callable[[dict[str, Any]], Result]
"""An answer without its envelope, or a function that makes it from the arguments."""


@dataclass(frozen=True)
class DocumentedEndpoint:
    """A documented endpoint.

    Attributes:
        names: the platform's names for it; empty if its documentation is archived, so that only older clients call it.
        title: its Chinese title.
        doc: the slug of its documentation page.
        scope: the permission scope that it needs.
        open: whether it works without an access token.
        invalid: the documented code for a wrong parameter.
        params: its parameters, as in the data file.
        sample: the documented answer; None if it has no fields.
        empty: whether the answer has no body at all.
        echo: the fields of the answer that repeat a parameter with the same name.
        paging: the names for paging, if it is a list.
        sdk: whether nothing is known of it but what the official SDK has: no limits, codes, scopes or samples.
    """

    verb: str
    path: str
    names: tuple[str, ...] = ()
    title: str = ""
    doc: str = ""
    scope: str | None = None
    open: bool = False
    invalid: str | None = None
    params: tuple[dict[str, Any], ...] = ()
    sample: Any = None
    empty: bool = False
    echo: tuple[list[str], ...] = ()
    paging: PagingNames | None = None
    sdk: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of its path, with a group for each placeholder."""
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path)))

    @cached_property
    def rows(self) -> list[ParameterRow]:
        """Its parameters."""
        return list(map(ParameterRow.read, self.params))

    @cached_property
    def segments(self) -> list[str]:
        """The segments of its path."""
        return self.path.split("/")

    def is_at(self, path: str) -> bool:
        """Whether it serves a path with the same number of segments."""
        # comparing literal segments first avoids most uses of the slower pattern
        same = all(own == given or "{" in own for own, given in zip(self.segments, path.split("/"), strict=True))
        return same and self.pattern.fullmatch(path) is not None

    def read(self, call: ReceivedRequest, dialect: Bare) -> dict[str, Any]:
        """Read the arguments of a request in their documented types, by name.

        Raises:
            Refused: one is missing or not as documented.
        """
        given: dict[str, Mapping[str, Any]] = {
            "path": placed(self.pattern, call.path) or {},
            "query": call.query,
            "header": {row.name: call.headers.get(row.name.lower()) for row in self._in("header")},
            "body": self._body(call, dialect),
        }
        text = call.form or self.verb in dialect.bodiless
        try:
            arguments: dict[str, Any] = {}
            for place, values in given.items():
                arguments |= fields(values, self._in(place), text=text or place != "body")
        except Wrong as wrong:
            raise self._refusal(wrong, dialect) from None
        return arguments

    def shown(self, arguments: dict[str, Any], dialect: Bare) -> Any:
        """Make the documented answer, with the ids from the request, or with the requested page of a list."""
        reply: Any = {} if self.sample is None else copy.deepcopy(self.sample)
        for way in self.echo:
            if way[-1] in arguments:
                holder: Any = reply
                for name in way[:-1]:
                    holder = holder[name]
                holder[way[-1]] = arguments[way[-1]]
        if self.paging:
            try:
                turn(reply, self.paging, arguments)
            except Wrong as wrong:
                raise self._refusal(wrong, dialect) from None
        return reply

    def _in(self, place: str) -> list[ParameterRow]:
        return [row for row in self.rows if row.place == place]

    def _body(self, call: ReceivedRequest, dialect: Bare) -> Mapping[str, Any]:
        if self.verb in dialect.bodiless:
            return call.query | (call.body if self.sdk and is_object(call.body) else {})
        rows = self._in("body")
        whole = next((row for row in rows if row.name == WHOLE_BODY), None)
        files = any(row.type == "file" for row in rows)
        body = dialect.body(call, needed=whole.required if whole else bool(rows), files=files)
        if whole:
            # a client without a value sends an empty object, even where the body should be an array
            return {WHOLE_BODY: body} if body or (whole.type == "object" and call.content) else {}
        if is_array(body):
            raise Refused(dialect.unreadable)
        return body if is_object(body) else {}

    def _refusal(self, wrong: Wrong, dialect: Bare) -> Refused:
        code = self.invalid or dialect.invalid
        code = int(code) if isinstance(code, str) and code.isdecimal() else code
        return Refused(code, f"{text_of(code)}: {wrong}")


@dataclass(eq=False)
class OwnAnswer:
    """A custom answer to an API, made by `Sandbox.answer`.

    Attributes:
        endpoint: the API.
        answer: the answer without its envelope, or a function that makes it from the arguments.
        id: its id in the handle.
    """

    endpoint: DocumentedEndpoint
    answer: Making
    _answers: list[OwnAnswer] = field(repr=False)
    id: str = field(default_factory=lambda: secrets.token_hex(4))

    def cancel(self) -> None:
        """Remove this answer, so that an earlier one or the sandbox's own counts again."""
        if self in self._answers:
            self._answers.remove(self)


class Answers:
    """The answers to documented endpoints: custom ones, or else the samples."""

    def __init__(self) -> None:
        self.own: list[OwnAnswer] = []
        """The custom answers, oldest first."""

    def set(self, name: str, answer: Making) -> OwnAnswer:
        """Set a custom answer to an API. The latest one counts."""
        own = OwnAnswer(named(name), answer, self.own)
        self.own.append(own)
        return own

    def at(self, path: str, served: Mapping[str, object]) -> Mapping[str, DocumentedEndpoint]:
        """Return the documented endpoints that answer at a path, by verb.

        Args:
            path: the path.
            served: the sandbox's functions at this path, by verb. They answer unless a custom answer is set.
        """
        return {verb: each for verb, each in at(path).items() if verb not in served or self._of(each)}

    def __iter__(self) -> Iterator[OwnAnswer]:
        """The custom answers, oldest first."""
        return iter(tuple(self.own))

    def clear(self) -> None:
        """Remove all custom answers."""
        self.own.clear()

    def answer(self, call: ReceivedRequest, endpoint: DocumentedEndpoint, dialect: Bare) -> Answer:
        """Answer a request.

        Raises:
            Refused: the request is not as documented, or the custom function refuses it.
        """
        arguments = endpoint.read(call, dialect)
        own = self._of(endpoint)
        if own is None:
            answer = dialect.accepted(endpoint.shown(arguments, dialect))
            return replace(answer, content=b"") if endpoint.empty else answer
        return dialect.accepted(own.answer(arguments) if callable(own.answer) else own.answer)

    def source(self, endpoint: DocumentedEndpoint) -> str:
        """Return the value of the header `x-sandbox`."""
        return "answer" if self._of(endpoint) else "sdk" if endpoint.sdk else "documented"

    def _of(self, endpoint: DocumentedEndpoint) -> OwnAnswer | None:
        return next((own for own in reversed(self.own) if own.endpoint is endpoint), None)


@dataclass(frozen=True)
class _Table:
    """The documented endpoints by name, by path without placeholders, or else by `_Place`."""

    by_name: dict[str, DocumentedEndpoint]
    by_path: dict[str, list[DocumentedEndpoint]]
    templates: dict[_Place, list[DocumentedEndpoint]]


_Place: TypeAlias = tuple[int, str]
"""The number of segments in a path, and its product, such as `todo` in `/v1.0/todo/users/u1/tasks`."""


def _place(segments: list[str]) -> _Place:
    return len(segments), segments[2] if len(segments) > 2 else ""


@cache
def _table() -> _Table:
    table = _Table({}, {}, {})
    for file in files("dingtalk_models.sandbox.platform").iterdir():
        if file.name.endswith(".json"):
            for described in json.loads(file.read_text("utf-8")):
                endpoint = DocumentedEndpoint(**described)
                table.by_name.update(dict.fromkeys(endpoint.names, endpoint))
                if "{" in endpoint.path:
                    table.templates.setdefault(_place(endpoint.segments), []).append(endpoint)
                else:
                    table.by_path.setdefault(endpoint.path, []).append(endpoint)
    return table


def at(path: str) -> dict[str, DocumentedEndpoint]:
    """Return the documented endpoints at a path, by verb. Literal segments win over placeholders.

    If two differ only in the names of placeholders, the one that is not archived wins.
    """
    table = _table()
    matching = [each for each in table.templates.get(_place(path.split("/")), []) if each.is_at(path)]
    matching.sort(key=lambda each: (["{" in segment for segment in each.segments], not each.names))
    found: dict[str, DocumentedEndpoint] = {}
    for endpoint in (*table.by_path.get(path, []), *matching):
        found.setdefault(endpoint.verb, endpoint)
    return found


def every() -> list[DocumentedEndpoint]:
    """Return every documented endpoint."""
    table = _table()
    return [each for found in (*table.by_path.values(), *table.templates.values()) for each in found]


def paths() -> list[str]:
    """Return the path of every documented endpoint."""
    return [each.path for each in every()]


def named(name: str) -> DocumentedEndpoint:
    """Return the endpoint with this name.

    Raises:
        ValueError: there is none.
    """
    known = _table().by_name
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"no documented API is called {name!r}{hint}")
    return known[name]
