"""The directory: loaded as a whole, kept in files, compared with another moment."""

from __future__ import annotations

import asyncio
import json
import stat
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from helpers import awaited
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dingtalk_models import (
    BEIJING,
    Department,
    DingTalkApp,
    DingTalkError,
    Directory,
    DirectoryChanges,
    InvalidArgument,
    NotFound,
    UnusableFile,
    User,
)
from dingtalk_models.contact.user import LeaderInDept
from dingtalk_models.contact.user_fields import DeptOrder
from dingtalk_models.hr.directory_changes import ResourceChange
from dingtalk_models.sandbox import Sandbox

GET, IDS, LIST = "/topapi/v2/department/get", "/topapi/v2/department/listsubid", "/topapi/v2/user/list"


@pytest.fixture
def sandbox() -> Generator[Sandbox]:
    with Sandbox(org="empty") as sandbox:
        company = sandbox.company
        for number in range(2, 152):
            company.add_department(f"部门{number}", max(1, number // 4), number)
        for number in range(300):
            dept_ids = [1 + number % 151, *([1 + number * 7 % 151] if number % 3 == 0 else [])]
            mobile = str(13900000000 + number)
            company.add_user(
                f"员工{number}", dict.fromkeys(dept_ids), userid=f"u{number:03}", mobile=mobile, title="工程师"
            )
        yield sandbox


@pytest.fixture
def app(sandbox: Sandbox) -> Generator[DingTalkApp]:
    with sandbox.app(rate_limit=None) as app:
        yield app
    app.close()


Load = Callable[[Sandbox, DingTalkApp], Directory]


def blocking(sandbox: Sandbox, app: DingTalkApp) -> Directory:
    return Directory.snapshot(workers=8)


def of_the_app(sandbox: Sandbox, app: DingTalkApp) -> Directory:
    return app.hr.directory.snapshot()


def on_the_loop(sandbox: Sandbox, app: DingTalkApp) -> Directory:
    async def work() -> Directory:
        loaded = await Directory.snapshot.aio(workers=8)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return loaded

    return awaited(sandbox.app(rate_limit=None), work)


# -- loading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [blocking, of_the_app, on_the_loop])
def test_everyone_is_there_once_with_all_their_departments(sandbox: Sandbox, app: DingTalkApp, load: Load) -> None:
    company = sandbox.company
    company.departments[5].dept_manager_userid_list.append(company.members(5)[0].userid)
    loaded = load(sandbox, app)
    assert loaded.departments.keys() == company.departments.keys()
    assert next(iter(loaded.departments)) == 1
    assert {each.dept_id: (each.name, each.parent_id) for each in loaded.departments.values()} == {
        each.dept_id: (each.name, each.parent_id) for each in company.departments.values()
    }
    assert loaded.departments[5].dept_manager_userids == [company.members(5)[0].userid]
    assert {userid: set(user.dept_id_list) for userid, user in loaded.users.items()} == {
        userid: set(user.departments) for userid, user in company.users.items()
    }
    assert all(user.dept_order is user.leader is None for user in loaded.users.values())
    for user in loaded.users.values():
        assert {each.dept_id for each in user.leader_in_dept} == set(user.dept_id_list)
        leads = {each.dept_id for each in user.leader_in_dept if each.leader}
        assert leads == ({5} if user.userid == company.members(5)[0].userid else set())
    assert {path: len(sandbox.received(path)) for path in (GET, IDS, LIST)} == {GET: 151, IDS: 151, LIST: 151}


def test_everything_works_through_the_app_that_loaded_it(app: DingTalkApp) -> None:
    loaded = app.hr.directory.snapshot()
    assert {each.app for each in (*loaded.users.values(), *loaded.departments.values())} == {app}
    assert loaded.users["u000"].update(title="组长").title == "组长"


def test_the_order_does_not_depend_on_the_workers(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(LIST, times=5, delay=0.03)
    one, many = Directory.snapshot(workers=1), Directory.snapshot(workers=16)
    assert list(one.users) == list(many.users)
    assert list(one.departments) == list(many.departments)
    assert not Directory.diff(one, many)
    assert one.users == many.users


def test_progress_is_told_with_a_total(sandbox: Sandbox, app: DingTalkApp) -> None:
    told: list[tuple[int, int]] = []
    Directory.snapshot(progress=lambda met, total: told.append((met, total)))
    assert len(told) == 151
    assert told == sorted(told)
    assert told[-1] == (300, 300)
    assert {total for _, total in told} == {300}


def test_a_count_that_is_not_what_can_be_seen(sandbox: Sandbox, app: DingTalkApp) -> None:
    for count, first in ((5, None), (1000, 1000)):
        told: list[tuple[int, int]] = []
        sandbox.fail("/topapi/user/count", body=json.dumps({"errcode": 0, "result": {"count": count}}))
        Directory.snapshot(progress=lambda met, total, told=told: told.append((met, total)))  # type: ignore[misc]
        assert all(met <= total for met, total in told)
        assert first is None or told[0][1] == first
        assert told[-1] == (300, 300)


def test_the_first_error_ends_it(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(IDS, times=1, errcode=60003)
    with pytest.raises(NotFound):
        Directory.snapshot()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("dingtalk_")] == []
    with pytest.raises(InvalidArgument, match="workers"):
        Directory.snapshot(workers=17)


# -- files ---------------------------------------------------------------------------------------------------------


def test_saved_and_loaded_it_is_the_same(sandbox: Sandbox, app: DingTalkApp, tmp_path: Path) -> None:
    sandbox.company.users["u001"].extension = {"爱好": '旅游\u2028、\n"读书"'}
    sandbox.company.users["u002"].hired_date = 1597573616828
    loaded = Directory.snapshot()
    assert loaded.users["u001"].extension
    assert loaded.users["u002"].hired_date
    path = tmp_path / "today.jsonl"
    loaded.save(path)
    assert Directory.load(str(path)) == loaded
    assert list(Directory.load(path).users) == list(loaded.users)
    lines = path.read_text(encoding="utf-8").split("\n")
    header = json.loads(lines[0])
    assert {key: header[key] for key in ("format", "version", "departments", "users")} == {
        "format": "dingtalk-models directory", "version": 1, "departments": 151, "users": 300,
    }  # fmt: skip
    assert len(lines) == 1 + 151 + 300 + 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["today.jsonl"]


def small() -> Directory:
    departments = [Department(dept_id=1, name="公司"), Department(dept_id=2, name="研发", parent_id=1)]
    users = [User(userid="a", dept_id_list=[1, 2], title="工程师"), User(userid="b", name="张三", dept_id_list=[2])]
    return directory(departments, users)


def directory(departments: list[Department], users: list[User]) -> Directory:
    return Directory(
        datetime(2026, 1, 31, 9, tzinfo=BEIJING),
        {each.dept_id: each for each in departments},
        {each.userid: each for each in users},
    )


def test_what_the_platform_adds_is_kept(tmp_path: Path) -> None:
    odd = User.model_validate({"userid": "a", "未来": [1, None], "unparsed__": {"active": "?"}, "hired_date": None})
    directory([], [odd]).save(tmp_path / "x")
    loaded = Directory.load(tmp_path / "x").users["a"]
    assert loaded == odd
    assert loaded.unparsed == {"active": "?"}


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    small().save(path)
    before = path.read_bytes()
    broken = directory([], [User(userid="a"), User.model_validate({"userid": "b", "never": object()})])
    with pytest.raises(ValueError, match="serialize"):
        broken.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileNotFoundError):
        small().save(tmp_path / "nowhere" / "x")
    with pytest.raises(FileNotFoundError):
        Directory.load(tmp_path / "nowhere")


DAMAGE: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda text: b"", "is not a saved directory"),
    (lambda text: b"userid,name\n1,2\n", "is not a saved directory"),
    (lambda text: b"\x89PNG\r\n\x1a\n\x00\xff", "is not a saved directory"),
    (lambda text: b'{"version": 1}\n', "is not a saved directory"),
    (lambda text: text.replace(b'"version":1', b'"version":2'), r"later version of this package \(2\)"),
    (lambda text: text.replace(b'{"user":{"userid":"a"', b'{"user":{"userid":"a'), "at line 4"),
    (lambda text: text.replace(b'"dept_id":2', b'"dept_id":"two"'), "at line 3"),
    (lambda text: text.replace(b'{"user"', b'{"robot"'), "at line 4"),
    (lambda text: text + b"[]\n", "at line 6"),
    (lambda text: text[:-1], "at line 5"),
    (lambda text: text[: text.rindex(b'{"user"')], "2 departments and 1 users, and not 2 and 2"),
    (lambda text: text + text[text.rindex(b'{"user"') :].replace(b'"b"', b'"c"'), "2 departments and 3 users"),
    (lambda text: text.replace("张三".encode(), b"\xff"), "at line 5"),
]


@pytest.mark.parametrize(("change", "says"), DAMAGE)
def test_other_files_are_refused(change: Callable[[bytes], bytes], says: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    small().save(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(UnusableFile, match=says) as caught:
        Directory.load(path)
    assert caught.value.path == path
    assert isinstance(caught.value, DingTalkError | ValueError)
    assert "张三" not in str(caught.value)


@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_refused_or_read_and_never_anything_else(data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    small().save(path)
    whole = path.read_bytes()
    where = data.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(whole[:where])
    with pytest.raises(UnusableFile):
        Directory.load(path)
    path.write_bytes(whole[:where] + data.draw(st.binary(max_size=2)) + whole[where + 1 :])
    with suppress(UnusableFile):
        Directory.load(path)


# -- differences ---------------------------------------------------------------------------------------------------


def test_what_happens_in_a_company(sandbox: Sandbox, app: DingTalkApp) -> None:
    before = Directory.snapshot(workers=16)
    company = sandbox.company
    company.add_user("新人", [7], userid="new", mobile="13800000000")
    company.remove_user(company.users["u010"])
    company.place(company.users["u001"], [2, 9])
    company.users["u004"].title = "架构师"
    company.users["u005"].title, company.users["u005"].email = "经理", "u005@example.com"
    company.place(company.users["u005"], [6, 20])
    company.add_department("新部门", 3, 900)
    company.departments[150].parent_id = 2
    company.departments[149].name = "改名"
    for user in company.members(148):
        company.place(user, [1])
    del company.departments[148]
    changes = Directory.diff(before, Directory.snapshot(workers=16))

    assert [user.userid for user in changes.joined] == ["new"]
    assert [user.userid for user in changes.left] == ["u010"]
    moved = {each.new.userid: (each.left, each.entered) for each in changes.moved}
    assert moved.pop("u001") == ((), (9,))
    assert moved.pop("u005") == ((), (20,))
    assert all(1 in entered and 148 in left for left, entered in moved.values())
    assert fields_of(changes.changed, lambda user: user.userid) == {
        "u004": {"title": ("工程师", "架构师")},
        "u005": {"title": ("工程师", "经理"), "email": (None, "u005@example.com")},
    }
    assert [each.dept_id for each in changes.created] == [900]
    assert [each.dept_id for each in changes.removed] == [148]
    assert [(each.old.parent_id, each.new.parent_id) for each in changes.relocated] == [(37, 2)]
    assert fields_of(changes.altered, lambda each: each.dept_id) == {149: {"name": ("部门149", "改名")}}
    assert changes


def fields_of(changed: list[ResourceChange[Any]], key: Callable[[Any], Any]) -> dict[Any, dict[str, tuple[Any, Any]]]:
    return {key(each.new): {field.field: (field.old, field.new) for field in each.fields} for each in changed}


def test_the_order_of_ids_is_no_change() -> None:
    def at(*dept_ids: int, leads: bool) -> User:
        return User(
            userid="a", dept_id_list=list(dept_ids),
            dept_order_list=[DeptOrder(dept_id=each, order=1) for each in dept_ids],
            leader_in_dept=[LeaderInDept(dept_id=each, leader=leads) for each in dept_ids],
        )  # fmt: skip

    assert not Directory.diff(directory([], [at(1, 2, leads=False)]), directory([], [at(2, 1, leads=False)]))
    led = Directory.diff(directory([], [at(1, 2, leads=False)]), directory([], [at(1, 2, leads=True)]))
    assert [field.field for each in led.changed for field in each.fields] == ["leader_in_dept"]
    grown = [Department(dept_id=1, member_count=count, owning_member_count=count) for count in (3, 4)]
    assert not Directory.diff(directory(grown[:1], []), directory(grown[1:], []))


def test_leaving_a_department_changes_nothing_else() -> None:
    def at(*dept_ids: int) -> User:
        leads = [LeaderInDept(dept_id=each, leader=each == 2) for each in dept_ids]
        return User(userid="a", dept_id_list=list(dept_ids), leader_in_dept=leads)

    changes = Directory.diff(directory([], [at(1, 2)]), directory([], [at(1, 3)]))
    assert [(each.left, each.entered) for each in changes.moved] == [((2,), (3,))]
    assert changes.changed == []


def test_unknown_fields_count() -> None:
    old, new = (User.model_validate({"userid": "a", "未来": each}) for each in (1, 2))
    changes = Directory.diff(directory([], [old]), directory([], [new]))
    assert fields_of(changes.changed, lambda user: user.userid) == {"a": {"未来": (1, 2)}}


NAMES = st.sampled_from(["甲", "乙", "丙"])
users = st.builds(
    User, userid=st.sampled_from("abcdef"), name=NAMES, title=st.none() | NAMES,
    dept_id_list=st.lists(st.integers(1, 4), unique=True, max_size=3),
)  # fmt: skip
departments = st.builds(Department, dept_id=st.integers(1, 6), name=NAMES, parent_id=st.none() | st.integers(1, 3))
directories = st.builds(directory, st.lists(departments, max_size=6), st.lists(users, max_size=6))


@given(directories)
def test_nothing_differs_from_itself(one: Directory) -> None:
    assert not Directory.diff(one, one)


@given(directories, directories)
def test_the_changes_lead_from_one_to_the_other(old: Directory, new: Directory) -> None:
    changes = Directory.diff(old, new)
    people, places = applied(old, changes)
    assert people == {userid: plain(user) for userid, user in new.users.items()}
    assert places == {dept_id: plain(each) for dept_id, each in new.departments.items()}
    assert bool(changes) == (applied(old, Directory.diff(old, old)) != (people, places))


@given(directories, directories)
def test_backwards_they_lead_back(old: Directory, new: Directory) -> None:
    there, back = Directory.diff(old, new), Directory.diff(new, old)
    assert by_id(there.joined, there.created) == by_id(back.left, back.removed)
    assert by_id(there.left, there.removed) == by_id(back.joined, back.created)
    assert {each.new.userid: (each.left, each.entered) for each in there.moved} == {
        each.old.userid: (each.entered, each.left) for each in back.moved
    }
    assert {each.new.dept_id for each in there.relocated} == {each.new.dept_id for each in back.relocated}


def by_id(users: list[User], departments: list[Department]) -> tuple[set[str], set[int]]:
    return {user.userid for user in users}, {each.dept_id for each in departments}


def plain(item: User | Department) -> dict[str, Any]:
    values: dict[str, Any] = dict(vars(item))
    return values | ({"dept_id_list": set(item.dept_id_list)} if isinstance(item, User) else {})


def applied(old: Directory, changes: DirectoryChanges) -> tuple[dict[str, dict[str, Any]], dict[int, dict[str, Any]]]:
    """The old state with every change made to it."""
    people = {userid: plain(user) for userid, user in old.users.items()}
    people |= {user.userid: plain(user) for user in changes.joined}
    for gone in changes.left:
        del people[gone.userid]
    for moved in changes.moved:
        people[moved.new.userid]["dept_id_list"] = set(moved.old.dept_id_list) - {*moved.left} | {*moved.entered}
    for changed in changes.changed:
        people[changed.new.userid] |= {field.field: field.new for field in changed.fields}
    places = {dept_id: plain(each) for dept_id, each in old.departments.items()}
    places |= {each.dept_id: plain(each) for each in changes.created}
    for removed in changes.removed:
        del places[removed.dept_id]
    for relocated in changes.relocated:
        places[relocated.new.dept_id]["parent_id"] = relocated.new.parent_id
    for altered in changes.altered:
        places[altered.new.dept_id] |= {field.field: field.new for field in altered.fields}
    return people, places
