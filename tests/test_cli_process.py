"""The command `dingtalk-models` as a process: signals, pipes, completion in shells, and what its start costs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_running import COMMAND, Cli, in_process, started, variables
from pushing import KEY, TOKEN
from sites import SITES, flask_site
from waiting import until

from dingtalk_models import ChatbotMessage, DingTalkApp, Event
from dingtalk_models.cli.failures import ExitCode
from dingtalk_models.sandbox import Sandbox

# listening


def lines(process: subprocess.Popen[str], count: int) -> list[Any]:
    assert process.stdout
    return [json.loads(process.stdout.readline()) for _ in range(count)]


def end(process: subprocess.Popen[str], by: int = signal.SIGINT) -> tuple[int, str]:
    process.send_signal(by)
    _, err = process.communicate(timeout=20)
    return process.returncode, err


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_what_arrives_is_a_line_of_json(sandbox: Sandbox, by: int) -> None:
    with started(sandbox, "listen") as process:
        sandbox.stream.wait_for_clients(1)
        sandbox.push("user_add_org", userId=["u1"])
        sandbox.say("zhaolei", "在吗")
        event, message = lines(process, 2)
        assert (event["type"], event["data"]["userId"]) == ("user_add_org", ["u1"])
        assert event["title"]
        assert (message["kind"], message["data"]["text"]) == ("message", {"content": "在吗"})
        assert "sessionWebhook" not in message["data"]
        code, err = end(process, by)
    assert code == 0
    assert err.splitlines()[0] == "Stream: connected"
    assert "Traceback" not in err
    assert sandbox.appsecret not in err


def test_only_some_events(sandbox: Sandbox) -> None:
    with started(sandbox, "listen", "--type", "user_leave_org", "--no-messages") as process:
        sandbox.stream.wait_for_clients(1)
        sandbox.push("user_add_org", userId=["u1"])
        sandbox.push("user_leave_org", userId=["u2"])
        assert [each["type"] for each in lines(process, 1)] == ["user_leave_org"]
        assert end(process)[0] == 0


def test_clicks_on_cards(sandbox: Sandbox) -> None:
    with started(sandbox, "listen", "--cards", "--no-events", "--no-messages") as process:
        sandbox.stream.wait_for_clients(1)
        sandbox.stream.push_callback("/v1.0/card/instances/callback", {"outTrackId": "c1", "userId": "zhaolei"}, 10)
        assert lines(process, 1) == [{"kind": "card", "data": {"outTrackId": "c1", "userId": "zhaolei"}}]


def test_forwarding_is_like_a_push(sandbox: Sandbox) -> None:
    receiver = DingTalkApp(appkey=sandbox.appkey, appsecret=sandbox.appsecret, token=TOKEN, aes_key=KEY)
    events: list[Event] = []
    messages: list[ChatbotMessage] = []
    receiver.callback.on("*")(events.append)
    receiver.callback.on(ChatbotMessage)(messages.append)
    with flask_site(receiver.callback) as url, SITES["flask"](receiver.message) as robot:
        words = ("listen", "--forward", url, "--forward-messages", robot)
        with started(sandbox, *words, DINGTALK_TOKEN=TOKEN, DINGTALK_AES_KEY=KEY) as process:
            sandbox.stream.wait_for_clients(1)
            sandbox.push("user_add_org", userId=["u1"])
            sandbox.say("zhaolei", "在吗")
            until(lambda: events and messages, seconds=20)
            assert end(process)[0] == 0
    (event,), (message,) = events, messages
    assert (event.type, event.data["userId"], message.text) == ("user_add_org", ["u1"], "在吗")
    assert sandbox.stream.messages[0].accepted


def test_an_application_that_is_not_there(sandbox: Sandbox) -> None:
    words = ("listen", "--forward", "http://127.0.0.1:9/x")
    with started(sandbox, *words, DINGTALK_TOKEN=TOKEN, DINGTALK_AES_KEY=KEY) as process:
        sandbox.stream.wait_for_clients(1)
        sandbox.push("user_add_org", userId=["u1"])
        lines(process, 1)
        code, err = end(process)
    assert code == 0
    assert not sandbox.stream.messages[0].accepted  # it comes again
    assert "http://127.0.0.1:9/x: ConnectionError" in err
    assert "Traceback" not in err
    assert in_process(sandbox, *words).code == ExitCode.CONFIGURATION


def test_wrong_credentials_end_it(sandbox: Sandbox) -> None:
    ran = in_process(sandbox, "listen", DINGTALK_APPSECRET="wrong-secret")
    assert ran.code == ExitCode.AUTHENTICATION
    assert "wrong-secret" not in ran.err


def test_ctrl_c_while_a_call_is_under_way(sandbox: Sandbox) -> None:
    sandbox.fail("/topapi/v2/user/get", delay=60)
    with started(sandbox, "api", "User.get", "userid=zhaolei") as process:
        until(lambda: sandbox.received("/v1.0/oauth2/accessToken"), seconds=30)
        code, err = end(process)
    assert (code, err.strip()) == (ExitCode.INTERRUPTED, "")


STRAY: list[list[str | bytes]] = [
    ["api", "User.get", b"userid=\xff\xfe"],
    [b"\xff"],
    ["describe", b"\xff"],
    ["api", "User.get", 'userid:="\\ud800"'],
]


def test_stray_bytes_are_refused(cli: Cli) -> None:
    for words in STRAY:
        ran = cli(*map(os.fsdecode, words))
        assert ran.code in {ExitCode.USAGE, ExitCode.NOT_FOUND}
        assert ran.err.count("\n") == 1


def test_stray_bytes_of_a_shell_are_refused(sandbox: Sandbox) -> None:
    ran = subprocess.run([*COMMAND, *STRAY[0]], env=variables(sandbox), capture_output=True, check=False)
    assert ran.returncode == ExitCode.USAGE
    assert ran.stderr.count(b"\n") == 1
    assert b"Traceback" not in ran.stderr


def test_a_terminal_without_chinese(sandbox: Sandbox) -> None:
    ran = in_process(sandbox, "api", "User.get", "userid=zhaolei", PYTHONIOENCODING="ascii")
    assert ran.json["name"] == "赵磊"


# pipes


def test_a_reader_that_goes_away_while_it_listens(sandbox: Sandbox) -> None:
    with started(sandbox, "listen") as process:
        sandbox.stream.wait_for_clients(1)
        sandbox.push("user_add_org", userId=["u1"])
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        sandbox.push("user_add_org", userId=["u2"])
        assert process.wait(20) == ExitCode.BROKEN_PIPE


@pytest.mark.parametrize("words", ["describe yida_2_0.SaveFormData", "api User.list dept_id=310", "tree", "--help"])
def test_a_reader_that_goes_away(sandbox: Sandbox, words: str) -> None:
    shell = f"{' '.join(COMMAND)} {words} | true; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(
        ["bash", "-c", f"set +m; {shell}"],
        env=variables(sandbox), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (ran.stdout, ran.stderr) in {("141\n", ""), ("0\n", "")}


def test_colours_are_for_terminals(sandbox: Sandbox) -> None:
    for words in (["api", "User.get", "userid=zhaolei"], ["describe", "User.get"], ["doctor"], ["api", "--help"]):
        ran = in_process(sandbox, *words, FORCE_COLOR="")
        assert "\x1b" not in ran.out + ran.err


def test_help_in_chinese_is_whole_where_there_is_little_room(sandbox: Sandbox) -> None:
    ran = in_process(sandbox, "doctor", "--help", LC_ALL="zh_CN.UTF-8", COLUMNS="36")
    whole = re.sub(r"[│\s]+", "", ran.out)
    assert "检查凭证、时钟、通讯录范围、接口权限与回调，并给出处理建议。" in whole
    assert "应用要用的接口名，或使用它的Python文件、目录，可多次。" in whole


# the sandbox


def test_the_sandbox_is_served(sandbox: Sandbox) -> None:
    with started(sandbox, "sandbox", "--port", "0", "--empty") as process:
        assert process.stdout
        told = process.stdout.readline()
        url = told.split(" at ")[1].split(" ")[0]
        ran = in_process(sandbox, "api", "User.count", DINGTALK_OAPI_URL=url, DINGTALK_API_URL=url)
        assert ran.json == 0
        code, err = end(process)
    assert code == 0
    assert "/topapi/user/count" in err  # its log of requests
    assert "Traceback" not in err


def test_the_sandbox_has_the_options_of_the_module(sandbox: Sandbox) -> None:
    ours = in_process(sandbox, "sandbox", "--help").out
    module = subprocess.run(
        [sys.executable, "-m", "dingtalk_models.sandbox", "--help"],
        env=variables(sandbox), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "usage: dingtalk-models sandbox" in ours
    assert ours.partition("\n\n")[2] == module.stdout.partition("\n\n")[2]
    assert in_process(sandbox, "sandbox", "--nosuch").code == ExitCode.USAGE


# completion


@pytest.fixture
def completed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """What a shell is told, by the protocol of typer's scripts."""

    def completed(shell: str, **variables: str) -> list[str]:
        for name, value in {"_DINGTALK_MODELS_COMPLETE": f"complete_{shell}", **variables}.items():
            monkeypatch.setenv(name, value)
        ran = cli()
        assert ran.err == ""
        return ran.out.splitlines()

    return completed


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("api todo_1_0.CreateTodoTa", ["todo_1_0.CreateTodoTask"]),
        (
            "describe /topapi/v2/user/g",
            ["/topapi/v2/user/get", "/topapi/v2/user/getbymobile", "/topapi/v2/user/getuserinfo"],
        ),
        ("api User.get user", ["userid="]),
        ("api User.get userid=x ", ["language=", "login_id="]),
        ("api todo_1_0.CreateTodoTask detail", ["detail_url:="]),
        ("trigger user_add", ["user_add_org"]),
        ("trigger user_add_org userI", ["userId="]),
        ("dir", ["directory"]),
    ],
)
def test_completion_in_bash(completed: Callable[..., list[str]], words: str, offered: list[str]) -> None:
    typed = {"COMP_WORDS": f"dingtalk-models {words}", "COMP_CWORD": str(words.count(" ") + 1)}
    assert completed("bash", **typed) == offered


def test_completion_in_zsh_has_titles(completed: Callable[..., list[str]]) -> None:
    (shown,) = completed("zsh", _TYPER_COMPLETE_ARGS="dingtalk-models api todo_1_0.CreateTodoTa")
    assert "创建钉钉待办任务" in shown


def test_completion_in_a_real_bash(tmp_path: Path) -> None:
    program = tmp_path / "dingtalk-models"
    program.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    program.chmod(0o755)
    script = """
        eval "$(_DINGTALK_MODELS_COMPLETE=source_bash dingtalk-models)"
        COMP_WORDS=(dingtalk-models describe contact_1_0.SearchU) COMP_CWORD=2
        "$(complete -p dingtalk-models | sed 's/.*-F \\([^ ]*\\).*/\\1/')" dingtalk-models
        echo "${COMPREPLY[@]}"
    """
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ran = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=True)
    assert ran.stdout == "contact_1_0.SearchUser\n"


def test_the_script_for_zsh_is_there() -> None:
    env = {**os.environ, "_DINGTALK_MODELS_COMPLETE": "source_zsh"}
    ran = subprocess.run(COMMAND, env=env, capture_output=True, text=True, check=False)
    assert "#compdef dingtalk-models" in ran.stdout


# the start


STARTS = """
import sys
from dingtalk_models.cli import main
sys.argv[:1] = ["dingtalk-models"]
try:
    main()
except SystemExit:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["describe", "User.get"], ["profile", "list"]], ids=" ".join)
def test_help_loads_no_client(sandbox: Sandbox, arguments: list[str]) -> None:
    command = [sys.executable, "-c", STARTS, *arguments]
    ran = subprocess.run(command, env=variables(sandbox), capture_output=True, text=True, check=True)
    loaded = set(ran.stderr.split())
    heavy = {"requests", "aiohttp", "asyncio", "redis", "sqlalchemy", "Crypto", "tomlkit", "keyring", "starlette"}
    assert not loaded & {*heavy, "tenacity"}
    assert not loaded & {f"dingtalk_models.{name}" for name in ("app", "call", "resource", "contact", "sandbox")}
    assert "dingtalk_models.cli.program" in loaded


def test_without_its_extra_it_says_so(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys, importlib.util as util\n"
        "found = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'typer' else found(name, *rest)\n"
        "from dingtalk_models.cli import main\nmain()"
    )
    env = variables(cli.sandbox)
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.count("\n")) == (ExitCode.CONFIGURATION, 1)
    assert "dingtalk-models[cli]" in ran.stderr
