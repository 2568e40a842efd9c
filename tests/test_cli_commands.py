"""The commands of `dingtalk-models` for people, messages, approvals, the directory, events, and the doctor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from approving import started
from cli_running import Cli
from peers import answer, answering, peer
from pushing import KEY, TOKEN
from sites import flask_site

from dingtalk_models import ApprovalInstance, DingTalkApp, User
from dingtalk_models.cli.failures import ExitCode
from dingtalk_models.cli.needs import probes
from dingtalk_models.sandbox import Sandbox

# people


def test_the_tree_of_departments(cli: Cli) -> None:
    lines = cli("tree").out.splitlines()
    assert lines[0] == "钉峰科技有限公司 (1)"
    assert lines[1] == "├── 研发中心 (100)"
    assert lines[2].startswith("│   ├── ")
    assert lines[-1].startswith("└── ")
    assert len(lines) == len(cli.sandbox.company.departments)


def test_the_tree_to_a_depth_and_with_people(cli: Cli) -> None:
    assert len(cli("tree", "--depth", "1").out.splitlines()) == 6
    assert "├── 冯涛 <fengtao> · 大区经理" in cli("tree", "310", "--people").out.splitlines()
    found = cli("tree", "310", "--people", "--json").json
    assert found["departments"] == []
    assert {"userid": "fengtao", "name": "冯涛", "title": "大区经理"} in found["people"]


WAYS = ["zhaolei", "13900000002", "赵磊", "421330dfd65e3bdd62517c1b384eb9ef"]


@pytest.mark.parametrize("word", WAYS)
def test_a_person_is_found_in_many_ways(cli: Cli, word: str) -> None:
    assert [each["userid"] for each in cli("user", "find", word, "--as", "json").json] == ["zhaolei"]


@pytest.mark.parametrize(("by", "word"), [*zip(("userid", "mobile", "name", "unionid"), WAYS, strict=True)])
def test_a_person_is_found_in_one_way(cli: Cli, by: str, word: str) -> None:
    assert cli("user", "find", word, "--by", by).out.splitlines()[1].startswith("zhaolei\t赵磊\t")
    assert cli("user", "find", "nosuch", "--by", by).code == ExitCode.NOT_FOUND


# messages


def test_a_work_notification(cli: Cli) -> None:
    ran = cli("send", "-", "--to", "zhaolei", "--to", "孙静", "--wait", "--as", "json", stdin="今晚发布\n")
    assert ran.code == 0, ran.err
    assert len(ran.json["unread_user_id_list"]) == 2
    (sent,) = cli.sandbox.received("/topapi/message/corpconversation/asyncsend_v2")
    assert "今晚发布" in json.dumps(sent.body, ensure_ascii=False)


def test_markdown_by_the_robot(cli: Cli) -> None:
    ran = cli("send", "# 发布\n- 今晚", "--to", "zhaolei", "--via", "robot", "--markdown")
    assert ran.code == 0, ran.err
    assert "发布" in str(cli.sandbox.conversation("zhaolei").texts)


def test_a_message_to_a_group(cli: Cli) -> None:
    group = cli.sandbox.add_group(["zhaolei"])
    assert cli("send", "大家好", "--group", group.open_conversation_id).code == 0
    assert "大家好" in str(cli.sandbox.conversation(group.open_conversation_id).texts)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["hi"], "name whom it is for"),
        ([" ", "--to", "zhaolei"], "there is nothing to send"),
        (["hi", "--dept", "1", "--via", "robot"], "not to departments"),
        (["hi", "--group", "g", "--to", "zhaolei"], "--group cannot be used with"),
        (["hi", "--to", "王"], "names several people"),
    ],
)
def test_nothing_is_sent_to_somebody_by_chance(cli: Cli, words: list[str], told: str) -> None:
    cli.sandbox.company.add_user("王一", [310], userid="wangyi")
    cli.sandbox.company.add_user("王二", [310], userid="wanger")
    ran = cli("send", *words)
    assert ran.code == ExitCode.USAGE
    assert told in ran.err
    assert not cli.sandbox.received("/topapi/message/corpconversation/asyncsend_v2")


# approvals


def test_an_approval_is_decided(cli: Cli, app: DingTalkApp) -> None:
    approval = ApprovalInstance.get(started().process_instance_id)
    person = next(task.userid for task in approval.tasks if task.status == "RUNNING")
    assert person
    listed = cli("approve", "list", "--as-user", person, "--as", "json").json
    assert [each["title"] for each in listed] == [approval.title]
    row = cli("approve", "list", "-u", person).out.splitlines()[1]
    assert row.startswith(f"{approval.process_instance_id}\t")
    assert "回家" in row
    ran = cli("approve", "agree", approval.process_instance_id, "-u", person, "-m", "同意，注意交接")
    assert ran.code == 0, ran.err
    approval.refresh()
    assert [each.remark for each in approval.operation_records if each.remark] == ["同意，注意交接"]
    assert cli("approve", "refuse", approval.process_instance_id, "-u", person).code == ExitCode.USAGE


def test_an_approval_is_refused(cli: Cli, app: DingTalkApp) -> None:
    approval = ApprovalInstance.get(started().process_instance_id)
    person = next(task.userid for task in approval.tasks if task.status == "RUNNING")
    ran = cli("approve", "refuse", approval.process_instance_id, "-u", str(person))
    assert ran.out.split() == [approval.process_instance_id, "COMPLETED", "refuse"]


def test_nothing_is_decided_by_chance(cli: Cli, app: DingTalkApp) -> None:
    for userid in ("wangyi", "wanger"):
        cli.sandbox.company.add_user("王一", [310], userid=userid)
    approval = started().process_instance_id
    for words in (["list"], ["agree", approval], ["refuse", approval]):
        ran = cli("approve", *words, "-u", "王一")
        assert (ran.code, "names several people" in ran.err) == (ExitCode.USAGE, True)
    assert ApprovalInstance.get(approval).status == "RUNNING"


# the directory


def test_what_has_changed_since_a_snapshot(cli: Cli, app: DingTalkApp, tmp_path: Path) -> None:
    before, after = str(tmp_path / "before.jsonl"), str(tmp_path / "after.jsonl")
    ran = cli("directory", "snapshot", before)
    assert (ran.out, ran.code) == (f"{before}\n", 0)
    assert "27 people" in ran.err
    assert cli("directory", "diff", before, "--exit-code").err == "nothing has changed\n"
    User.create("林薇", "13700000001", [310], userid="linwei")
    User.objects.delete("caohui")
    User.get("zhaolei").update(title="首席技术官")
    app.contact.departments.update(310, parent_id=200, name="华东一区")
    changed = cli("directory", "diff", before, "--exit-code")
    assert changed.code == ExitCode.FAILED
    assert changed.out.splitlines() == [
        "> 华东一区 (310): 市场营销部 (300) → 产品设计部 (200)",
        "~ 华东一区 (310): name: 华东大区 → 华东一区",
        "+ 林薇 <linwei> · 华东一区 (310)",
        "- 曹慧 <caohui> · 华东一区 (310)",
        "~ 赵磊 <zhaolei>: title: 技术总监 → 首席技术官",
    ]
    assert cli("directory", "snapshot", after).code == 0
    found = cli("directory", "diff", before, after, "--as", "json").json
    assert [each["userid"] for each in found["joined"]] == ["linwei"]
    assert found["changed"][0]["fields"] == [{"field": "title", "old": "技术总监", "new": "首席技术官"}]


@pytest.mark.parametrize("real", [False, True])
def test_a_company_file_for_the_sandbox(cli: Cli, tmp_path: Path, real: bool) -> None:
    snapshot, file = str(tmp_path / "s.jsonl"), str(tmp_path / "company.yaml")
    assert cli("directory", "snapshot", snapshot).code == 0
    ran = cli("directory", "company", file, "--from", snapshot, *(["--as-it-is"] if real else []))
    assert (ran.code, ran.out) == (0, f"{file}\n")
    with Sandbox(company=file) as made:
        assert len(made.company.users) == 27
        assert ("赵磊" in {each.name for each in made.company.users.values()}) == real


def test_a_file_that_is_no_snapshot(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("{}")
    for path in (tmp_path / "x", tmp_path / "nowhere"):
        assert cli("directory", "diff", str(path)).code == ExitCode.FILE
    assert cli("directory", "snapshot", str(tmp_path / "no" / "folder")).code == ExitCode.FILE


# events


def test_an_event_is_triggered(cli: Cli) -> None:
    found = cli("trigger", "user_add_org", 'userId:=["u7"]').json
    assert (found["type"], found["fields"]["userId"]) == ("user_add_org", ["u7"])
    assert "timeStamp" in found["fields"]  # the rest is the documented sample
    assert cli.sandbox.events[-1].type == "user_add_org"


def test_an_event_that_is_not_documented(cli: Cli) -> None:
    ran = cli("trigger", "user_add_or")
    assert ran.code == ExitCode.USAGE
    assert "did you mean user_add_org" in ran.err


@pytest.mark.parametrize("url", ["https://oapi.dingtalk.com", "https://api.dingtalk.com"])
def test_the_platform_is_not_asked_to_push(cli: Cli, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DINGTALK_OAPI_URL", url)
    ran = cli("trigger", "user_add_org")
    assert ran.code == ExitCode.CONFIGURATION
    assert "is no sandbox" in ran.err


@pytest.mark.parametrize(
    "said",
    [
        answer('{"hello": "world"}'),
        answer("<html>"),
        answer("[]", "404 Not Found"),
        answer("", "302 Found", "Location: http://127.0.0.1:9/\r\n"),
    ],
    ids=["JSON", "HTML", "an error", "a redirect"],
)
def test_a_server_that_is_no_sandbox(cli: Cli, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setenv("DINGTALK_SANDBOX_KEY", "a-key-for-the-sandbox-alone")
    with peer(answering(lambda _: said)) as server:
        monkeypatch.setenv("DINGTALK_OAPI_URL", server.url)
        ran = cli("trigger", "user_add_org")
    assert (ran.code, "is no sandbox" in ran.err) == (ExitCode.CONFIGURATION, True)


# the doctor


def findings(cli: Cli, *args: str) -> dict[str, dict[str, object]]:
    return {each["check"]: each for each in cli("doctor", "--json", *args).json}


def test_all_is_well(cli: Cli) -> None:
    ran = cli("doctor", "--needs", "User.get")
    assert ran.code == 0, ran.out
    assert "✓ credentials: an access token was issued" in ran.out
    assert "✓ contacts: all departments" in ran.out
    assert "✓ scope qyapi_get_member: is granted" in ran.out
    assert cli.sandbox.appsecret not in ran.out + ran.err


def test_wrong_credentials(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DINGTALK_APPSECRET", "wrong-secret")
    ran = cli("doctor")
    assert ran.code == ExitCode.AUTHENTICATION
    assert "  → Check appkey and appsecret" in ran.out
    assert "wrong-secret" not in ran.out + ran.err


def test_a_clock_that_is_wrong(cli: Cli) -> None:
    old = {"Date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    cli.sandbox.fail("/gettoken", headers=old)
    found = findings(cli)["clock"]
    assert found["state"] == "failed"
    assert "NTP" in str(found["todo"])


def test_an_address_that_is_not_allowed(cli: Cli) -> None:
    cli.sandbox.fail("/auth/scopes", errcode=60020, errmsg="访问ip不在白名单之中")
    found = findings(cli)["contacts"]
    assert (found["state"], found["code"]) == ("failed", ExitCode.PERMISSION)
    assert "IP whitelist" in str(found["todo"])


def test_the_scopes_that_a_program_needs(cli: Cli, tmp_path: Path) -> None:
    source = (
        "app.contact.users.get('u')\nself.app.platform.todo_1_0.create_todo_task()\napp.run('contact_1_0.SearchUser')"
    )
    (tmp_path / "bot.py").write_text(source)
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    for folder in (".git", "env/lib"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "other.py").write_text("app.contact.departments.list()")
    found = findings(cli, "--needs", str(tmp_path), "--needs", str(tmp_path / "bot.py"))
    scopes = {check.removeprefix("scope ") for check in found if check.startswith("scope ")}
    assert scopes >= {"qyapi_get_member", "Todo.Todo.Write"}
    assert len(scopes) == 3


def test_a_scope_that_is_missing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(scopes=["qyapi_base"]) as strict:
        for name in ("OAPI_URL", "API_URL"):
            monkeypatch.setenv(f"DINGTALK_{name}", strict.url)
        ran = cli("doctor", "--needs", "User.get", "--needs", "todo_1_0.CreateTodoTask")
        assert {call.method for call in strict.calls} <= {"GET", "POST"}
        assert not strict.received("/v1.0/todo/users/0/tasks")  # only reads are tried
    assert ran.code == ExitCode.PERMISSION
    assert "✗ scope qyapi_get_member: is not granted · for dingtalk.oapi.v2.user.get" in ran.out
    assert "? scope Todo.Todo.Write: " in ran.out


@pytest.mark.parametrize("wrong", [False, True])
def test_the_address_for_events(cli: Cli, monkeypatch: pytest.MonkeyPatch, wrong: bool) -> None:
    receiver = DingTalkApp(appkey=cli.sandbox.appkey, appsecret="s", token=TOKEN, aes_key=KEY)
    with flask_site(receiver.callback) as url:
        monkeypatch.setenv("DINGTALK_CALLBACK_URL", url)
        monkeypatch.setenv("DINGTALK_TOKEN", "another-token" if wrong else TOKEN)
        monkeypatch.setenv("DINGTALK_AES_KEY", KEY)
        found = findings(cli)["callback"]
    assert found["state"] == ("failed" if wrong else "ok")
    assert KEY not in str(found)


def test_an_address_for_events_without_its_keys(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DINGTALK_CALLBACK_URL", "http://127.0.0.1:9/")
    found = findings(cli)["callback"]
    assert (found["state"], found["code"]) == ("failed", ExitCode.CONFIGURATION)
    assert "aes_key" in str(found["detail"])
    assert "--forward" not in str(found)


def test_a_connection_that_is_cut_is_a_finding(cli: Cli) -> None:
    (_, path), *_ = [each.endpoint.split() for each in probes("qyapi_get_member")]
    cli.sandbox.fail(path, times=100, drop=True)
    found = findings(cli, "--needs", "User.get")
    assert {each["code"] for each in found.values()} == {ExitCode.OK, ExitCode.TRANSPORT}
    assert "callback" in found
