"""Checks the definition of an operation, so that mistakes show at import and not at first use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType
from typing import Any, cast

from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.problems import nearest
from dingtalk_models.core.wire import camel_name

_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PATH = re.compile(r"(/([\w.-]|{[A-Za-z]\w*})+)+")
_QUERY = re.compile(r"\w+(&\w+)*")


def check_endpoint(name: str, endpoint: str) -> None:
    """Check a text such as `"POST /v1.0/things/{id}?unionId"`.

    Raises:
        ConfigurationError: it is not one.
    """
    verb, _, address = endpoint.partition(" ")
    path, mark, query = address.partition("?")
    problem = None
    if verb not in _VERBS:
        problem = f"{verb!r} is no HTTP verb{_near(verb.upper(), _VERBS) or ': ' + ', '.join(_VERBS)}"
    elif not path.startswith("/"):
        problem = f"the path {path!r} should start with a slash"
    elif not _PATH.fullmatch(path):
        problem = f"the path {path!r} is malformed: segments are letters, digits, '_', '.' and '-', or a {{parameter}}"
    elif mark and not _QUERY.fullmatch(query) and (query or verb not in {"GET", "DELETE"}):
        problem = f"what follows the question mark should be names joined by '&', not {query!r}"
    if problem:
        how = 'write it as "POST /v1.0/things/{id}?unionId"'
        raise ConfigurationError(f"@api({name!r}, {endpoint!r}): {problem} / @api 的地址有误; {how}")


def check_typed(fn: Callable[..., Any]) -> None:
    """Check that each parameter has a type: it says how an argument is checked and sent.

    Raises:
        ConfigurationError: one has none.
    """
    code = _code(fn)
    if code is None:
        return
    where = f"{fn.__module__}.{fn.__qualname__}"
    if code.co_flags & CO_VARARGS:
        raise ConfigurationError(f"{where}: an operation cannot take *args: name its parameters / 不能有 *args")
    untyped = [name for name in _parameters(code) if name not in fn.__annotations__]
    if untyped:
        raise ConfigurationError(
            f"{where}: parameter {untyped[0]!r} has no type: write for example `: str` / 参数缺少类型"
        )


def check_filled(endpoint: Endpoint, fn: Callable[..., Any], wire_names: Callable[[], Iterable[str]]) -> None:
    """Check that the method has every parameter that the endpoint names.

    Args:
        endpoint: verb and path.
        fn: the method.
        wire_names: returns the wire names of its parameters. This is slow, so it is called last.

    Raises:
        ConfigurationError: the method has no such parameter.
    """
    named = [*re.findall(r"{(\w+)}", endpoint.path), *sorted(endpoint.query_params)]
    code = _code(fn)
    if not named or code is None or code.co_flags & CO_VARKEYWORDS:
        return
    known = {name for parameter in _parameters(code) for name in (parameter, camel_name(parameter))}
    # the names of keywords, too: `Call(None, id=7)` sends a constant
    keywords = [cast("tuple[object, ...]", each) for each in code.co_consts if isinstance(each, tuple)]
    known.update(str(name) for names in keywords for name in names)
    if missing := [name for name in named if name not in known]:
        try:  # its annotation may give it this name, which costs more to find out
            known |= {*wire_names()}
        except NameError:
            return  # a type that is defined later; a call then tells
    for name in missing:
        if name not in known:
            hint = _near(name, known) or f': add one, or wire("{name}") to the type of the one that is meant'
            where = f"{fn.__module__}.{fn.__qualname__}"
            raise ConfigurationError(f"{where} has no parameter {name!r}, which {endpoint} names{hint} / 缺少该参数")


def check_token(name: str, fn: Callable[..., Any]) -> None:
    """Check that the method has the parameter that holds a user's access token.

    Raises:
        ConfigurationError: the method has no such parameter.
    """
    code = _code(fn)
    if code is not None and name not in _parameters(code):
        where = f"{fn.__module__}.{fn.__qualname__}"
        raise ConfigurationError(f"{where} has no parameter {name!r}, which token={name!r} names / 缺少该参数")


def _near(word: str, known: Iterable[str]) -> str:
    near = nearest(word, known)
    return f"; did you mean {near!r}?" if near else ""


def _code(fn: Callable[..., Any]) -> CodeType | None:
    return getattr(fn, "__code__", None)


def _parameters(code: CodeType) -> Iterator[str]:
    """Return the parameter names without `self`."""
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & CO_VARKEYWORDS)
    yield from code.co_varnames[1:count]
