"""Runs the command `dingtalk-models` in tests: in this process, in one of its own, and on a terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from waiting import until

from dingtalk_models.cli.program import run
from dingtalk_models.sandbox import Sandbox

COMMAND = [sys.executable, "-m", "dingtalk_models.cli"]


class Ran(NamedTuple):
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Parse the output."""
        return json.loads(self.out)


def variables(sandbox: Sandbox, **more: str) -> dict[str, str]:
    """The environment of a shell that uses a sandbox, in English."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("DINGTALK_", "LC_", "LANG"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        **kept,
        "LANG": "C.UTF-8",
        "DINGTALK_APPKEY": sandbox.appkey,
        "DINGTALK_APPSECRET": sandbox.appsecret,
        "DINGTALK_CORP_ID": sandbox.corp_id,
        "DINGTALK_AGENT_ID": sandbox.agent_id,
        "DINGTALK_OAPI_URL": sandbox.url,
        "DINGTALK_API_URL": sandbox.url,
        **more,
    }


class Cli:
    """Runs the command in this process."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str], sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._patch = patch
        self._capture = capture

    def __call__(self, *args: str, stdin: str = "") -> Ran:
        self._capture.readouterr()
        self._patch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(args)
        out, err = self._capture.readouterr()
        return Ran(code, out, err)


def in_process(sandbox: Sandbox, *args: str, timeout: float = 60, **more: str) -> Ran:
    """Run the command in a process of its own, its output in a pipe."""
    done = subprocess.run(
        [*COMMAND, *args], env=variables(sandbox, **more), capture_output=True, text=True, timeout=timeout, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(sandbox: Sandbox, *args: str, **more: str) -> Generator[subprocess.Popen[str]]:
    """A command that runs until it is ended."""
    process = subprocess.Popen(
        [*COMMAND, *args],
        env=variables(sandbox, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


class Terminal:
    """A real terminal, by tmux."""

    def __init__(self, folder: Path, env: dict[str, str], width: int, height: int = 120) -> None:
        self._socket = str(folder / f"{uuid.uuid4().hex[:8]}.tmux")
        shell = ["bash", "--norc", "--noprofile"]
        size = ["-x", str(width), "-y", str(height)]
        settings = [part for name, text in env.items() for part in ("-e", f"{name}={text}")]
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, *settings, *shell, env=env)
        self._tmux("set-option", "-g", "status", "off")
        self._tmux("resize-window", *size)
        self.type("PS1='$ '; clear")

    def _tmux(self, *args: str, env: dict[str, str] | None = None) -> str:
        command = ["tmux", "-u", "-S", self._socket, *args]
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout

    def type(self, text: str) -> None:
        """Type a line."""
        self._tmux("send-keys", "-l", text)
        self._tmux("send-keys", "Enter")

    def press(self, key: str) -> None:
        """Press a key, such as `C-c`."""
        self._tmux("send-keys", key)

    def screen(self, *, styled: bool = False) -> str:
        """Return what it shows."""
        return self._tmux("capture-pane", "-p", *(["-e"] if styled else []))

    def wait(self, there: Callable[[str], bool], seconds: float = 30) -> str:
        """Wait until the screen is so, and return it."""
        screens: list[str] = []

        def shown() -> bool:
            screens.append(self.screen())
            return there(screens[-1])

        try:
            until(shown, seconds=seconds, step=0.05)
        except AssertionError:
            pytest.fail(f"the terminal shows:\n{screens[-1]}")
        return screens[-1]

    def run(self, *args: str, styled: bool = False) -> str:
        """Run the command to its end, and return what it showed."""
        end = f"ended {uuid.uuid4().hex[:6]}"
        self.type(f"clear; {' '.join([*COMMAND, *args])}; printf '%s %s [%s]\\n' {end} $?")
        screen = self.wait(lambda shown: f"\n{end} [" in f"\n{shown}")
        return (self.screen(styled=True) if styled else screen).partition(end)[0]

    def close(self) -> None:
        """End it."""
        self._tmux("kill-server")


@contextmanager
def terminal(folder: Path, env: dict[str, str], width: int) -> Generator[Terminal]:
    """A terminal of a width."""
    made = Terminal(folder, {**env, "TERM": "xterm-256color"}, width)
    try:
        yield made
    finally:
        made.close()
