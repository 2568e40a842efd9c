"""Finds the tests that use an operation, by their source text."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from functools import cache
from importlib import import_module
from typing import NamedTuple

from dingtalk_models import Manager
from dingtalk_models.modules import MODULES
from dingtalk_models.resource import registry
from dingtalk_models.resource.manager import managed
from dingtalk_models.resource.registry import OperationInfo
from generators.facts import ROOT

OF_EVERY_OPERATION = {
    *("test_completion.py", "test_conventions.py", "test_editor.py", "test_four_uses.py", "test_generated.py"),
    *("test_typing.py", "test_cli.py", "test_cli_commands.py", "test_cli_process.py"),
}
"""Tests that run for every operation, or for the command line. They do not count as a test of one operation."""


def by_hand() -> list[OperationInfo]:
    """The operations that are written by hand. Those of `app.platform` are generated, and have tests of their own."""
    for name in MODULES.keys() - {"platform"}:
        import_module(f"dingtalk_models.{name}.module")
    modules = tuple(f"dingtalk_models.{name}." for name in MODULES.keys() - {"platform"})
    return [info for info in registry.operations() if info.manager.__module__.startswith(modules)]


class Test(NamedTuple):
    """One test function."""

    file: str
    name: str
    text: str
    """Its source, and that of the tables of its file that it names."""


def tests_of(info: OperationInfo) -> Iterator[Test]:
    """The tests that call an operation: by its manager, through the resource or one of its objects, or by a name."""
    words = {attribute for _, attribute in _attributes(info)} | {*info.names}
    return tests_with("|".join(_spellings(info)), words)


def tests_with(pattern: str, words: Collection[str]) -> Iterator[Test]:
    """The tests whose text matches a pattern. A match always contains one of `words`, so these are searched first."""
    found = re.compile(pattern)
    files = (tests for text, tests in _files() if any(word in text for word in words) and found.search(text))
    return (test for tests in files for test in tests if found.search(test.text))


@cache
def _files() -> list[tuple[str, list[Test]]]:
    """The text of each file of tests, and the tests in it."""
    paths = (path for path in sorted((ROOT / "tests").glob("test_*.py")) if path.name not in OF_EVERY_OPERATION)
    return [(text, list(_tests_in(path.name, text))) for path in paths for text in [path.read_text(encoding="utf-8")]]


def _tests_in(file: str, text: str) -> Iterator[Test]:
    lines, body = text.splitlines(), ast.parse(text).body

    def source(node: ast.stmt, first: int) -> str:
        return "\n".join(lines[first - 1 : node.end_lineno])

    tables = {
        node.target.id: source(node, node.lineno)
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            own = source(node, min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]))
            named = [table for name, table in tables.items() if re.search(rf"\b{name}\b", own)]
            yield Test(file, node.name, "\n".join([own, *named]))


def _spellings(info: OperationInfo) -> Iterator[str]:
    for owner, attribute in _attributes(info):
        name = owner.__name__.removesuffix("Manager")
        used = rf"\.{attribute}\b(?!\.call\b)"
        yield rf"\b{name}(Manager\([^)]*\))?(\.objects)?(\.using\(\w+\))?{used}"
        yield rf"\b{name.lower()}{used}"
        for accessor in accessors(owner):
            yield rf"\.{accessor}{used}"
    for name in info.names:
        yield rf"[\"']{re.escape(name)}[\"']"


def _attributes(info: OperationInfo) -> Iterator[tuple[type, str]]:
    """The classes that have an operation: its own manager, and others with an alias of it."""
    made = vars(info.manager)[info.method]
    for manager in Manager.__subclasses__():
        yield from ((manager, name) for name, value in vars(manager).items() if value is made)


@cache
def modules() -> dict[str, type]:
    """The class of each module."""
    return {name: getattr(import_module(f"dingtalk_models.{name}.module"), kind) for name, kind in MODULES.items()}


@cache
def accessors(manager: type) -> list[str]:
    """The names of a manager on the app's modules, such as `departments`."""
    return [
        name
        for module in modules().values()
        for name, value in vars(module).items()
        if isinstance(value, managed) and value.kind is manager
    ]
