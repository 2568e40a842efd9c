"""What the platform calls parameters and fields: the first words of their documentation, where these are Chinese.

Only who made a mistake asks, and the generator: they are read from the source when they are needed.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any, get_args

_LABEL = re.compile(r"(?!\()(?P<label>.*?)( \(.*)?", re.DOTALL)
"""A label, and the notes in brackets that follow it."""


def label(text: str) -> str:
    """The label at the beginning of a documentation: `标题` of `标题 (≤ 64 字符 characters)`; or else nothing."""
    found = _LABEL.fullmatch(text)
    said = found["label"] if found else ""
    return said if re.search(r"[\u4e00-\u9fff]", said) else ""


def of_parameters(docstring: str | None) -> dict[str, str]:
    """The documentation of each parameter, from the docstring of a function."""
    text = inspect.cleandoc(docstring or "")
    section = re.search(r"^Args:\n((?:    .*(?:\n|\Z))+)", text, re.MULTILINE)
    lines = re.sub(r"\n {8,}", " ", section[1]) if section else ""
    return {name: said.strip() for name, said in re.findall(r"^    (\w+): (.*)$", lines, re.MULTILINE)}


def of_fields(hint: Any) -> Mapping[str, str]:
    """The documentation of each field of the classes in a type, from the text below the field."""
    if not isinstance(hint, type) or get_args(hint):
        return {name: said for part in get_args(hint) for name, said in of_fields(part).items()}
    found: dict[str, str] = {}
    for kind in reversed(hint.__mro__):
        found |= of_module(kind.__module__).get(kind.__qualname__, {})
    return found


@cache
def of_module(name: str) -> dict[str, dict[str, str]]:
    """The texts below the fields of each class of a module of this package; nothing if its source is not there."""
    if not name.startswith("dingtalk_models."):
        return {}
    import ast  # noqa: PLC0415 - only after a mistake

    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except (KeyError, OSError, SyntaxError, TypeError):
        return {}
    return {
        each.name: {
            field.target.id: inspect.cleandoc(below.value.value)
            for field, below in pairwise(each.body)
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            if isinstance(below.value.value, str)
        }
        for each in tree.body
        if isinstance(each, ast.ClassDef)
    }
