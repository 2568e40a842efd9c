"""An editor over pyright's language server, and how long it takes to show what a line may be completed with."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import spread, table


class Editor:
    """An editor with one file open, of which `|` marks where the cursor is.

    Args:
        server: a language server that has just started.
        folder: where the file is.
    """

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


@contextmanager
def editor(folder: Path) -> Generator[Editor]:
    """An editor that opens an empty file in a folder."""
    command = [sys.executable, "-m", "pyright.langserver", "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        opened = Editor(server, folder)
        yield opened
        opened.close()


ROUNDS = 3
FIRST = ("completion", "DingTalkApp().|")
LINES = {
    "`Department.objects.get(`": ("signatureHelp", "Department.objects.get(|"),
    "`app.run(`": ("signatureHelp", "DingTalkApp().run(|"),
    '`app.run("`': ("completion", 'DingTalkApp().run("|'),
    "`app.platform.calendar_1_0.create_event(`": (
        "signatureHelp",
        "DingTalkApp().platform.calendar_1_0.create_event(|",
    ),
}


def in_an_editor() -> None:
    """How long an editor takes to show what may come next, after it has read the package for a first line."""
    took: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, line in LINES.items():
            with TemporaryDirectory() as folder, editor(Path(folder)) as opened:
                took["`DingTalkApp().`, the first line"].append(_seconds(opened, *FIRST))
                took[name].append(_seconds(opened, *line))
    table(
        "In an editor",
        ["until it is shown", "shortest", "longest"],
        ((name, *spread(each)) for name, each in took.items()),
    )


def _seconds(opened: Editor, what: str, code: str) -> float:
    began = time.perf_counter()
    opened.show(what, code)
    return time.perf_counter() - began
