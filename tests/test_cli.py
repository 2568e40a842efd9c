"""The command `dingtalk-models`: any API by any name, what is documented of it, errors and exit codes."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cli_running import Cli, in_process
from hypothesis import given, settings
from hypothesis import strategies as st
from soaking import tries

from dingtalk_models import operations
from dingtalk_models.cli import names
from dingtalk_models.cli.failures import CommandFailure, ExitCode
from dingtalk_models.cli.values import read_arguments
from dingtalk_models.core import language
from dingtalk_models.sandbox import Sandbox

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "name",
    [
        "dingtalk.oapi.v2.user.get",
        "dingtalk.oapi.user.get",
        "/topapi/v2/user/get",
        "POST /topapi/v2/user/get",
        "User.get",
        "User.objects.get",
        "app.contact.users.get",
        "platform.user.get",
        "user.get",
    ],
)
def test_an_api_has_many_names(cli: Cli, name: str) -> None:
    assert cli("api", name, "userid=zhaolei").json["name"] == "赵磊"


def test_every_operation_is_found_by_each_of_its_names() -> None:
    known = operations()
    assert len(names.operations()) == len(known)
    for info in known:
        for name in (*info.names, f"{info.http} {info.path}"):
            assert names.find(name).name == info.name
    for operation in names.operations():
        assert [each for each in operation.spellings if each.startswith("app.")]
        for spelling in operation.spellings:
            assert names.find(spelling).name == operation.name


def test_values_become_what_is_documented(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("第三季度\n", "utf-8")
    ran = cli(
        *("api", "todo_1_0.CreateTodoTask", "unionId=u1", "subject=写周报", "priority=20", "executor_ids=u1,u2"),
        *("executor_ids=u3", "due_time=2026-12-01 09:00", 'notifyConfigs:={"dingNotify": "1"}'),
        f"description=@{tmp_path / 'note.txt'}",
    )
    assert ran.code == 0, ran.err
    assert cli.sandbox.calls[-1].body == {
        "subject": "写周报",
        "priority": 20,
        "executorIds": ["u1", "u2", "u3"],
        "dueTime": 1796086800000,
        "notifyConfigs": {"dingNotify": "1"},
        "description": "第三季度",
    }


def test_the_body_may_come_from_standard_input(cli: Cli) -> None:
    ran = cli("api", "todo_1_0.CreateTodoTask", "-", "subject=写周报", stdin='{"unionId": "u1", "priority": 10}')
    assert ran.code == 0
    assert cli.sandbox.calls[-1].body == {"subject": "写周报", "priority": 10}


REFUSED = [
    (("User.get", "userid"), "'userid' should be key=value"),
    (("User.get", "user=zhaolei"), "user: unknown; did you mean 'userid'?"),
    (("Department.list_ids", "dept_id=x"), "dept_id: should be a valid integer"),
    (("todo_1_0.CreateTodoTask", "unionId=u", "subject=s", "priority=21"), "priority: "),
    (("todo_1_0.CreateTodoTask", "unionId=u", "subject=s", "notifyConfigs=1"), "notifyConfigs: should be an object"),
    (("User.get", "userid:={"), "userid: not JSON"),
    (("User.get", "userid=a", "userid=b"), "userid: given twice"),
    (("User.get", "-"), "standard input should be a JSON object"),
    (("User.gett", "userid=a"), "did you mean User.get"),
    (("CreateTodoTask",), "did you mean todo_1_0.CreateTodoTask"),
    (("dingtalk.oapi.process.copy",), "retired"),
    (("/v1.0/todo/users/{unionId}/tasks/{taskId}",), "may be one of"),
    (("gettoken", "appkey=a", "appsecret=b"), "did you mean"),
    (("dingtalk.oapi.gettoken", "appkey=a", "appsecret=b"), "appsecret is secret"),
]


@pytest.mark.parametrize(("words", "told"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_what_is_wrong_is_refused_before_it_is_sent(cli: Cli, words: tuple[str, ...], told: str) -> None:
    ran = cli("api", *words, stdin="[1]")
    assert ran.code == ExitCode.USAGE
    assert told in ran.err
    assert ran.err.count("\n") == 1
    assert ran.out == ""
    assert cli.sandbox.calls == []


@pytest.mark.parametrize("name", ["/nowhere", "/", "a\0b", "~nobody-of-this-name/x"])
@pytest.mark.parametrize("words", [("User.get", "userid"), ("dingtalk.oapi.media.upload", "type=image", "media")])
def test_a_file_that_cannot_be_read(cli: Cli, words: tuple[str, ...], name: str) -> None:
    ran = cli("api", *words[:-1], f"{words[-1]}=@{name}")
    assert (ran.code, ran.err.count("\n")) == (ExitCode.FILE, 1)
    assert f"{words[-1]}: {name!r}: " in ran.err


def test_a_file_is_uploaded(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    ran = cli("api", "dingtalk.oapi.media.upload", "type=image", f"media=@{tmp_path / 'a.png'}")
    assert ran.code == 0, ran.err


FAULTS: list[tuple[Callable[[Sandbox], object], ExitCode, str]] = [
    (lambda _: None, ExitCode.NOT_FOUND, "[60121]"),
    (lambda sandbox: sandbox.fail("*", errcode=60020), ExitCode.PERMISSION, "IP whitelist"),
    (lambda sandbox: sandbox.fail("/topapi/v2/user/get", times=9, errcode=90020), ExitCode.RATE_LIMIT, "quota"),
    (lambda sandbox: sandbox.fail("/topapi/v2/user/get", times=9, errcode=40035), ExitCode.REFUSED, "[40035]"),
    (lambda sandbox: sandbox.fail("/v1.0/oauth2/accessToken", status=400, code="invalidClientIdOrSecret"),
     ExitCode.AUTHENTICATION, "Check appkey"),
]  # fmt: skip


@pytest.mark.parametrize(("break_", "code", "told"), FAULTS, ids=[told for _, _, told in FAULTS])
def test_each_cause_has_its_exit_code(cli: Cli, break_: Callable[[Sandbox], object], code: ExitCode, told: str) -> None:
    break_(cli.sandbox)
    ran = cli("api", "User.get", "userid=nobody")
    assert ran.code == code
    assert told in ran.err
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err


def test_nobody_listens(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.sandbox.stop()
    monkeypatch.setenv("DINGTALK_TIMEOUT", "1")
    assert cli("api", "User.get", "userid=a", "--debug").code == ExitCode.TRANSPORT


def test_the_page_has_the_table_of_exit_codes() -> None:
    for page in ("docs/cli.md", "docs/zh/cli.md"):
        rows = re.findall(r"^\| (\d+) \|", (ROOT / page).read_text("utf-8"), re.MULTILINE)
        assert [int(row) for row in rows] == [*ExitCode]


def test_the_forms_of_a_result(cli: Cli) -> None:
    assert cli("api", "User.get", "userid=zhaolei", "--as", "table").out.splitlines()[1] == "userid\tzhaolei"
    shown = cli("api", "User.get", "userid=zhaolei", "--as", "python").out
    assert shown.startswith("User(\n    userid='zhaolei'")
    assert cli("api", "User.list_simple", "dept_id=310", "--as", "table").out.splitlines()[0] == "userid\tname"


def test_a_name_is_no_formula_in_a_table(cli: Cli) -> None:
    cli.sandbox.company.users["zhaolei"].name = "=cmd|' /C calc'!A0"
    assert "name\t'=cmd|' /C calc'!A0" in cli("api", "User.get", "userid=zhaolei", "--as", "table").out.splitlines()


def test_the_first_page_or_all_of_them(cli: Cli) -> None:
    everyone = {each.userid for each in cli.sandbox.company.users.values() if 310 in each.departments}
    first = cli("api", "User.list_simple", "dept_id=310", "size=2")
    assert (len(first.json), first.err) == (2, "there are more pages: --all reads them\n")
    everything = cli("api", "User.list_simple", "dept_id=310", "size=2", "--all")
    assert ({each["userid"] for each in everything.json}, everything.err) == (everyone, "")
    assert cli("api", "User.search", "query_word=没有这个人", "--all").out == "[]\n"
    rows = cli("api", "User.list_simple", "dept_id=310", "size=2", "--all", "--as", "table").out.splitlines()
    assert len(rows) == len(everyone) + 1


def test_verbose_shows_the_call_without_secrets(cli: Cli) -> None:
    ran = cli("api", "User.get", "userid=zhaolei", "--verbose")
    assert "<Request POST /topapi/v2/user/get body={'userid': 'zhaolei', 'language': 'zh_CN'}>" in ran.err
    assert "POST /topapi/v2/user/get 200 ok" in ran.err
    for secret in (cli.sandbox.appsecret, cli.sandbox.calls[-1].query["access_token"]):
        assert secret not in ran.err + ran.out


def test_a_secret_comes_from_a_file_and_is_never_shown(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(cli.sandbox.appsecret)
    ran = cli(
        *("api", "dingtalk.oapi.gettoken", f"appkey={cli.sandbox.appkey}", f"appsecret=@{tmp_path / 'secret'}"),
        *("--verbose", "--as", "python"),
    )
    assert ran.code == 0, ran.err
    assert cli.sandbox.appsecret not in ran.err + ran.out
    assert "***" in ran.err


def test_debug_shows_where_it_failed(cli: Cli) -> None:
    ran = cli("--debug", "api", "User.get", "userid=nobody")
    assert "Traceback" in ran.err
    assert ran.err.splitlines()[-1].startswith("error: ")
    assert cli.sandbox.appsecret not in ran.err


@pytest.mark.parametrize(("lang", "told"), [("zh_CN.UTF-8", "找不到"), ("C.UTF-8", "there is nobody")])
def test_errors_are_in_the_language_of_the_user(sandbox: Sandbox, lang: str, told: str) -> None:
    ran = in_process(sandbox, "user", "find", "nosuch", LANG=lang)
    assert ran.code == ExitCode.NOT_FOUND
    assert told in ran.err


def test_the_language_by_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    found: list[str] = []
    for name, value in (("LANG", "zh_CN.UTF-8"), ("LC_MESSAGES", "en_US.UTF-8"), ("LC_ALL", "zh_TW")):
        monkeypatch.setenv(name, value)
        found.append(language.said("one. / one。"))
    assert found == ["one。", "one.", "one。"]
    assert language.said("a / b") == "a / b"


def test_what_is_documented_of_an_api(cli: Cli) -> None:
    shown = cli("describe", "todo_1_0.CreateTodoTask").out
    for part in (
        *("创建钉钉待办任务", "POST /v1.0/todo/users/{unionId}/tasks", "Todo.Todo.Write", "≤ 1024 字符"),
        *("app.platform.todo_1_0.create_todo_task(", "https://open.dingtalk.com/document/development/"),
    ):
        assert part in shown
    assert "api --all" in cli("describe", "User.list").out


def test_what_is_documented_as_json(cli: Cli) -> None:
    found = cli("describe", "/topapi/v2/user/get", "--json").json
    assert found["scopes"] == ["qyapi_get_member"]
    assert found["codes"]["33012"]
    userid = {"name": "userid", "wire": "userid", "kind": "str", "notes": "用户的userId；the user；必填 required"}
    assert found["params"][0] == userid


def test_every_operation_is_described(cli: Cli) -> None:
    for operation in names.operations()[::40]:
        shown = cli("describe", operation.name)
        assert shown.code == 0
        assert operation.endpoint in shown.out


def test_a_wrong_command_line_is_one_line(cli: Cli) -> None:
    for words in (["api"], ["nosuch"], ["api", "User.get", "--nosuch"], ["tree", "x"], ["user"], []):
        ran = cli(*words)
        assert ran.code == ExitCode.USAGE
        assert ran.err.count("\n") <= 1
        assert "Traceback" not in ran.err


def test_an_option_without_its_value_is_named(cli: Cli) -> None:
    assert "'--profile' requires an argument" in cli("api", "User.count", "--profile").err


@pytest.mark.parametrize("words", ["api User.get userid=zhaolei", "user find zhaolei", "tree 100 --people"])
def test_what_people_write_does_not_steer_the_terminal(cli: Cli, words: str) -> None:
    cli.sandbox.company.user("zhaolei").title = "总监\x1b]0;x\x07\x9b2J"
    ran = cli(*words.split())
    assert ran.code == 0, ran.err
    assert r"总监\u001b]0;x\u0007\u009b2J" in ran.out
    assert not set("\x1b\x07\x9b") & set(ran.out)
    if words.startswith("api"):
        assert ran.json["title"] == cli.sandbox.company.user("zhaolei").title


def test_results_are_json_that_other_programs_read(cli: Cli) -> None:
    ran = cli("api", "Department.get", "dept_id=1")
    assert json.loads(ran.out)["dept_id"] == 1
    assert "\x1b" not in ran.out


WORDS = st.lists(
    st.text(min_size=1, max_size=12) | st.sampled_from(["userid=@", "a:=", "=", "-", ":=1", "a=@/", "a:={}"])
)


@given(WORDS)
@settings(max_examples=tries(60))
def test_any_word_is_taken_or_refused(words: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO("{}"))
        with suppress(CommandFailure):
            found = read_arguments(words, {"userid": str, "ids": list[int], "at": datetime, "more": dict[str, Any]})
            assert len(found) <= len(words)


@given(st.text(max_size=20))
@settings(max_examples=tries(25))
def test_any_name_is_known_or_refused(name: str) -> None:
    assert len(list(names.complete(name))) >= len(names.known(name)) or not name
    if names.known(name):
        assert name.strip().lower() in {each.lower() for each in names.find(name).known_as()}
    else:
        with pytest.raises(CommandFailure, match=r"API|retired"):
            names.find(name)
