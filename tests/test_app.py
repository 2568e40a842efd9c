"""`DingTalkApp`: settings, which app a call goes through, and the objects that it loads."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import logging
import pickle
import threading
import warnings
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from typing import Annotated, Any, ClassVar

import pytest
from helpers import awaited, items
from pydantic import ValidationError

from dingtalk_models import (
    BEIJING,
    Call,
    ConfigurationError,
    Department,
    DingTalkApp,
    InvalidArgument,
    Model,
    NotFound,
    Retry,
    Role,
    RoleGroup,
    Secret,
    User,
    api,
)
from dingtalk_models.call.exchange import prepare
from dingtalk_models.call.loaded import bind
from dingtalk_models.core import context
from dingtalk_models.core.wire import Millis, wire
from dingtalk_models.sandbox import Credentials, Sandbox

GET = "/topapi/v2/department/get"
UPDATE = "/topapi/v2/user/update"


@pytest.fixture
def app(sandbox: Sandbox) -> Generator[DingTalkApp]:
    app = sandbox.app()
    yield app
    app.close()


# -- settings ------------------------------------------------------------------------------------------------------


def test_settings_are_kept() -> None:
    app = DingTalkApp(
        name="acme", corp_id="ding1", agent_id=17, appkey="k", appsecret="s", aes_key="a" * 43, token="123",
        callback_url="https://acme.example/cb", domain="acme.example", noncestr="n", oapi_url="https://o.example/",
        api_url="https://a.example/", timeout=3,
    )  # fmt: skip
    assert (app.agent_id, app.timeout, app.oapi_url, app.api_url) == (
        17,
        (3, 3),
        "https://o.example",
        "https://a.example",
    )
    assert (app.aes_key, app.token, app.callback_url, app.domain) == (
        Secret("a" * 43), Secret("123"), "https://acme.example/cb", "acme.example",
    )  # fmt: skip
    assert app.session.name == "memory://"
    assert DingTalkApp(retry=None).retry.attempts == 1
    assert DingTalkApp(timeout=(1, 2)).timeout == (1, 2)
    assert DingTalkApp(retry=Retry(attempts=9)).retry.attempts == 9


def test_half_a_credential_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="belong together"):
        DingTalkApp(appkey="k")
    with pytest.raises(ConfigurationError, match="belong together"):
        DingTalkApp(appsecret="s")


@pytest.mark.parametrize(("given", "kept"), [(17, 17), ("17", 17), (None, None), ("", None)])
def test_an_agent_id_is_a_number(given: int | str | None, kept: int | None) -> None:
    assert DingTalkApp(agent_id=given).agent_id == kept


def test_an_agent_id_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"agent_id is not a number: copy .* / agent_id 不是数字"):
        DingTalkApp(agent_id="dingkey1")


def test_repr_shows_no_secret() -> None:
    app = DingTalkApp(
        name="acme", corp_id="ding1", appkey="k1", agent_id=7,
        appsecret="S3CRET1", corp_secret="S3CRET2", aes_key="S3CRET3" + "x" * 36, token="S3CRET4",
    )  # fmt: skip
    assert repr(app) == "DingTalkApp(name='acme', corp_id='ding1', appkey='k1', agent_id=7)"
    shown = [repr(each) for each in (app.auth, app.contact, app.run, app.session, app.access_token_credential)]
    assert "S3CRET" not in "".join(shown)


def test_from_env() -> None:
    environ = {
        "PATH": "/bin",
        "DINGTALK_NAME": "acme",
        "DINGTALK_APPKEY": "k",
        "DINGTALK_APPSECRET": "s",
        "DINGTALK_AGENT_ID": "17",
        "DINGTALK_CORP_ID": "",
        "DINGTALK_TIMEOUT": "2.5",
        "DINGTALK_OAPI_URL": "http://localhost:1",
        "DINGTALK_SESSION_MANAGER": "memory://",
    }
    app = DingTalkApp.from_env(environ)
    assert (app.name, app.appkey, app.appsecret, app.agent_id, app.corp_id) == ("acme", "k", Secret("s"), 17, None)
    assert (app.timeout, app.oapi_url, app.session.name) == ((2.5, 2.5), "http://localhost:1", "memory://")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "no DINGTALK_… variable is set"),
        ({"DINGTALK_WEBHOOK": "k", "DINGTALK_APPKEY": ""}, "no DINGTALK_… variable is set"),
        ({"DINGTALK_APPKEY": "k", "DINGTALK_CLIENT_ID": "l"}, "DINGTALK_CLIENT_ID and DINGTALK_APPKEY differ"),
        ({"DINGTALK_TIMEOUT": "soon"}, "DINGTALK_TIMEOUT is not a number"),
        ({"DINGTALK_APPKEY": "k"}, "belong together"),
        ({"DINGTALK_SESSION_MANAGER": "t0psecret"}, "session_manager may be a URL"),
    ],
)
def test_from_env_refuses(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        DingTalkApp.from_env(environ)
    assert "t0psecret" not in str(caught.value)


def test_the_console_s_names_of_key_and_secret() -> None:
    environ = {"DINGTALK_CLIENT_ID": "k", "DINGTALK_CLIENT_SECRET": "s", "DINGTALK_APPKEY": "k"}
    app = DingTalkApp.from_env(environ)
    assert (app.appkey, app.appsecret) == ("k", Secret("s"))


@pytest.mark.parametrize(
    "foreign", ["WEBHOOK", "WEBHOOK_URL", "ROBOT_TOKEN", "ACCESS_TOKEN", "APP_NAME", "SECRET", "X"]
)
def test_variables_of_other_programs_are_left_alone(foreign: str) -> None:
    app = DingTalkApp.from_env({"DINGTALK_APPKEY": "k", "DINGTALK_APPSECRET": "s", f"DINGTALK_{foreign}": "other"})
    assert (app.appkey, app.appsecret, app.token, app.name) == ("k", Secret("s"), None, "dingtalk")


@pytest.mark.parametrize(
    ("near", "right"),
    [("APP_KEY", "APPKEY"), ("APPKY", "APPKEY"), ("AGENTID", "AGENT_ID"), ("CORPSECRET", "CORP_SECRET"),
     ("CLIENTID", "CLIENT_ID"), ("ENCODING_AES_KEY", ""), ("SESSION_MANGER", "SESSION_MANAGER")],
)  # fmt: skip
def test_a_near_miss_is_told(near: str, right: str) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        DingTalkApp.from_env({"DINGTALK_NAME": "acme", f"DINGTALK_{near}": "s3cret"})
    texts = [str(each.message) for each in told]
    assert texts == (
        [f"DINGTALK_{near} is not read: did you mean DINGTALK_{right}? / 未读取：是否应为 DINGTALK_{right}？"]
        if right
        else []
    )
    assert [each.filename for each in told] == [__file__] * len(told)


def test_from_env_reads_the_environment(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    for name in ("appkey", "appsecret"):
        monkeypatch.setenv(f"DINGTALK_{name.upper()}", getattr(sandbox, name))
    for name in ("OAPI_URL", "API_URL"):
        monkeypatch.setenv(f"DINGTALK_{name}", sandbox.url)
    app = DingTalkApp.from_env()
    assert Department.objects.using(app).get(1).dept_id == 1
    app.close()


# -- credentials ---------------------------------------------------------------------------------------------------


def test_a_token_and_a_ticket_are_issued_by_hand(sandbox: Sandbox, app: DingTalkApp) -> None:
    token = app.auth.issue_access_token(sandbox.appkey, sandbox.appsecret)
    assert sandbox.company.credentials.accepts(token.value.get_secret_value())
    ticket = app.auth.issue_jsapi_ticket()
    assert (token.lifetime, ticket.lifetime) == (7200, 7200)
    assert Secret(app.jsapi_ticket) == ticket.value


# -- which app -----------------------------------------------------------------------------------------------------


def test_without_an_app_nothing_is_guessed(app: DingTalkApp) -> None:
    for use in (lambda: Department.get(1), lambda: list(Department.objects.list()), Department(dept_id=1).refresh):
        with pytest.raises(ConfigurationError, match=r"app\.use\(\)"):
            use()
    with pytest.raises(ConfigurationError):
        asyncio.run(Department.get.aio(1))
    with app:
        pass
    with pytest.raises(ConfigurationError):
        Department.get(1)


def two_companies() -> tuple[Sandbox, Sandbox]:
    """Each with its own credentials, so that a token of one is refused by the other."""
    other = Credentials(corp_id="ding2", corp_secret="cs2", appkey="ding2key", appsecret="secret2", agent_id="2")
    first, second = Sandbox().start(), Sandbox(org="empty", credentials=other).start()
    second.company.departments[1].name = "另一家公司"
    return first, second


@pytest.fixture
def companies() -> Generator[tuple[DingTalkApp, DingTalkApp]]:
    sandboxes = two_companies()
    apps = (sandboxes[0].app(name="first"), sandboxes[1].app(name="second"))
    yield apps
    for each in (*apps, *sandboxes):
        each.close() if isinstance(each, DingTalkApp) else each.stop()
    for sandbox in sandboxes:
        assert {call.code for call in sandbox.calls} <= {0, 60003}


FIRST, SECOND = "钉峰科技有限公司", "另一家公司"


def test_a_default_that_changes_after_a_block_is_seen(companies: tuple[DingTalkApp, DingTalkApp]) -> None:
    first, second = companies
    first.use()
    with second:
        assert context.current_app() is second
    assert context.current_app() is first
    second.use()
    assert context.current_app() is second


def test_the_innermost_app_goes_before_the_default(companies: tuple[DingTalkApp, DingTalkApp]) -> None:
    first, second = companies
    assert first.use() is first
    assert Department.get(1).name == FIRST
    with second as entered:
        assert entered is second
        assert Department.get(1).name == SECOND
        with first:
            assert Department.get(1).name == FIRST
            assert Department.objects.using(second).get(1).name == SECOND
            assert second.contact.departments.get(1).name == SECOND
        assert Department.get(1).name == SECOND
    assert Department.get(1).name == FIRST


def test_an_error_leaves_the_app_behind(companies: tuple[DingTalkApp, DingTalkApp]) -> None:
    first, second = companies
    first.use()
    with pytest.raises(NotFound), second:
        Department.get(404)
    assert Department.get(1).name == FIRST


def test_two_companies_never_mix_in_threads(companies: tuple[DingTalkApp, DingTalkApp]) -> None:
    barrier = threading.Barrier(8)

    def work(app: DingTalkApp) -> set[str]:
        with app:
            barrier.wait()
            return {Department.get(1).name for _ in range(20)}

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, companies * 4))
    assert found == [{FIRST}, {SECOND}] * 4


def test_a_thread_of_one_s_own_gets_the_app_with_the_context(companies: tuple[DingTalkApp, DingTalkApp]) -> None:
    with ThreadPoolExecutor(2) as pool:
        for app, name in zip(companies, (FIRST, SECOND), strict=True):
            with app:
                assert pool.submit(copy_context().run, Department.get, 1).result().name == name
                with pytest.raises(ConfigurationError, match=r"contextvars\.copy_context\(\)\.run"):
                    pool.submit(Department.get, 1).result()


def test_an_app_is_the_default_of_every_thread_for_a_block(companies: tuple[DingTalkApp, DingTalkApp]) -> None:
    first, second = companies
    with ThreadPoolExecutor(1) as pool:

        def name() -> str:
            return pool.submit(Department.get, 1).result().name

        first.use()
        with second.as_default() as chosen:
            assert chosen is second
            assert (name(), Department.get(1).name) == (SECOND, SECOND)
            with first:
                assert (name(), Department.get(1).name) == (SECOND, FIRST)
        assert name() == FIRST
        context.use(None)
        with first.as_default(), second.as_default():
            assert name() == SECOND
        with pytest.raises(ConfigurationError, match="no app is chosen"):
            name()


def test_two_companies_never_mix_in_tasks(companies: tuple[DingTalkApp, DingTalkApp]) -> None:
    async def work(app: DingTalkApp) -> set[str]:
        with app:
            names = set[str]()
            for _ in range(10):
                names.add((await Department.get.aio(1)).name)
            return names

    async def scenario() -> list[set[str]]:
        found = await asyncio.gather(*map(work, companies * 4))
        for app in companies:
            await app.aclose()
        return found

    assert asyncio.run(scenario()) == [{FIRST}, {SECOND}] * 4


def test_a_list_keeps_the_app_that_it_was_asked_of(companies: tuple[DingTalkApp, DingTalkApp]) -> None:
    first, second = companies
    with second:
        listed = Department.objects.list()
        of_object = Department.objects.create("一部").children()
    with first:
        assert [each.name for each in listed] == ["一部"]
        assert list(of_object) == []
        assert [each.name for each in awaited(second, lambda: items(Department.objects.using(second).list()))] == [
            "一部"
        ]


# -- one definition, four uses ---------------------------------------------------------------------------------------


def test_one_definition_four_uses(sandbox: Sandbox, app: DingTalkApp) -> None:
    unsent = Department.objects.get.call(1)
    assert sandbox.calls == []
    with app:
        one = Department.objects.get(1)
        assert app.run("dingtalk.oapi.v2.department.get", dept_id=1) == one == app.send(unsent)
    assert awaited(app, lambda: Department.objects.get.aio(1)) == one
    assert unsent.request.body == {"dept_id": 1, "language": "zh_CN"}
    assert repr(unsent) == "<Call POST /topapi/v2/department/get -> Department: {'dept_id': 1, 'language': 'zh_CN'}>"
    assert repr(unsent.request) == f"<Request POST {GET} body={{'dept_id': 1, 'language': 'zh_CN'}}>"
    assert len(sandbox.received(GET)) == 4


def test_modules_are_bound_to_their_app(app: DingTalkApp) -> None:
    for module in ("contact", "customer", "message", "file", "smartwork"):
        group = getattr(app, module)
        assert group.app is app
        assert group is getattr(app, module)
    assert app.contact.users.app is app.contact.roles.app is app.contact.role_groups.app is app


def test_an_operation_looks_like_its_method() -> None:
    assert list(inspect.signature(Department.objects.get).parameters) == ["dept_id", "language"]
    assert (Department.objects.get.__doc__ or "").startswith("Get a department (获取部门详情).")
    assert Department.objects.get.__name__ == "get"
    assert inspect.isroutine(Department.objects.get)


# -- objects -------------------------------------------------------------------------------------------------------


def test_objects_remember_their_app(companies: tuple[DingTalkApp, DingTalkApp]) -> None:
    first, second = companies
    department = first.contact.departments.get(110)
    assert department.app is first
    with second:
        assert department.refresh() is department
        assert [user.app for user in department.users()] == [first] * 4
        assert department.parent() == first.contact.departments.get(100)
        assert (role := next(iter(first.contact.roles.list()))).app is first
        assert all(user.app is first for user in role.users())
    groups = first.contact.role_groups.list().all()
    assert {role.app for group in groups for role in group.roles} == {first}
    assert first.contact.role_groups.get(910).roles[0].app is first


def test_objects_in_objects_are_bound_too(app: DingTalkApp) -> None:
    group = RoleGroup(group_id=1, roles=[Role(role_id=1)])
    bind([group], app, lambda: [group])
    assert group.roles[0].app is app
    assert group.using(None).app is None


def test_copies_forget_their_app_and_compare_by_value(app: DingTalkApp) -> None:
    user = app.contact.users.get("sunjing")
    user.title = "首席架构师"
    for twin in (
        pickle.loads(pickle.dumps(user)),
        copy.copy(user),
        copy.deepcopy(user),
        user.model_copy(),
        User.model_validate_json(user.model_dump_json(by_alias=True)),
    ):
        assert twin == user
        assert (twin.app, twin.assigned) == (None, frozenset())
    assert user != app.contact.users.get("sunjing")
    dumped = json.loads(user.model_dump_json())
    assert dumped["title"] == "首席架构师"
    assert "app" not in dumped
    assert "hired_date" in dumped
    assert type(dumped["hired_date"]) is int
    assert repr(user).startswith("User(userid='sunjing'")
    assert "None" not in repr(Department(dept_id=1))


def test_a_list_that_a_reply_does_not_bring_is_ones_own() -> None:
    first, second = (User.model_validate_json('{"userid": "zhaolei"}') for _ in range(2))
    assert first == second == User(userid="zhaolei")
    lists = [name for name, value in vars(first).items() if value == []]
    assert "dept_id_list" in lists
    assert all(vars(first)[name] is not vars(second)[name] for name in lists)
    for twin in (
        pickle.loads(pickle.dumps(first)),
        copy.deepcopy(first),
        first.model_copy(deep=True),
        User.model_validate(first.model_dump()),
        User.model_construct(userid="zhaolei"),
    ):
        assert twin == second
        twin.dept_id_list.append(1)
        assert (first.dept_id_list, second.dept_id_list) == ([], [])
    assert "dept_id_list" not in first.model_fields_set
    with pytest.raises(AttributeError, match="dept_id_list"):
        _ = User.dept_id_list


def test_save_sends_only_what_was_assigned(sandbox: Sandbox, app: DingTalkApp) -> None:
    user = app.contact.users.get("heli")
    assert user.save() is user
    assert sandbox.received(UPDATE) == []
    user.title = "测试主管"
    user.hired_date = datetime(2021, 3, 4, tzinfo=BEIJING)
    assert user.assigned == {"title", "hired_date"}
    user.save()
    (call,) = sandbox.received(UPDATE)
    assert isinstance(call.body, dict)
    assert call.body == {"userid": "heli", "title": "测试主管", "hired_date": 1614787200000}
    assert user.assigned == frozenset()
    user.save()
    assert len(sandbox.received(UPDATE)) == 1
    assert app.contact.users.get("heli") == user


def test_a_refused_save_can_be_repeated(sandbox: Sandbox, app: DingTalkApp) -> None:
    user = app.contact.users.get("heli")
    user.title = "测试主管"
    sandbox.fail(UPDATE, errcode=60121)
    with pytest.raises(NotFound):
        user.save()
    assert user.assigned == {"title"}
    user.save()
    assert sandbox.company.users["heli"].title == "测试主管"


def test_update_holds_the_fields_and_leaves_others_pending(sandbox: Sandbox, app: DingTalkApp) -> None:
    user = app.contact.users.get("heli")
    user.work_place = "杭州"
    assert user.update(title="测试主管", remark="新") is user
    assert (user.title, user.remark, user.assigned) == ("测试主管", "新", frozenset({"work_place"}))
    call = sandbox.received(UPDATE)[-1]
    assert isinstance(call.body, dict)
    assert "work_place" not in call.body

    async def work() -> None:
        await user.update.aio(title="测试经理")
        await user.save.aio()

    awaited(app, work)
    assert (sandbox.company.users["heli"].title, sandbox.company.users["heli"].work_place) == ("测试经理", "杭州")
    assert user.assigned == frozenset()


def test_refresh_loads_every_field_anew(sandbox: Sandbox, app: DingTalkApp) -> None:
    department = app.contact.departments.get(110)
    sandbox.company.departments[110].name = "平台部"
    department.order = 5
    department.refresh()
    assert (department.name, department.assigned) == ("平台部", frozenset())
    assert department == app.contact.departments.get(110)
    assert department.app is app


def test_assignments_are_checked(sandbox: Sandbox, app: DingTalkApp) -> None:
    user = app.contact.users.get("heli")
    before = user.model_dump()
    wrong: list[tuple[str, Any, str]] = [
        ("title", "x" * 201, "title: String should have at most 200 characters"),
        ("titel", "x", "titel: unknown; did you mean 'title'?"),
        ("xyz", 1, "xyz: unknown"),
        ("hired_date", datetime(2021, 3, 4), "needs a time zone"),  # noqa: DTZ001 - the mistake that is refused
        ("hired_date", "t0psecret", "hired_date"),
        ("dept_id_list", ["one"], "dept_id_list.0: should be a valid integer"),
        ("hide_mobile", "perhaps", "hide_mobile: should be a valid boolean"),
        ("active", False, "active: cannot be changed"),
        ("userid", "heli2", "userid: cannot be changed"),
    ]
    for field, value, message in wrong:
        with pytest.raises(InvalidArgument) as caught:
            setattr(user, field, value)
        assert message in str(caught.value)
        assert "t0psecret" not in str(caught.value)
    assert user.model_dump() == before
    assert user.assigned == frozenset()


class Widget(Model):
    """A resource without an update of its own."""

    objects: ClassVar[WidgetManager]

    widget_id: Annotated[int, wire("widgetId")]
    moment: Millis | None = None


class WidgetManager:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.widget.get", "GET /v1.0/widgets/{widget_id}")
    def get(self, widget_id: int) -> Call[Widget]:
        """One."""
        return Call(Widget, widget_id=widget_id)


def test_a_resource_without_update(app: DingTalkApp) -> None:
    widget = Widget(widget_id=1)
    widget.widget_id = 2
    assert widget.changes() == {"widget_id": 2}
    with pytest.raises(InvalidArgument, match="Widget: widget_id"):
        widget.widget_id = "x"  # type: ignore[assignment]
    with pytest.raises(ValidationError):
        Widget(widget_id="x")  # type: ignore[arg-type]
    assert WidgetManager().get.call(7).request.path == "/v1.0/widgets/7"
    with app, pytest.raises(NotFound):  # which the sandbox does not know
        WidgetManager().get(7)


def test_ids_are_quoted_into_paths() -> None:
    class Things:
        app: DingTalkApp | None = None

        @api("test.path.get", "DELETE /v1.0/a/{one}/b/{two}")
        def get(self, one: str, two: int, *, force: bool = False, note: str | None = None) -> Call[None]:
            """One."""
            return Call(None, one=one, two=two, force=force, note=note)

        @api("test.path.put", "PUT /v1.0/a/{one}?unionId")
        def put(self, one: str, union_id: Annotated[str, wire("unionId")], *, name: str) -> Call[None]:
            """One."""
            return Call(None, one=one, union_id=union_id, name=name)

    request = prepare(Things().get.call("x/../y?z#é", 2), "https://o.example", "https://a.example", Secret("t"))
    assert (request.method, request.content) == ("DELETE", None)
    assert request.url == "https://a.example/v1.0/a/x%2F..%2Fy%3Fz%23%C3%A9/b/2?force=false"
    assert request.headers["x-acs-dingtalk-access-token"] == "t"
    put = prepare(Things().put.call("x", "u 1", name="名"), "https://o.example", "https://a.example", None)
    assert put.url == "https://a.example/v1.0/a/x?unionId=u+1"
    assert put.content == '{"name":"名"}'.encode()
    assert "x-acs-dingtalk-access-token" not in put.headers


def test_an_answer_can_be_passed_on(app: DingTalkApp) -> None:
    call = Department.objects.get.call(1).then(lambda one: one.name).then(len)
    assert app.send(call) == len(FIRST)
    assert awaited(app, lambda: app.asend(call)) == len(FIRST)


def test_logging_is_off_by_default(app: DingTalkApp, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "dingtalk_models"):
        app.contact.departments.get(1)
    assert [each for each in caplog.records if each.name == "dingtalk_models"] == []
