"""One word, one class: whoever reads the name of a class knows which one it is, without a look at the imports."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import dingtalk_models

SOURCES = Path(dingtalk_models.__file__).parent
GENERATED = ("platform/", "by_name/run_types.py", "callback/on.py")
STATE = "sandbox/state/"

OF_THE_PLATFORM = {
    *("Admin", "ApprovalForm", "ApprovalTask", "AttendanceGroup", "Card", "Component", "Conversation", "Dentry"),
    *("Department", "Ding", "Event", "ExternalContact", "Group", "LabelGroup", "Media", "OperationRecord", "Punch"),
    *("Role", "RoleGroup", "Shift", "Space", "User"),
}
"""What the platform has: the client reads it and the state of the sandbox keeps it, both under the platform's word."""

ACCEPTED = {
    "File": "the platform's word for a message with a file, which an app sends, or a person of the sandbox",
    "Text": "the platform's word for a text message, and for the field of a form with one line of text",
}
"""What else has two classes, and why."""


def defined() -> dict[str, list[str]]:
    """The files that define a class of this name, at the top of the file or within something."""
    found = defaultdict[str, list[str]](list)
    for path in sorted(SOURCES.rglob("*.py")):
        file = path.relative_to(SOURCES).as_posix()
        if not file.startswith(GENERATED):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.ClassDef):
                    found[node.name].append(file)
    return found


def is_of_the_platform(name: str, files: list[str]) -> bool:
    """Whether the client has the one class of this name, and the state of the sandbox the other."""
    kept = [file for file in files if file.startswith(STATE)]
    read = [file for file in files if not file.startswith("sandbox/")]
    return name in OF_THE_PLATFORM and len(kept) == len(read) == 1 and len(files) == 2


def test_a_name_means_one_class() -> None:
    twice = {name: files for name, files in defined().items() if len(files) > 1}
    assert {name for name, files in twice.items() if not is_of_the_platform(name, files)} == set(ACCEPTED)
    assert not OF_THE_PLATFORM - set(twice), "these need no exception any more"
