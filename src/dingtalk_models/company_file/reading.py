"""Reads a company file: YAML 1.2 without its traps, and with line numbers for errors.

Numbers, `true`, `false` and `null` have their usual types; `no`, `18:00` and `2020-01-31` are texts. Aliases and tags
are refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import ValidationError

from dingtalk_models.company_file.models import CompanyFile
from dingtalk_models.company_file.problems import FileProblem, InvalidCompanyFile, Path, field_of, message_of
from dingtalk_models.company_file.scalars import meaning
from dingtalk_models.core.json_values import is_array, is_object

MOST_BYTES: Final = 32 * 1024 * 1024
"""The largest size of a company file, enough for a hundred thousand people."""

DEEPEST: Final = 40
"""How deep lists and mappings may be nested."""


@dataclass
class Node:
    """A value, the line where it begins, and its child nodes."""

    line: int
    value: Any
    nodes: dict[str | int, Node]


class ReadCompany:
    """A company file, with the line of each field.

    Attributes:
        file: its name.
        company: its contents.
    """

    def __init__(self, file: str, root: Node) -> None:
        self.file = file
        self._root = root
        self.company = self._validated()

    def problem(self, path: Path, message: str) -> FileProblem:
        """Make a problem for the field at a path, or for its parent if the field is missing."""
        return FileProblem(self.file, self._line(path), field_of(path), message)

    def _validated(self) -> CompanyFile:
        try:
            return CompanyFile.model_validate(self._root.value)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
        raise InvalidCompanyFile(
            self.problem(each["loc"], message_of(each, _fields_at(each["loc"]))) for each in found
        ) from None

    def _line(self, path: Path) -> int:
        node = self._root
        for part in path:
            if part not in node.nodes:
                break
            node = node.nodes[part]
        return node.line


def read_company(path: str | os.PathLike[str]) -> ReadCompany:
    """Read a company file.

    Raises:
        InvalidCompanyFile: it cannot be used. The error lists all mistakes with their lines.
        OSError: it cannot be read at all.
        ModuleNotFoundError: the extra `sandbox` is missing.
    """
    name = os.fspath(path)
    with FilePath(path).open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    return ReadCompany(name, _tree(name, content))


def _fields_at(path: Path) -> Iterable[str]:
    """Return the allowed fields of the mapping that contains the last part of a path."""
    model: Any = CompanyFile
    for part in path[:-1]:
        if field := model.model_fields.get(part):  # indexes and keys of free mappings are not fields
            model = _model_in(field.annotation) or model
    return tuple(model.model_fields)


def _model_in(annotation: Any) -> Any:
    """Find the model in the type of a field, such as a list of it."""
    if hasattr(annotation, "model_fields"):
        return annotation
    parts: tuple[Any, ...] = getattr(annotation, "__args__", ())
    return next((found for part in parts if (found := _model_in(part))), None)


def yaml_library() -> Any:
    """Import PyYAML.

    Raises:
        ModuleNotFoundError: the extra `sandbox` is missing.
    """
    try:
        return import_module("yaml")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "company files need the extra `sandbox`: pip install 'dingtalk-models[sandbox]' / "
            "公司文件需要附加依赖 sandbox：pip install 'dingtalk-models[sandbox]'"
        ) from None


# -- from bytes to nodes -------------------------------------------------------------------------------------------


def _tree(file: str, content: bytes) -> Node:
    if len(content) > MOST_BYTES:
        size = f"{MOST_BYTES // 1024 // 1024} MB"
        raise _invalid(file, 1, f"is larger than {size}: leave people out / 文件超过 {size}，请减少人员")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid(file, line, "is not UTF-8: save it as UTF-8 / 不是 UTF-8 编码，请另存为 UTF-8") from None
    return _Building(file).built(text)


def _invalid(file: str, line: int, message: str, path: Path = ()) -> InvalidCompanyFile:
    return InvalidCompanyFile([FileProblem(file, line, field_of(path), message)])


@dataclass
class _OpenNode:
    """A list or mapping that is being read: `name` is its place in its parent, `key` still waits for its value."""

    node: Node
    name: Path
    key: str | None = None
    line: int = 0


class _Building:
    """Makes nodes from the parser's events. It does not recurse, so a deeply nested file cannot exhaust the stack."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[_OpenNode] = []
        self._root: Node | None = None

    def built(self, text: str) -> Node:
        yaml = yaml_library()
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            for event in yaml.parse(text, Loader=loader):
                self._take(event)
        except yaml.YAMLError as error:
            raise self._unreadable(error, text) from None
        if self._root is None or not is_object(self._root.value):
            raise self._wrong(1, "is not a company: begin with “name: …” / 不是公司文件，请以“name: …”开头")
        return self._root

    def _take(self, event: Any) -> None:
        line, kind = event.start_mark.line + 1, type(event).__name__
        if kind == "AliasEvent":
            raise self._wrong(line, "has an alias (*): write the value out / 不支持别名（*），请直接写出内容")
        if kind == "DocumentStartEvent" and self._root is not None:
            raise self._wrong(line, "has a second document (---): keep one / 有第二个文档（---），请只保留一个")
        if getattr(event, "tag", None) not in (None, "!"):
            raise self._wrong(line, f"has a tag ({event.tag}): remove it / 不支持标签（{event.tag}），请删去")
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._open.pop()
        elif kind == "ScalarEvent":
            self._put(Node(line, event.value if event.style else meaning(event.value), {}), event.value)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            if len(self._open) == DEEPEST:
                raise self._wrong(line, f"is more than {DEEPEST} levels deep / 嵌套超过 {DEEPEST} 层")
            node = Node(line, {} if kind == "MappingStartEvent" else [], {})
            self._open.append(_OpenNode(node, self._put(node, None)))

    def _put(self, node: Node, text: str | None) -> Path:
        """Add a node as the root, an item of a list, a key or a value, and return its place in its parent."""
        if not self._open:
            self._root = node
            return ()
        around = self._open[-1]
        held, key = around.node.value, around.key
        if is_array(held):
            around.node.nodes[len(held)] = node
            held.append(node.value)
            return (len(held) - 1,)
        if key is not None:
            held[key], around.key = node.value, None
            around.node.nodes[key] = Node(around.line, node.value, node.nodes)
            return (key,)
        if text is None:
            raise self._wrong(node.line, "a name is a list or mapping: use a text / 名称应为文本")
        if text in held:
            raise self._wrong(node.line, f"{text!r} is here twice: remove one / {text!r} 重复，请删去一个")
        around.key, around.line = text, node.line
        return ()

    def _wrong(self, line: int, message: str) -> InvalidCompanyFile:
        last = self._open[-1].key if self._open else None
        path = (part for around in self._open for part in around.name)
        return _invalid(self._file, line, message, (*path, *(() if last is None else (last,))))

    def _unreadable(self, error: Exception, text: str) -> InvalidCompanyFile:
        mark, place = getattr(error, "problem_mark", None), getattr(error, "position", None)
        line = mark.line + 1 if mark else text.count("\n", 0, place or 0) + 1
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
        rows = text.splitlines()
        if line <= len(rows) and "\t" in rows[line - 1]:
            return self._wrong(line, "has a tab: use spaces / 有制表符，请改用空格")
        return self._wrong(line, f"is not valid YAML: {what} / YAML 语法有误")
