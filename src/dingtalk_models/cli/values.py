"""Converts `key=value` on the command line to the arguments of an operation."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args

from dingtalk_models.cli.failures import CommandFailure, ExitCode
from dingtalk_models.core.hints import bare, fields_in, get_origin
from dingtalk_models.core.json_values import is_array, is_object

STDIN = "-"


def read_arguments(words: Iterable[str], hints: Mapping[str, Any], secrets: Iterable[str] = ()) -> dict[str, Any]:
    """Read the arguments of a call.

    Args:
        words: `key=value`, `key:=json`, `key=@file`, or `-` for a JSON object on standard input.
        hints: the types of the parameters, by each of their names.
        secrets: the parameters whose values must not be on a command line.

    Raises:
        CommandFailure: a word has another form, a file cannot be read, or a value has the wrong type.
        UnicodeEncodeError: a value has bytes that are not UTF-8.
    """
    found: dict[str, Any] = {}
    hidden = frozenset(secrets)
    for word in words:
        for name, value in _given(word, hints, hidden):
            if name in found:
                value = [*_as_list(found[name], name, hints), *_as_list(value, name, hints)]  # noqa: PLW2901
            found[name] = value
    json.dumps(found, default=str, ensure_ascii=False).encode()  # invalid bytes from the shell cannot be sent
    return found


def _as_list(value: Any, name: str, hints: Mapping[str, Any]) -> list[Any]:
    if not any(get_origin(kind) is list for kind in kinds(hints.get(name))):
        raise CommandFailure(f"{name}: given twice / {name}：重复传入")
    return value if is_array(value) else [value]


def _given(word: str, hints: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[tuple[str, Any]]:
    if word == STDIN:
        yield from _object(sys.stdin.read(), "standard input / 标准输入").items()
        return
    name, equals, text = word.partition("=")
    as_json = name.endswith(":")
    name = name.removesuffix(":")
    if not equals or not name:
        raise CommandFailure(
            f"{word!r} should be key=value, key:=json, key=@file or - / "
            f"{word!r} 应为 key=value、key:=json、key=@文件 或 -"
        )
    hint = hints.get(name)
    if text.startswith("@") and not as_json:
        yield name, _from_file(name, text[1:], hint)
        return
    if name in secrets:
        raise CommandFailure(
            f"{name} is secret, but others can see a command line: use {name}=@file, or JSON on standard input with -"
            f" / {name} 是密钥，命令行会被他人看到：请用 {name}=@文件，或用 - 从标准输入传 JSON"
        )
    yield name, _json(name, text) if as_json else converted(name, text, hint)


def _from_file(name: str, given: str, hint: Any) -> Any:
    try:
        path = Path(given).expanduser()
        if any(kind is bytes or getattr(kind, "__name__", "") in {"Upload", "PathLike"} for kind in kinds(hint)):
            path.open("rb").close()  # fails if it cannot be read
            return path
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise CommandFailure(
            f"{name}: {given} is not UTF-8 text / {name}：{given} 不是 UTF-8 文本", ExitCode.FILE
        ) from None
    except (OSError, ValueError, RuntimeError) as error:  # also a name with a null byte, or `~` of an unknown user
        why = error.strerror if isinstance(error, OSError) else error
        raise CommandFailure(f"{name}: {given!r}: {why} / {name}：无法读取 {given!r}（{why}）", ExitCode.FILE) from None
    return converted(name, text.rstrip("\n"), hint)


def _object(text: str, where: str) -> dict[str, Any]:
    found = _json(where.partition(" / ")[0], text)
    if not is_object(found):
        raise CommandFailure("standard input should be a JSON object / 标准输入须为 JSON 对象")
    return found


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandFailure(f"{name}: not JSON: {error} / {name}：不是合法的 JSON：{error}") from None


def converted(name: str, text: str, hint: Any) -> Any:
    """Convert a text to the type of a parameter. The operation checks the limits later."""
    from dingtalk_models.core.wire import BEIJING  # noqa: PLC0415 - slow to import

    accepted = [*kinds(hint)]
    if str in accepted or text in accepted or not accepted:
        return text
    for each in accepted:  # the values of a Literal
        if isinstance(each, int) and str(each) == text:
            return each
    if datetime in accepted:
        return _moment(text, BEIJING, days=date in accepted)
    inner = next((get_args(kind) for kind in accepted if get_origin(kind) in {list, tuple, set}), None)
    if text[:1] in {"[", "{"}:
        return _json(name, text)
    if inner is not None:
        return [converted(name, part.strip(), inner[0] if inner else Any) for part in text.split(",") if part.strip()]
    if any(get_origin(kind) is dict or kind is dict or fields_in(kind) for kind in accepted if not _is_value(kind)):
        raise CommandFailure(
            f"{name}: should be an object: {name}:='{{…}}' or {name}=@file / "
            f"{name}：须为对象：{name}:='{{…}}' 或 {name}=@文件"
        )
    return text


def _moment(text: str, zone: Any, *, days: bool) -> Any:
    if text.isdecimal():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text  # the operation reports the error
    if days and len(text) <= len("2026-01-31"):
        return moment.date()
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _is_value(kind: Any) -> bool:
    return isinstance(kind, str | int | bool)


def kinds(hint: Any) -> Iterator[Any]:
    """Return the types that a hint accepts, without `None`, and the values of a `Literal`."""
    hint = bare(hint)
    origin = get_origin(hint)
    if origin is Annotated:
        yield from kinds(get_args(hint)[0])
    elif origin in {Union, UnionType}:
        for part in get_args(hint):
            yield from kinds(part)
    elif origin is Literal:
        yield from get_args(hint)
    elif hint not in {None, NoneType}:
        yield hint
