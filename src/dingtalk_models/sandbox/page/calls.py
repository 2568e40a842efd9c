"""The section of calls: what was received, what was answered, and how to make the same call in Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode

from dingtalk_models.sandbox.calls import Received
from dingtalk_models.sandbox.page.looks import HIDDEN, Look, Missing, clock_time, date_time, pretty
from dingtalk_models.sandbox.page.texts import Language
from dingtalk_models.sandbox.platform.documented import at as documented_at
from dingtalk_models.sandbox.server.json_values import is_array, is_object

SHOWN: Final = 200
"""How many calls the list has; a filter finds older ones."""

DOCUMENTATION: Final = "https://open.dingtalk.com/document/development/"

LONGEST_LINE: Final = 80
"""How many characters of a value stand on one line of Python."""

_TOKEN_HEADER: Final = "x-acs-dingtalk-access-token"
_SECRET_HEADERS: Final = frozenset({_TOKEN_HEADER, "authorization", "cookie", "sign", "x-sandbox-key"})


@dataclass(frozen=True)
class Row:
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
class Detail:
    """A call that was opened."""

    row: Row
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
    rows: tuple[Row, ...]
    text: str
    state: str
    kept: str
    opened: Detail | None


def view(look: Look) -> CallsView:
    """The latest calls that the filter lets pass, newest first, and the one that was opened."""
    calls = look.sandbox.calls
    text, state = look.asked.get("q", "").strip(), look.asked.get("state", "")
    rows: list[Row] = []
    for call in reversed([*calls]):
        if _passes(call, text.lower(), state):
            rows.append(_row(look, call))
        if len(rows) == SHOWN:
            break
    kept = urlencode({name: value for name, value in (("q", text), ("state", state)) if value})
    return CallsView(calls.total, tuple(rows), text, state, f"&{kept}" if kept else "", _opened(look))


def _opened(look: Look) -> Detail | None:
    number = look.asked.get("call")
    if number is None:
        return None
    call = next((each for each in reversed([*look.sandbox.calls]) if str(each.number) == number), None)
    if call is None:
        raise Missing(number)
    found = documented_at(call.path).get(call.method)
    body = look.hide(call.body)
    return Detail(
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
    return not text or text in f"{call.method} {call.path} {call.title} {call.name or ''} {call.code}".lower()


def _state(call: Received) -> str:
    if call.status is None:
        return "cut"
    return "ok" if call.code == 0 and call.status < 400 else "refused"


def _row(look: Look, call: Received) -> Row:
    state = _state(call)
    status = {"ok": str(call.status), "cut": "", "refused": str(call.code or call.status)}[state]
    app = look.name(call.caller)
    place = (call.number, call.method, look.hide(call.path), call.title)
    return Row(*place, clock_time(call.at), status, state, _ms(call.seconds * 1000), app, call.documented)


def _ms(duration: float) -> str:
    return f"{duration:.1f}" if duration < 10 else f"{duration:.0f}"


@cache
def _hints() -> Mapping[str, Mapping[str, str]]:
    hints: dict[str, dict[str, str]] = json.loads(
        files("dingtalk_models.sandbox.page").joinpath("hints.json").read_text("utf-8")
    )
    return hints


def hint(code: int | str | None, language: Language) -> str:
    """What to do about a refusal; empty if nothing more is known than its text."""
    return _hints().get(str(code), {}).get(language, "")


def python(call: Received, look: Look) -> str:
    """The code that makes the same request with an app: without the token, which the app adds."""
    found = documented_at(call.path).get(call.method)
    path, placed = call.path, dict[str, str]()
    if found and "{" in found.path and (matched := found.pattern.fullmatch(call.path)):
        path, placed = found.path, matched.groupdict()
    query = {name: value for name, value in look.hide(call.query).items() if name != "access_token"}
    body = look.hide(call.body)
    options = {"path": placed, "query": query, "body": body if is_object(body) or is_array(body) else None}
    given = "".join(f",\n    {name}={_literal(value)}" for name, value in options.items() if value)
    about = f"# {call.name} {call.title}\n" if call.name else ""
    return f'{about}app.request(\n    "{call.method}",\n    {_text(path)}{given},\n)'


def _literal(value: Any, indent: str = "    ") -> str:
    """A value of JSON as Python, on one line if it fits."""
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
    """A text in double quotes: the escapes of JSON mean the same in Python."""
    return json.dumps(value, ensure_ascii=False)
