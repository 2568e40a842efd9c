"""`app.run(name, …)`: by current, earlier and own names."""

from __future__ import annotations

import ast
import asyncio
import inspect
import pickle
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator
from types import SimpleNamespace
from typing import Any, TypeGuard, get_args, get_overloads, get_type_hints

import pytest
from generators import facts
from helpers import awaited, unchecked
from waiting import stays_async

from dingtalk_models import (
    Call,
    ConfigurationError,
    Department,
    DingTalkApp,
    Flow,
    InvalidArgument,
    Manager,
    Module,
    Old,
    RetiredMethod,
    UndocumentedMethod,
    UnknownMethod,
    User,
    api,
    method,
    operation,
    operations,
)
from dingtalk_models.by_name import run_types
from dingtalk_models.resource import registry
from dingtalk_models.resource.method_names import MethodName, PlatformName
from dingtalk_models.resource.query import Listing
from dingtalk_models.sandbox import Sandbox

DETAIL: str = "dingtalk.oapi.v2.department.get"
"""A name whose type is not that of a literal: what it takes is not known to type checkers."""


@pytest.fixture
def app(sandbox: Sandbox) -> Generator[DingTalkApp]:
    app = sandbox.app()
    yield app
    app.close()


def test_an_unknown_name_and_those_that_look_like_it(app: DingTalkApp) -> None:
    with pytest.raises(UnknownMethod) as caught:
        app.run("dingtalk.oapi.v2.departement.get")
    error = caught.value
    assert isinstance(error, LookupError)
    assert error.name == "dingtalk.oapi.v2.departement.get"
    assert error.nearest[0] == "dingtalk.oapi.v2.department.get"
    assert 1 <= len(error.nearest) <= 3
    assert "Did you mean 'dingtalk.oapi.v2.department.get'" in str(error)
    with pytest.raises(UnknownMethod) as caught:
        app.run.call("§§§")
    assert caught.value.nearest == ()
    with pytest.raises(UnknownMethod):
        asyncio.run(app.run.aio(""))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("创建日程", "calendar_1_0.CreateEvent"),
        ("新建待办", "todo_1_0.CreateTodoTask"),
        ("部门用户详情", "dingtalk.oapi.v2.user.list"),
        ("calendar.add_event", "calendar_1_0.CreateEvent"),
        ("app.platform.todo_1_0.create_todo_task", "todo_1_0.CreateTodoTask"),
        ("delete department", "dingtalk.oapi.v2.department.delete"),
        ("report.statistic.listbytype", "dingtalk.oapi.report.statistics.listbytype"),
        ("calendar_1_0.CreatEvent", "calendar_1_0.CreateEvent"),
        ("meeting rooms list", "rooms_1_0.QueryMeetingRoomList"),
    ],
)
def test_names_that_are_near_in_meaning_are_suggested(app: DingTalkApp, asked: str, meant: str) -> None:
    with pytest.raises(UnknownMethod) as caught:
        app.run(unchecked(asked))
    assert meant in caught.value.nearest


def test_names_of_the_official_sdk_and_of_archived_pages_are_known(app: DingTalkApp) -> None:
    """Whoever has one is told where the API is."""
    known = set(app.methods)
    for page in facts.only_in_sdk():
        if (name := page["sdk_operation"]) not in known:
            with pytest.raises(
                UndocumentedMethod, match=r"only the official SDK has it|its page is archived"
            ) as caught:
                app.run(unchecked(name))
            assert page["http"] in caught.value.endpoint
    for page, *_ in facts.archived().values():
        for name in {page.get("sdk_operation"), page.get("legacy_method")} - known - {None}:
            with pytest.raises((RetiredMethod, UndocumentedMethod)):
                app.run(unchecked(str(name)))
    with pytest.raises(UndocumentedMethod, match="原文档已归档") as caught:
        app.run("dingtalk.oapi.report.statistics")
    assert (caught.value.known_from, caught.value.endpoint) == ("archived", "POST /topapi/report/statistics")
    assert "app.request('POST', '/topapi/report/statistics', …)" in str(caught.value)


def test_each_older_name_of_the_facts_works_or_says_what_became_of_it(app: DingTalkApp) -> None:
    outcomes: Counter[type[Exception] | None] = Counter()
    works = set(app.methods)
    for old in facts.methods():
        if old["method"] in works:
            outcomes[None] += 1
            continue
        with pytest.raises((RetiredMethod, UndocumentedMethod)) as caught:
            app.run(unchecked(old["method"]))
        outcomes[caught.type] += 1
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
        if caught.type is UndocumentedMethod:
            assert "平台没有公开该接口的文档" in str(caught.value)
    assert outcomes[None] > 350
    assert outcomes[RetiredMethod] > 150
    assert outcomes[UndocumentedMethod] > 600


def test_every_name_is_listed(app: DingTalkApp) -> None:
    names = app.methods
    assert names == sorted(set(names))
    assert {"dingtalk.oapi.v2.department.get", "dingtalk.oapi.department.get", "dingtalk.corp.role.list"} <= set(names)
    for info in operations():
        assert set(info.names) <= set(names)
        assert info.name == info.names[0]


def test_operations_are_described() -> None:
    found = {info.name: info for info in operations()}
    info = found["dingtalk.oapi.v2.department.get"]
    assert (info.manager.__name__, info.method) == ("DepartmentManager", "get")
    assert (info.http, info.host, info.path) == ("POST", "oapi", "/topapi/v2/department/get")
    assert (info.title, info.source) == ("获取部门详情", "query-department-details0-v2")
    assert info.names == ("dingtalk.oapi.v2.department.get", "dingtalk.oapi.department.get")
    assert found["oauth2_1_0.GetAccessToken"].host == "api"
    assert [info.name for info in operations()] == sorted(found)


def test_the_three_uses(app: DingTalkApp, sandbox: Sandbox) -> None:
    unsent: Any = app.run.call("dingtalk.oapi.v2.department.get", dept_id=1)
    assert repr(unsent).startswith("<Call POST /topapi/v2/department/get -> Department")
    assert sandbox.calls == []
    one = app.run("dingtalk.oapi.v2.department.get", 1)
    assert awaited(app, lambda: app.run.aio("dingtalk.oapi.v2.department.get", dept_id=1)) == one == app.send(unsent)
    assert one.app is app


def test_lists_are_lazy_by_name_too(app: DingTalkApp, sandbox: Sandbox) -> None:
    listed: Any = app.run("dingtalk.oapi.v2.department.listsub", parent_id=100)
    assert type(listed) is type(app.run.call("dingtalk.oapi.v2.department.listsub")) is Listing
    assert sandbox.calls == []
    assert [each.dept_id for each in listed] == [110, 120, 130]
    listed = awaited(app, lambda: app.run.aio(unchecked("dingtalk.oapi.v2.department.listsub"), dept_id=100))
    assert [each.dept_id for each in listed] == [110, 120, 130]


@pytest.mark.parametrize(
    ("name", "given", "body"),
    [
        ("dingtalk.oapi.v2.department.get", {"dept_id": 1}, {"dept_id": 1, "language": "zh_CN"}),
        ("dingtalk.oapi.department.get", {"id": "1", "lang": "en_US"}, {"dept_id": 1, "language": "en_US"}),
        (
            "dingtalk.oapi.department.create",
            {"name": "n", "parentid": 1, "deptHiding": True, "deptPermits": "2|3", "userPermits": "a|b"},
            {"name": "n", "parent_id": 1, "hide_dept": True, "dept_permits": "2,3", "user_permits": "a,b"},
        ),
        (
            "dingtalk.oapi.user.create",
            {"name": "n", "mobile": "1", "department": "[1, 2]", "orderInDepts": '{"1": 5}', "tel": "9",
             "positionInDepts": {"2": "组长"}, "extattr": {"k": "v"}},
            {"name": "n", "mobile": "1", "dept_id_list": "1,2", "dept_order_list": [{"dept_id": 1, "order": 5}],
             "telephone": "9", "dept_title_list": [{"dept_id": 2, "title": "组长"}], "extension": '{"k": "v"}'},
        ),
        ("dingtalk.oapi.user.get_org_user_count", {"onlyActive": 1}, {"only_active": True}),
        ("dingtalk.oapi.role.addrolesforemps", {"roleIds": "1,2", "userIds": "a"}, {"roleIds": "1,2", "userIds": "a"}),
        (
            "dingtalk.corp.role.addrolesforemps",
            {"rolelid_list": "1,2", "userid_list": "a"},
            {"roleIds": "1,2", "userIds": "a"},
        ),
    ],
)  # fmt: skip
def test_each_name_takes_its_own_parameters(
    app: DingTalkApp, name: str, given: dict[str, Any], body: dict[str, Any]
) -> None:
    assert app.run.call(name, **given).request.body == body


def test_earlier_names_check_too(app: DingTalkApp) -> None:
    with pytest.raises(InvalidArgument, match="dept_id: required"):
        app.run("dingtalk.oapi.department.get")
    with pytest.raises(InvalidArgument, match="idd: unknown"):
        app.run("dingtalk.oapi.department.get", idd=1)
    for name, given in (
        ("dingtalk.oapi.user.create", {"orderInDepts": "{bad"}),
        ("dingtalk.oapi.user.create", {"orderInDepts": "[1]"}),
        ("dingtalk.oapi.user.create", {"positionInDepts": {"one": "x"}}),
        ("dingtalk.oapi.department.create", {"deptPermits": [1]}),
    ):
        with pytest.raises(InvalidArgument, match="not in this API's form"):
            app.run(name, **given)


def test_an_earlier_name_translates_values() -> None:
    old = Old("x", a="b", c=lambda value: {"d": value * 2, "e": 1})
    assert old.translate({"a": 1, "c": 2, "z": 3}) == {"b": 1, "d": 4, "e": 1, "z": 3}


@pytest.mark.usefixtures("names")
def test_methods_of_ones_own(app: DingTalkApp) -> None:
    class Staff(Module):
        @method("acme.staff.headcount")
        @method("acme.staff.count")
        def headcount(self, dept_id: int = 1) -> int:
            """How many work in a department."""
            return len(User.objects.using(self.app).list(dept_id).all())

        @method("acme.staff.greet")
        async def greet(self, userid: str) -> str:
            """Awaited only."""
            return "你好，" + (await User.objects.using(self.app).get.aio(userid)).name

    class Desks(Manager):
        @method("acme.desks.twice")
        @operation
        def twice(self, dept_id: int) -> Flow[list[str]]:
            """An operation."""
            first = yield from Department.objects.get.call(dept_id)
            second = yield from Department.objects.get.call(dept_id)
            return [first.name, second.name]

        @api("acme.desks.sub", "POST /topapi/v2/department/listsubid")
        def sub(self, dept_id: int) -> Call[list[int]]:
            """A documented API that this package does not know."""
            return Call(list[int], "result.dept_id_list", dept_id=dept_id)

        @method("acme.desks.where")
        def where(self) -> bool:
            """Whose manager it is."""
            return self.app is app

    assert app.run("acme.staff.headcount", dept_id=110) == app.run("acme.staff.count", 110) == 4
    assert Staff(app).headcount(110) == 4
    assert Desks(app).sub(100) == [110, 120, 130]
    assert app.run("acme.desks.twice", dept_id=500) == ["财务部", "财务部"]
    assert app.run("acme.desks.sub", dept_id=100) == [110, 120, 130]
    assert app.run("acme.desks.where") is True
    assert {"acme.staff.headcount", "acme.staff.count", "acme.desks.sub"} <= set(app.methods)
    with pytest.raises(ConfigurationError, match="plain method"):
        app.run.call("acme.staff.headcount")
    assert app.run.call("acme.desks.sub", dept_id=1).request.path == "/topapi/v2/department/listsubid"

    async def work() -> list[Any]:
        return [
            await app.run.aio("acme.staff.headcount", dept_id=110),
            await app.run.aio("acme.staff.greet", "heli"),
            await app.run.aio("acme.desks.twice", dept_id=500),
        ]

    assert awaited(app, work) == [4, "你好，何丽", ["财务部", "财务部"]]
    assert "acme.desks.sub" in {info.name for info in operations()}


@pytest.mark.usefixtures("names")
def test_a_plain_method_does_not_block_the_loop(app: DingTalkApp) -> None:
    go_on = threading.Event()

    class Slow(Module):
        @method("acme.slow")
        def slow(self) -> str:
            """Blocks."""
            assert go_on.wait(10)
            return threading.current_thread().name

    async def scenario() -> str:
        task = asyncio.create_task(app.run.aio("acme.slow"))
        await stays_async(lambda: not task.done())  # the loop goes on
        go_on.set()
        assert Slow(app).slow() == threading.main_thread().name
        found: str = await task
        return found

    thread = asyncio.run(scenario())
    assert thread != threading.main_thread().name


@pytest.mark.usefixtures("names")
def test_ones_own_take_the_place_of_ours(app: DingTalkApp) -> None:
    class Mine(Manager):
        @method(DETAIL, replace=True)
        def get(self, dept_id: int) -> str:
            """Instead."""
            return f"mine {dept_id}"

    assert app.run(DETAIL, dept_id=1) == Mine().get(1) == "mine 1"
    assert app.run("dingtalk.oapi.department.get", id=1).dept_id == 1

    class Later(Manager):
        @method(DETAIL, replace=True)
        def get(self, dept_id: int) -> str:
            """Instead of both."""
            return f"later {dept_id}"

    assert app.run(DETAIL, dept_id=1) == Later().get(1) == "later 1"


def test_ones_own_do_so_even_if_ours_are_imported_later() -> None:
    code = (
        "from dingtalk_models import DingTalkApp, Manager, method\n"
        "class Mine(Manager):\n"
        "    @method('dingtalk.oapi.v2.department.get', replace=True)\n"
        "    def get(self): return 'mine'\n"
        "app = DingTalkApp()\n"
        "app.methods\n"
        "print(app.run('dingtalk.oapi.v2.department.get'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "mine\n"


def _with_method() -> type:
    class Mine(Module):
        @method("dingtalk.oapi.department.get")
        def get(self) -> str:
            return "mine"

    return Mine


def _with_api() -> type:
    class Mine(Manager):
        @api("acme.department.get", "GET /v1.0/acme/departments", "todo_1_0.CreateTodoTask")
        def get(self) -> Call[None]:
            return Call(None)

    return Mine


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    ("define", "name"), [(_with_method, "dingtalk.oapi.department.get"), (_with_api, "todo_1_0.CreateTodoTask")]
)
def test_a_name_of_this_package_is_not_taken_by_accident(define: Callable[[], type], name: str) -> None:
    before = dict(registry.by_name), list(vars(registry)["_owners"])
    with pytest.raises(ConfigurationError) as caught:
        define()
    assert f"Mine.get: {name!r} is a name of this package; to take its place, write replace=True" in str(caught.value)
    assert (registry.by_name, vars(registry)["_owners"]) == before


def test_a_name_is_not_taken_by_accident_before_ours_are_imported() -> None:
    code = (
        "from dingtalk_models import Call, Manager, api\n"
        "class Mine(Manager):\n"
        "    @api('calendar_1_0.CreateEvent', 'POST /v1.0/x')\n"
        "    def get(self) -> Call[None]: return Call(None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ConfigurationError: __main__.Mine.get: 'calendar_1_0.CreateEvent' is a name of this package" in done.stderr


def test_a_name_cannot_be_empty() -> None:
    with pytest.raises(ConfigurationError, match="empty"):
        method("")


def test_an_operation_without_title_or_source() -> None:
    @operation
    def bare(self: object) -> Flow[None]:
        yield from ()

    assert (bare.title, bare.source) == ("", "")


def _is_function(node: ast.AST, name: str) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name


@pytest.mark.parametrize("use", ["__call__", "aio", "call"])
def test_the_type_of_run_names_what_there_is(use: str) -> None:
    # by their source: get_overloads() takes two for one where the line of one is that of a wrapper in another file
    (types,) = [node for node in ast.parse(inspect.getsource(run_types)).body if getattr(node, "name", "") == "ByName"]
    firsts = [ast.unparse(node.args.posonlyargs[1]) for node in ast.walk(types) if _is_function(node, use)]
    named = [name for first in firsts for name in re.findall("'([^']+)'", first)]
    method: Any = SimpleNamespace(__module__=run_types.__name__, __qualname__=f"ByName.{use}")
    assert all(get_type_hints(each, dict(vars(run_types))) for each in get_overloads(method))
    assert sorted(named) == sorted(get_args(run_types.CurrentName))
    homes = {info.name: info.manager.__module__.split(".") for info in operations()}
    written = {
        name for name, (package, part, *_) in homes.items() if package == "dingtalk_models" and part != "platform"
    }
    assert written <= {*named}
    assert not written & {*get_args(PlatformName)}
    assert {*named} | {*get_args(PlatformName)} <= {*get_args(MethodName)}
