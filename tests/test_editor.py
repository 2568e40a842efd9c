"""What an editor shows: pyright's language server, asked as an editor asks it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, get_args

import pytest

from dingtalk_models.resource.method_names import MethodName

LONGEST_COMPLETED = 50
"""Pyright offers no literal that is longer, whoever declares it."""


class Editor:
    """An editor with one file open, of which `|` marks where the cursor is."""

    def __init__(self, server: subprocess.Popen[bytes], folder: Path) -> None:
        self._server = server
        self._file = folder / "opened.py"
        self._number = 0
        self._version = 0
        self._ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities=CAPABILITIES)
        self._say("initialized")
        self._say(
            "textDocument/didOpen",
            textDocument={"uri": self._file.as_uri(), "languageId": "python", "version": 0, "text": ""},
        )

    def show(self, what: str, code: str) -> Any:
        """What the server shows where the cursor is: `hover`, `signatureHelp` or `completion`."""
        before = code.partition("|")[0]
        text = f"from dingtalk_models import Department, DingTalkApp, User\n{code.replace('|', '')}\n"
        self._version += 1
        self._say(
            "textDocument/didChange",
            textDocument={"uri": self._file.as_uri(), "version": self._version},
            contentChanges=[{"text": text}],
        )
        position = {"line": 1 + before.count("\n"), "character": len(before.rpartition("\n")[2])}
        return self._ask(f"textDocument/{what}", textDocument={"uri": self._file.as_uri()}, position=position)

    def close(self) -> None:
        self._ask("shutdown")
        self._say("exit")
        self._server.wait(10)

    def _ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]
            if "id" in message:
                self._send({"id": message["id"], "result": self._configured(message)})

    @staticmethod
    def _configured(question: dict[str, Any]) -> Any:
        if question["method"] != "workspace/configuration":
            return None
        return [
            {"pythonPath": sys.executable, "analysis": {"diagnosticMode": "openFilesOnly"}}
            for _ in question["params"]["items"]
        ]

    def _say(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._server.stdin is not None
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
        self._server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        length = 0
        while line := self._server.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(self._server.stdout.read(length))
        return message


CAPABILITIES = {
    "workspace": {"configuration": True},
    "textDocument": {
        "hover": {"contentFormat": ["plaintext"]},
        "signatureHelp": {"signatureInformation": {"documentationFormat": ["plaintext"]}},
    },
}


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Generator[Editor]:
    folder = tmp_path_factory.mktemp("project")
    command = [sys.executable, "-m", "pyright.langserver", "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        opened = Editor(server, folder)
        opened.show("completion", 'DingTalkApp().run("|')  # reads the package, which takes seconds, once
        yield opened
        opened.close()


@pytest.mark.parametrize("create", ["User.objects.create", "User.create", "DingTalkApp().contact.users.create"])
def test_hover_shows_parameters_and_docstring(editor: Editor, create: str) -> None:
    shown: str = editor.show("hover", f"{create[:-1]}|{create[-1]}(")["contents"]["value"]
    signature, _, documentation = shown.partition("\n\n")
    assert "(name: UserName, mobile: str | None, dept_id_list: CommaInts, **fields: **NewUserFields)" in signature
    assert documentation.startswith("Add a user (创建用户).")
    assert "`title`" in documentation
    assert "at most 80 characters" in documentation


@pytest.mark.parametrize("create", ["User.objects.create", "User.create", "DingTalkApp().contact.users.create"])
def test_signature_help_shows_parameters_and_docstring(editor: Editor, create: str) -> None:
    (shown,) = editor.show("signatureHelp", f"{create}(|")["signatures"]
    assert shown["label"].startswith(
        "(name: UserName, mobile: str | None, dept_id_list: CommaInts, *, hide_mobile: bool"
    )
    assert ", title: str = ..., " in shown["label"]
    assert shown["label"].endswith(" -> User")
    assert shown["documentation"]["value"].startswith("Add a user (创建用户).")


@pytest.mark.parametrize("use", ["aio", "call"])
def test_the_awaited_and_the_unsent_use_show_the_same(editor: Editor, use: str) -> None:
    (shown,) = editor.show("signatureHelp", f"Department.objects.get.{use}(|")["signatures"]
    assert shown["label"].startswith('(dept_id: int, *, language: Language = "zh_CN") -> ')
    assert shown["documentation"]["value"].startswith("Get a department (获取部门详情).")


def test_a_method_of_the_first_generation_shows_todays_parameters_first(editor: Editor) -> None:
    shown = editor.show("signatureHelp", "DingTalkApp().contact.get_user(|")
    today, then = (each["label"] for each in shown["signatures"])
    assert today == '(userid: str, *, language: Language = "zh_CN", login_id: str | None = None) -> User'
    assert then == "(user_id: str) -> User"
    assert shown.get("activeSignature", 0) == 0


def test_the_operations_of_an_object_show_their_fields(editor: Editor) -> None:
    (shown,) = editor.show("signatureHelp", 'User.get("u1").update(|')["signatures"]
    assert ", title: str = ..., " in shown["label"]
    assert shown["documentation"]["value"].startswith("Change fields of this user")


@pytest.mark.parametrize("run", ["run", "run.aio", "run.call"])
def test_completion_of_run_offers_every_name(editor: Editor, run: str) -> None:
    shown = editor.show("completion", f'DingTalkApp().{run}("|')
    offered = {item["label"].strip('"') for item in shown["items"]}
    assert offered >= {name for name in get_args(MethodName) if len(name) <= LONGEST_COMPLETED}


@pytest.mark.parametrize(
    ("code", "offers"),
    [
        ("DingTalkApp().platform.|", {"calendar_1_0", "todo_1_0", "attendance"}),
        ("DingTalkApp().platform.calendar_1_0.|", {"create_event", "delete_event"}),
        ("DingTalkApp().platform.workflow_1_0.|", {"start_process_instance"}),
    ],
)
def test_completion_of_the_platform_offers_products_and_methods(editor: Editor, code: str, offers: set[str]) -> None:
    offered = {item["label"] for item in editor.show("completion", code)["items"]}
    assert offered >= offers


def test_completion_of_an_object_offers_fields_and_operations(editor: Editor) -> None:
    offered = {item["label"] for item in editor.show("completion", 'User.get("u1").|')["items"]}
    assert offered >= {"name", "mobile", "dept_id_list", "update", "save", "departments"}


def test_hover_over_a_field_says_what_the_platform_calls_it(editor: Editor) -> None:
    code = 'DingTalkApp().platform.calendar_1_0.get_event("u", "primary", "e").summ|ary'
    assert "日程标题" in editor.show("hover", code)["contents"]["value"]


def test_hover_over_a_generated_method_says_what_its_parameters_are(editor: Editor) -> None:
    shown: str = editor.show("hover", "DingTalkApp().platform.calendar_1_0.create_eve|nt(")["contents"]["value"]
    assert "summary: 日程标题" in shown
