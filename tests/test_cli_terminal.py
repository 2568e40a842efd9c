"""The command `dingtalk-models` on a real terminal (tmux), 80 and 120 columns wide, in both languages."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path

import pytest
from cli_running import COMMAND, Terminal, terminal, variables
from rich.cells import cell_len
from soaking import SOAK

from dingtalk_models.cli.program import app as program
from dingtalk_models.sandbox import Sandbox

LANGUAGES = {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}
HELP = {
    "": ("--profile", "--verbose", "--debug", "sandbox", "doctor", "DINGTALK_PROFILE"),
    "api": ("--as", "json|table|python", "--all"),
    "describe": ("--json",),
    "listen": ("--forward", "--forward-messages", "--type", "--no-events", "--no-messages", "--cards"),
    "doctor": ("--needs", "--json"),
    "send": ("--to", "--dept", "--group", "--via", "notification|robot", "--markdown", "--wait"),
}


@pytest.fixture(scope="module")
def served() -> Generator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(
    scope="module",
    params=[(80, "zh"), (120, "en"), *([(80, "en"), (120, "zh")] if SOAK else [])],
    ids=lambda it: f"{it[0]} {it[1]}",
)
def shell(
    request: pytest.FixtureRequest, served: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Generator[tuple[Terminal, int, str]]:
    """A terminal, its width and its language."""
    width, language = request.param
    env = variables(served, LANG=LANGUAGES[language], LC_ALL=LANGUAGES[language])
    with terminal(tmp_path_factory.mktemp("t"), env, width) as made:
        yield made, width, language


def in_boxes(screen: str, width: int) -> list[str]:
    """The lines of boxes: each ends at the same column, however wide its letters are."""
    boxed = [line for line in screen.splitlines() if line[:1] in set("╭│╰")]
    assert {cell_len(line) for line in boxed} == {width}
    assert all(line[-1] in "╮│╯" for line in boxed)
    return boxed


@pytest.mark.parametrize("command", HELP)
def test_help(shell: tuple[Terminal, int, str], command: str) -> None:
    term, width, language = shell
    screen = term.run(command, "--help")
    boxed = in_boxes(screen, width)
    text = re.sub(r"[│\s]+", "", "".join(boxed))
    for word in HELP[command]:
        assert word in text
    assert "…" not in re.sub(r"KEY=VALUE…|WHO…|DINGTALK_…", "", screen)
    assert ("。" in screen) == (language == "zh")


def test_what_is_documented(shell: tuple[Terminal, int, str]) -> None:
    term, width, _ = shell
    screen = term.run("describe", "todo_1_0.CreateTodoTask")
    assert all(cell_len(line) <= width for line in screen.splitlines())
    whole = re.sub(r"\s+", "", screen)
    for part in ("创建钉钉待办任务", "notify_configs", "send_assistant_chat", "sendAssistantChat", "Todo.Todo.Write"):
        assert part in whole
    columns = {line.index("str") for line in screen.splitlines() if re.search(r"(description|subject)  +.*str ", line)}
    assert len(columns) == 1


def test_a_result_in_colours(shell: tuple[Terminal, int, str]) -> None:
    term, _, _ = shell
    screen = term.run("api", "User.get", "userid=zhaolei", styled=True)
    assert "赵磊" in screen
    assert "\x1b[" in screen
    term.type("export NO_COLOR=1")
    plain = term.run("api", "User.get", "userid=zhaolei", styled=True)
    term.type("unset NO_COLOR")
    assert "赵磊" in plain
    assert "\x1b[" not in plain.partition('"userid"')[2]


def test_a_table(shell: tuple[Terminal, int, str]) -> None:
    term, width, _ = shell
    screen = term.run("user", "find", "zhaolei", "caohui")
    rows = [line for line in screen.splitlines() if line.strip()]
    assert all(cell_len(line) <= width for line in rows)
    assert {"赵磊", "曹慧"} <= set(re.split(r"\s+", screen))
    at = {cell_len(row[: row.index(name)]) for row in rows for name in ("赵磊", "曹慧", "name") if name in row}
    assert len(at) == 1  # the columns stand below each other


def test_the_doctor(shell: tuple[Terminal, int, str]) -> None:
    term, _, language = shell
    screen = term.run("doctor", "--needs", "User.get")
    assert ("✓ 凭证: 已获取" if language == "zh" else "✓ credentials: an access") in screen
    assert "✓" in screen
    assert "✗" not in screen


def test_an_error_is_a_line(shell: tuple[Terminal, int, str]) -> None:
    term, _, language = shell
    screen = term.run("api", "User.get", "userid=nobody")
    assert screen.strip().startswith("错误: POST" if language == "zh" else "error: POST")
    assert ("该用户可能尚未接受邀请" if language == "zh" else "Nobody in this company") in screen.replace("\n", "")


def test_listening(shell: tuple[Terminal, int, str], served: Sandbox) -> None:
    term, _, _ = shell
    term.type(f"clear; {' '.join(COMMAND)} listen; echo ended [$?]")
    term.wait(lambda shown: "Stream: connected" in shown)
    served.push("user_add_org", userId=["u1"])
    served.say("zhaolei", "在吗")
    screen = term.wait(lambda shown: "user_add_org" in shown and "在吗" in shown)
    assert re.search(r"\d\d:\d\d:\d\d user_add_org \S+ \{", screen)
    assert "text 赵磊: 在吗" in screen
    term.press("C-c")
    screen = term.wait(lambda shown: "ended [0]" in shown)
    assert "Traceback" not in screen


def test_a_snapshot_with_progress(shell: tuple[Terminal, int, str], tmp_path: Path) -> None:
    term, _, language = shell
    screen = term.run("directory", "snapshot", str(tmp_path / "s.jsonl"))
    assert ("27 人" if language == "zh" else "27 people") in screen
    assert (tmp_path / "s.jsonl").exists()


def test_a_secret_is_typed_without_echo(shell: tuple[Terminal, int, str], tmp_path: Path) -> None:
    term, _, _ = shell
    term.type(f"clear; XDG_CONFIG_HOME={tmp_path} {' '.join(COMMAND)} profile add acme --appkey k; echo ended [$?]")
    term.wait(lambda shown: "appsecret:" in shown)
    term.type("typed-secret")
    screen = term.wait(lambda shown: "ended [0]" in shown)
    assert "typed-secret" not in screen
    assert "typed-secret" in (tmp_path / "dingtalk-models" / "config.toml").read_text("utf-8")


def test_every_command_has_help_in_both_languages() -> None:
    groups = [program, *(each.typer_instance for each in program.registered_groups)]
    for group in groups:
        for command in group.registered_commands if group else []:
            assert command.help
            assert " / " not in command.help
