"""The section of calls: requests, replies, and the same calls in Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from keyword import iskeyword
from typing import Any, Final
from urllib.parse import urlencode

from dingtalk_models.sandbox.calls import KEPT, Received, names_of, title_of
from dingtalk_models.sandbox.page.looks import HIDDEN, Look, Missing, clock_time, date_time, pretty
from dingtalk_models.sandbox.page.texts import Language
from dingtalk_models.sandbox.platform.documented import DocumentedEndpoint
from dingtalk_models.sandbox.platform.documented import at as documented_at
from dingtalk_models.sandbox.platform.parameters import Wrong, fields
from dingtalk_models.sandbox.server.endpoints import path_of, placed
from dingtalk_models.sandbox.server.json_values import is_array, is_object

SHOWN: Final = 200
"""How many calls the list shows. A filter finds older ones."""

DOCUMENTATION: Final = "https://open.dingtalk.com/document/development/"

LONGEST_LINE: Final = 80
"""How long a value on one line of Python may be."""

_TOKEN_HEADER: Final = "x-acs-dingtalk-access-token"
_SECRET_HEADERS: Final = frozenset({_TOKEN_HEADER, "authorization", "cookie", "sign", "x-sandbox-key"})


@dataclass(frozen=True)
class CallRow:
    """A call in the list."""

    number: int
    verb: str
    path: str
    title: str
    at: str
    status: str
    state: str
    ms: str
    app: str
    documented: bool


@dataclass(frozen=True)
class CallDetail:
    """An opened call."""

    row: CallRow
    when: str
    name: str
    documentation: str
    code: str
    hint: str
    python: str
    query: str
    headers: str
    body: str
    reply: str


@dataclass(frozen=True)
class CallsView:
    """The section of calls."""

    total: int
    rows: tuple[CallRow, ...]
    text: str
    state: str
    kept: str
    opened: CallDetail | None


def view(look: Look) -> CallsView:
    """Return the latest calls that fit the filter, newest first, and the opened one."""
    calls = look.sandbox.calls
    text, state = look.asked.get("q", "").strip(), look.asked.get("state", "")
    rows: list[CallRow] = []
    for call in reversed([*calls]):
        if _passes(call, text.lower(), state):
            rows.append(_row(look, call))
        if len(rows) == SHOWN:
            break
    kept = urlencode({name: value for name, value in (("q", text), ("state", state)) if value})
    return CallsView(calls.total, tuple(rows), text, state, f"&{kept}" if kept else "", _opened(look))


def _opened(look: Look) -> CallDetail | None:
    number = look.asked.get("call")
    if number is None:
        return None
    call = next((each for each in reversed([*look.sandbox.calls]) if str(each.number) == number), None)
    if call is None:
        raise Missing(number)
    found = documented_at(call.path).get(call.method)
    body = look.hide(call.body)
    return CallDetail(
        _row(look, call),
        date_time(call.at),
        call.name or "",
        DOCUMENTATION + found.doc if found and found.doc else "",
        "" if call.code in (None, 0) else str(call.code),
        hint(call.code, look.language),
        python(call, look),
        pretty(look.hide(call.query)) if call.query else "",
        pretty({name: HIDDEN if name in _SECRET_HEADERS else value for name, value in call.headers.items()}),
        pretty(body) if body else "",
        pretty(look.hide(call.reply_body)) if call.reply else "",
    )


def _passes(call: Received, text: str, state: str) -> bool:
    if state and state != _state(call):
        return False
    return not text or text in f"{_said(call.method, call.path)} {call.code}".lower()


@lru_cache(maxsize=2 * KEPT)
def _said(method: str, path: str) -> str:
    """Return the text of a call, besides its code, that the filter searches."""
    return f"{method} {path} {title_of(method, path)} {' '.join(names_of(method, path)[:1])}"


def _state(call: Received) -> str:
    if call.status is None:
        return "cut"
    return "ok" if call.code == 0 and call.status < 400 else "refused"


def _row(look: Look, call: Received) -> CallRow:
    state = _state(call)
    status = {"ok": str(call.status), "cut": "", "refused": str(call.code or call.status)}[state]
    app = look.name(call.caller)
    place = (call.number, call.method, look.hide(call.path), call.title)
    return CallRow(*place, clock_time(call.at), status, state, _ms(call.seconds * 1000), app, call.documented)


def _ms(duration: float) -> str:
    return f"{duration:.1f}" if duration < 10 else f"{duration:.0f}"


@cache
def _hints() -> Mapping[str, Mapping[str, str]]:
    hints: dict[str, dict[str, str]] = json.loads(
        files("dingtalk_models.sandbox.page").joinpath("hints.json").read_text("utf-8")
    )
    return hints


def hint(code: int | str | None, language: Language) -> str:
    """Return what to do about a refusal; empty if nothing is known."""
    return _hints().get(str(code), {}).get(language, "")


def python(call: Received, look: Look) -> str:
    """Return the Python code that makes the same request with an app. The app adds the token.

    It runs the API by name if the client would make exactly this request from the arguments.
    """
    found = documented_at(call.path).get(call.method)
    path, parameters = call.path, dict[str, str]()
    if found:
        path, parameters = found.path, placed(found.pattern, call.path) or {}
    query = {name: value for name, value in call.query.items() if name != "access_token"}
    about = f"# {call.name} {call.title}\n" if call.name else ""
    named = _arguments(found, parameters, query, call.body or {}) if found else None
    if call.name and named is not None and is_object(shown := look.hide(named)) and _is_run(look, call, query, named):
        given = "".join(f"    {name}={_literal(value)},\n" for name, value in shown.items())
        return f"{about}app.run(\n    {_text(call.name)},\n{given})"
    body = look.hide(call.body)
    options = {
        "path": look.hide(parameters),
        "query": look.hide(query),
        "body": body if is_object(body) or is_array(body) else None,
    }
    given = "".join(f"    {name}={_literal(value)},\n" for name, value in options.items() if value)
    return f'{about}app.request(\n    "{call.method}",\n    {_text(look.hide(path))},\n{given})'


def _arguments(
    found: DocumentedEndpoint, placed: Mapping[str, str], query: Mapping[str, str], body: object
) -> dict[str, Any] | None:
    """Convert the request to arguments under the wire names; None if that is not possible."""
    if not is_object(body):
        return None
    texts = {**placed, **query}
    try:
        typed = fields(texts, [row for row in found.rows if row.name in texts], text=True)
    except Wrong:
        return None
    if texts.keys() & body.keys() or not all(name.isidentifier() and not iskeyword(name) for name in (*texts, *body)):
        return None
    return {**texts, **typed, **body}


def _is_run(look: Look, call: Received, query: Mapping[str, str], arguments: Mapping[str, Any]) -> bool:
    """Whether `app.run` makes this request from these arguments. The client builds it without sending it."""
    from dingtalk_models import Call, DingTalkError  # noqa: PLC0415 -- the sandbox works without the client

    with suppress(DingTalkError, RecursionError, UnicodeError):  # the client refuses the arguments, or cannot send them
        unsent = look.sandbox.app().run.call(call.name or "", **arguments)
        if isinstance(unsent, Call):  # a lazy list has no request yet
            made = unsent.request
            there = (made.verb, path_of(made.path)) == (call.method, call.path) and not made.headers
            texts = {name: _in_query(value) for name, value in made.query_params.items()}
            return there and texts == query and (made.body or {}) == (call.body or {})
    return False


def _in_query(value: object) -> str:
    """Format a value for the query string as the client does."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _literal(value: Any, indent: str = "    ") -> str:
    """Format a JSON value as Python, on one line if it fits."""
    line = _on_a_line(value)
    inner = f"{indent}    "
    if len(line) > LONGEST_LINE and is_object(value):
        parts = [f"{inner}{_text(name)}: {_literal(part, inner)},\n" for name, part in value.items()]
        return "{\n" + "".join(parts) + indent + "}"
    if len(line) > LONGEST_LINE and is_array(value):
        return "[\n" + "".join(f"{inner}{_literal(part, inner)},\n" for part in value) + indent + "]"
    return line


def _on_a_line(value: Any) -> str:
    if is_object(value):
        return "{" + ", ".join(f"{_text(name)}: {_on_a_line(part)}" for name, part in value.items()) + "}"
    if is_array(value):
        return f"[{', '.join(map(_on_a_line, value))}]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """Format a text in double quotes. JSON's escapes mean the same in Python, even for half of a surrogate pair."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
