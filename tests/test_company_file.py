"""The company file: what it may have in it, and what is said of one that cannot be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dingtalk_models.company_file import read_company
from dingtalk_models.company_file.reading import DEEPEST, MOST_BYTES
from dingtalk_models.sandbox import Company, Credentials, InvalidCompanyFile, Sandbox
from dingtalk_models.sandbox import load_company as founding

WHOLE = """\
name: 云杉科技
departments:
  - dept_id: 1
    order: 3
  - {dept_id: 20, name: 华东, parent_id: 10, dept_manager_userid_list: [chenxi], user_permits: [linwei]}
  - {dept_id: 10, name: 销售部, dept_permits: [20], org_dept_owner: linwei, name_en: Sales}
users:
  - userid: linwei
    name: 林薇
    dept_id_list: [20, 10]
    mobile: "13800000001"
    title: 销售总监
    manager_userid: chenxi
    hired_date: 2021-03-01
    extension: {爱好: 游泳, 等级: 3}
    dept_order_list: [{dept_id: 20, order: 7}]
    dept_title_list: [{dept_id: 10, title: 顾问}]
  - {userid: chenxi, name: 陈希, mobile: "+1-5551234", unionid: union-chenxi, active: false, hired_date: 1614528000000}
admins:
  - {userid: chenxi, sys_level: 1}
  - {userid: linwei, dept_ids: [10]}
role_groups:
  - name: 默认
    roles: [{name: 主管, userids: [linwei]}]
  - name: 岗位
    roles:
      - {name: 采购, role_id: 77, userids: [linwei, chenxi], manages: {linwei: [20]}}
      - {name: 仓库}
forms:
  - name: 用章
    components:
      - {type: TextField, label: 事由, required: true}
      - {type: DDSelectField, label: 印章, options: [公章, 合同章]}
    steps:
      - {users: [manager]}
      - {users: [linwei, chenxi], action: OR, name: 印章管理}
    cc: [chenxi]
    enabled: false
attendance:
  shifts:
    - {name: 早班, times: [08:30, 17:30], rest: [12:00, 13:00], permit_late_minutes: 5}
  groups:
    - name: 门店
      owner_user_id: linwei
      week: [null, 早班, 早班, null, 早班, 早班, null]
      dept_ids: [20]
      wifis: [店内]
customers:
  label_groups: [{name: 等级, labels: [金, 银], color: -1}]
  contacts: [{name: 郑工, mobile: "13700000001", follower_user_id: linwei, labels: [银], share_dept_ids: [20]}]
groups:
  - {name: 项目群, owner: linwei, members: [chenxi], sub_admins: [chenxi]}
webhooks:
  - {keywords: [告警]}
strangers:
  - {userid: visitor, name: 访客, mobile: "13600000001"}
scopes: [qyapi_get_member]
robot_url: http://127.0.0.1:9/robot
"""


def company_of(folder: Path, text: str | bytes) -> Company:
    """The company of a file with this text."""
    path = folder / "company.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Sandbox(company=path).company


def problems_of(folder: Path, text: str | bytes) -> list[tuple[int, str, str]]:
    """Line, field and message of everything that is wrong."""
    with pytest.raises(InvalidCompanyFile) as caught:
        company_of(folder, text)
    for each in caught.value.problems:
        assert str(each).startswith(f"{folder / 'company.yaml'}:{each.line}: ")
        assert " / " in each.message
    return [(each.line, each.field, each.message.partition(" / ")[0]) for each in caught.value.problems]


def test_everything_that_a_file_may_have(tmp_path: Path) -> None:
    company = company_of(tmp_path, WHOLE)
    root, sales, east = (company.departments[each] for each in (1, 10, 20))
    assert (root.name, root.order, sales.name_en, east.parent_id) == ("云杉科技", 3, "Sales", 10)
    assert (east.dept_manager_userid_list, sales.dept_permits, sales.org_dept_owner) == (["chenxi"], [20], "linwei")
    linwei, chenxi = company.users["linwei"], company.users["chenxi"]
    assert [(each, place.order, place.title) for each, place in linwei.departments.items()] == [
        (20, 7, None),
        (10, 0, "顾问"),
    ]
    assert (linwei.manager_userid, linwei.hired_date) == ("chenxi", 1_614_528_000_000)
    assert (linwei.hired_date, linwei.extension) == (chenxi.hired_date, {"爱好": "游泳", "等级": 3})
    assert (chenxi.state_code, chenxi.unionid, chenxi.active, [*chenxi.departments]) == (
        "1",
        "union-chenxi",
        False,
        [1],
    )
    assert {key: (each.sys_level, each.dept_ids) for key, each in company.admins.items()} == {
        "chenxi": (1, [1]),
        "linwei": (2, [10]),
    }
    assert (company.roles[902].members, company.roles[77].members) == ({"linwei": []}, {"linwei": [20], "chenxi": []})
    (form,) = company.workflow.forms.values()
    assert [each.id for each in form.components] == ["TextField-1", "DDSelectField-2"]
    assert (form.cc, form.enabled, form.steps[1].action) == (["chenxi"], False, "OR")
    (shift,), (group,) = company.attendance.shifts.values(), company.attendance.groups.values()
    assert (shift.times, shift.rest, shift.permit_late_minutes) == ((510, 1050), (720, 780), 5)
    assert group.week == [0, shift.shift_id, shift.shift_id, 0, shift.shift_id, shift.shift_id, 0]
    assert (group.wifis, group.dept_ids) == (["店内"], [20])
    (contact,) = company.clientele.contacts.values()
    assert company.clientele.label_groups[0].labels[contact.label_ids[0]] == "银"
    (chat,), (webhook,) = company.outbox.groups.values(), company.outbox.webhooks.values()
    assert (chat.name, chat.members, chat.sub_admins) == ("项目群", ["linwei", "chenxi"], ["chenxi"])
    assert tuple(webhook.keywords) == ("告警",)
    assert company.person("visitor").name == "访客"
    assert company.scopes == frozenset(["qyapi_get_member"])
    assert company.conversations.robot_url == "http://127.0.0.1:9/robot"


def test_a_file_is_the_same_company_each_time(tmp_path: Path) -> None:
    first = company_of(tmp_path, WHOLE)
    second = company_of(tmp_path, WHOLE)
    assert (first.users, first.outbox.groups.keys()) == (second.users, second.outbox.groups.keys())
    first.users["linwei"].extension["等级"] = 4
    first.roles[77].members["linwei"].append(10)
    assert company_of(tmp_path, WHOLE).users == second.users
    assert company_of(tmp_path, WHOLE).roles == second.roles


def test_a_file_that_was_changed_is_read_again_but_not_by_a_reset(tmp_path: Path) -> None:
    path = tmp_path / "company.yaml"
    path.write_text("name: 甲\n", "utf-8")
    sandbox = Sandbox(company=path)
    path.write_text("name: 乙公司\n", "utf-8")
    assert Sandbox(company=str(path)).company.departments[1].name == "乙公司"
    sandbox.reset()
    assert sandbox.company.departments[1].name == "甲"


def test_texts_that_look_like_something_else_are_texts(tmp_path: Path) -> None:
    company = company_of(
        tmp_path, "name: no\nusers:\n- {userid: 007, name: 18:00, title: 1_000, remark: 2020-01-31, job_number: 0x1F}\n"
    )
    user = company.users["007"]
    assert (company.departments[1].name, user.name, user.title) == ("no", "18:00", "1_000")
    assert (user.remark, user.job_number) == ("2020-01-31", "0x1F")


@pytest.mark.parametrize(
    ("text", "line", "field", "message"),
    [
        ("", 1, "", "is not a company: begin with “name: …”"),
        ("- 公司\n", 1, "", "is not a company: begin with “name: …”"),
        ("name: 甲\nname: 乙\n", 2, "", "'name' is here twice: remove one"),
        ("name: 甲\nusers:\n\t- userid: a\n", 3, "users", "has a tab: use spaces"),
        ("name: 甲\nusers: [\n", 3, "users", "is not valid YAML: "),
        ("name: &n 甲\nrobot_url: *n\n", 2, "robot_url", "has an alias (*): write the value out"),
        (
            "name: !!python/name:os.system\n",
            1,
            "name",
            "has a tag (tag:yaml.org,2002:python/name:os.system): remove it",
        ),
        ("name: 甲\n---\nname: 乙\n", 2, "", "has a second document (---): keep one"),
        ("name: 甲\n[a]: b\n", 2, "", "a name is a list or mapping: use a text"),
        ("name: 甲\nextra: 1\n", 2, "extra", "there is no such field: remove it"),
        ("name: 甲\nuser: []\n", 2, "user", "there is no such field: did you mean users?"),
        (
            "\nusers:\n- {userid: a, name: 甲, nmae: 乙}\n",
            3,
            "users[0].nmae",
            "there is no such field: did you mean name?",
        ),
        ("users:\n- userid: a\n", 2, "users[0].name", "is missing: add it"),
        ("users:\n- userid: a\n  name: 甲\n  mobile: 139\n", 4, "users[0].mobile", "is not text: put it in quotes"),
        ("users:\n- {userid: a, name: 甲, boss: yes}\n", 2, "users[0].boss", "is neither true nor false"),
        (
            "departments:\n- {dept_id: '7', name: 甲}\n",
            2,
            "departments[0].dept_id",
            "is not a whole number: write it without quotes",
        ),
        ("departments: 7\n", 1, "departments", "is not a list: begin each item with “- ”"),
        ("departments:\n- 7\n", 2, "departments[0]", "is not a mapping of names to values"),
        ("departments:\n- {dept_id: 0, name: 甲}\n", 2, "departments[0].dept_id", "is less than 1"),
        ("name: ''\n", 1, "name", "is empty: fill it in, or leave the field out"),
        (
            "users:\n- {userid: a, name: 甲, hired_date: soon}\n",
            2,
            "users[0].hired_date",
            "is not a day such as 2020-01-31",
        ),
        (
            "attendance: {shifts: [{name: 甲, times: ['09:00']}]}\n",
            1,
            "attendance.shifts[0].times",
            "has fewer than 2 items",
        ),
        (
            "role_groups:\n- name: 甲\n  roles:\n  - {name: 乙, manages: {linwei: [甲]}}\n",
            4,
            "role_groups[0].roles[0].manages.linwei[0]",
            "is not a whole number: write it without quotes",
        ),
    ],
)
def test_a_file_with_one_mistake(tmp_path: Path, text: str, line: int, field: str, message: str) -> None:
    ((found, where, said),) = problems_of(tmp_path, text)
    assert (found, where) == (line, field)
    assert said.startswith(message)  # what follows is the parser's own, where it is one's of YAML


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"name: \xff\n", (1, "", "is not UTF-8: save it as UTF-8")),
        ("name: 公司\n".encode("utf-16"), (1, "", "is not UTF-8: save it as UTF-8")),
        (b"name: a\nx: \x00\n", (2, "", "is not valid YAML: ")),
        (b"#" * (MOST_BYTES + 1), (1, "", "is larger than 32 MB: leave people out")),
        (b"[" * 100_000, (1, "[0]" * (DEEPEST - 1), "is ")),
        (b"a: " + b"{a: " * 100_000, (1, "a" + ".a" * (DEEPEST - 1), f"is more than {DEEPEST} levels deep")),
        (b"a: &a [x, x]\nb: [*a, *a]\n", (2, "b", "has an alias (*): write the value out")),
    ],
    ids=["latin", "utf-16", "control", "large", "deep list", "deep mapping", "bomb"],
)
def test_a_file_that_is_an_attack(tmp_path: Path, text: bytes, problem: tuple[int, str, str]) -> None:
    ((line, field, said),) = problems_of(tmp_path, text)
    assert (line, said[: len(problem[2])]) == (problem[0], problem[2])
    assert field in {problem[1], ""}


@pytest.mark.parametrize(
    ("rows", "field", "message"),
    [
        ("departments: [{dept_id: 7, name: 甲, parent_id: 8}]", "departments[0].parent_id", "there is no department 8"),
        ("departments: [{dept_id: 7, name: 甲}, {dept_id: 7, name: 乙}]", "departments[1].dept_id", "7 is taken"),
        ("departments: [{dept_id: 7, name: 甲, parent_id: 7}]", "departments[0].parent_id", "7 is below itself"),
        (
            "departments: [{dept_id: 7, name: 甲, parent_id: 8}, {dept_id: 8, name: 乙, parent_id: 7}]",
            "departments[1].parent_id",
            "8 is below itself",
        ),
        ("departments: [{dept_id: 7}]", "departments[0].name", "is missing"),
        ("departments: [{dept_id: 7, name: 甲, org_dept_owner: x}]", "departments[0].org_dept_owner", "nobody has the"),
        (
            "departments: [{dept_id: 7, name: 甲, dept_manager_userid_list: [x]}]",
            "departments[0].dept_manager_userid_list",
            "nobody has the userid 'x'",
        ),
        ("departments: [{dept_id: 7, name: 甲, dept_permits: [9]}]", "departments[0].dept_permits", "there is no"),
        ("users: [{userid: a, name: 甲}, {userid: a, name: 乙}]", "users[1].userid", "'a' is taken"),
        ("users: [{userid: a, name: 甲, dept_id_list: [7]}]", "users[0].dept_id_list", "there is no department 7"),
        ("users: [{userid: a, name: 甲, manager_userid: b}]", "users[0].manager_userid", "nobody has the userid 'b'"),
        (
            "users: [{userid: a, name: 甲, mobile: '1'}, {userid: b, name: 乙, mobile: '1'}]",
            "users[1].mobile",
            "a has '1'",
        ),
        ("users: [{userid: a, name: 甲, email: e}, {userid: b, name: 乙, email: e}]", "users[1].email", "a has 'e'"),
        (
            "users: [{userid: a, name: 甲, dept_order_list: [{dept_id: 7, order: 1}]}]",
            "users[0].dept_order_list[0].dept_id",
            "a is not in the department 7",
        ),
        ("admins: [{userid: x}]", "admins[0].userid", "nobody has the userid 'x'"),
        (
            "role_groups: [{name: 甲, roles: [{name: 乙, userids: [x]}]}]",
            "role_groups[0].roles[0].userids",
            "nobody has",
        ),
        ("role_groups: [{name: 甲, group_id: 900}]", "role_groups[0].group_id", "900 is taken"),
        ("role_groups: [{name: 甲, roles: [{name: 主管}]}]", "role_groups[0].roles[0].name", "'主管' is taken"),
        ("forms: [{name: 甲, components: [], steps: [{users: [x]}]}]", "forms[0].steps", "nobody has the userid 'x'"),
        ("forms: [{name: 甲, components: []}, {name: 甲, components: []}]", "forms[1].name", "'甲' is taken"),
        (
            "attendance: {groups: [{name: 甲, owner_user_id: x}]}",
            "attendance.groups[0].owner_user_id",
            "nobody has the userid 'x'",
        ),
        (
            "attendance: {shifts: [{name: 甲, times: ['09:00', '10:00', '11:00']}]}",
            "attendance.shifts[0].times",
            "has a time to check in without",
        ),
        (
            """{users: [{userid: a, name: 甲}], attendance: {
            shifts: [{name: 早班, times: ["09:00", "10:00"]}],
            groups: [{name: 甲, owner_user_id: a, week: [早班, 早搬, 早班, 早班, 早班, 早班, 早班]}]}}""",
            "attendance.groups[0].week",
            "there is no '早搬', but 早班",
        ),
        (
            "customers: {contacts: [{name: 甲, mobile: '1', follower_user_id: x, labels: [客户]}]}",
            "customers.contacts[0].follower_user_id",
            "nobody has the userid 'x'",
        ),
        ("groups: [{name: 甲, owner: x}]", "groups[0].owner", "nobody has the userid 'x'"),
        ("webhooks: [{token: a}, {token: a}]", "webhooks[1].token", "'a' is taken"),
        ("users: [{userid: a, name: 甲}]\nstrangers: [{userid: a, name: 乙}]", "strangers[0].userid", "'a' is taken"),
    ],
)
def test_what_does_not_fit_is_told_of_once(tmp_path: Path, rows: str, field: str, message: str) -> None:
    ((_, found, said),) = problems_of(tmp_path, rows)
    assert (found, said[: len(message)]) == (field, message)


def test_all_mistakes_are_told_of_at_once(tmp_path: Path) -> None:
    text = "departments:\n- {dept_id: 7, name: 甲, parent_id: 9}\n- {dept_id: 8, name: 乙, parent_id: 7}\nusers:\n"
    text += "- {userid: a, name: 丙, dept_id_list: [8, 6]}\n- {userid: b, name: 丁, manager_userid: c}\n"
    assert [line for line, _, _ in problems_of(tmp_path, text)] == [2, 5, 6]
    many = "users:\n" + "- {userid: a}\n" * 60
    with pytest.raises(InvalidCompanyFile, match="… 10 more / 另有 10 处"):
        company_of(tmp_path, many)


def test_settings_that_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose either company= or org='empty'"):
        Sandbox(org="empty", company=tmp_path)
    with pytest.raises(ValueError, match="a Company has its own credentials"):
        Sandbox(company=Company(), credentials=Credentials())
    with pytest.raises(FileNotFoundError):
        Sandbox(company=tmp_path / "company.yaml")


def test_a_company_that_was_made_in_python() -> None:
    company = Company("手工公司", Credentials(corp_id="dingown"))
    company.add_user("林薇", userid="linwei")
    sandbox = Sandbox(company=company, scopes=["qyapi_get_member"])
    assert (sandbox.company, sandbox.corp_id) == (company, "dingown")
    company.remove_user(company.users["linwei"])
    for _ in range(2):
        sandbox.reset()
        assert [*sandbox.company.users] == ["linwei"]
        assert (sandbox.company, sandbox.company.scopes) == (company, frozenset(["qyapi_get_member"]))


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("users:\n- {userid: a}\n- {userid: b}\n", ["company.yaml:2: users[0].name: is missing", "company.yaml:3: "]),
        (None, ["company.yaml: No such file or directory / 无法读取公司文件"]),
    ],
)
def test_the_command_tells_a_line_an_error(tmp_path: Path, text: str | None, errors: list[str]) -> None:
    if text is not None:
        (tmp_path / "company.yaml").write_text(text)
    command = [sys.executable, "-m", "dingtalk_models.sandbox", "--company", "company.yaml"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    lines = ran.stderr.splitlines()
    assert len(lines) == len(errors)
    assert all(error in line for error, line in zip(errors, lines, strict=True))


def test_the_company_of_a_sandbox_is_such_a_file() -> None:
    seed = read_company(founding.SEED).company
    assert len(seed.users) == len(Sandbox().company.users) == 27
