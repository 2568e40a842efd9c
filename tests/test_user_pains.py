"""Problems that users of other clients often report: a test for each, named after it."""

from __future__ import annotations

import asyncio
import json
import time
import tomllib
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from waiting import turns_during

from dingtalk_models import (
    Department,
    DingTalkApp,
    DingTalkError,
    NotFound,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    Retry,
    TransportError,
    User,
)
from dingtalk_models.core.steps import Steps
from dingtalk_models.sandbox import Behaviour, Sandbox

TOKEN = "/v1.0/oauth2/accessToken"
GET = "/topapi/v2/department/get"
CREATE = "/topapi/v2/department/create"
FAST = Retry(first_wait=0.01, longest_wait=0.02)


@pytest.fixture
def app(sandbox: Sandbox) -> Generator[DingTalkApp]:
    with sandbox.app(retry=FAST) as app:
        yield app
        app.close()


def test_a_dropped_token_is_recovered(sandbox: Sandbox, app: DingTalkApp) -> None:
    """topapi says 88 with a sub code of 40014; whoever looks for an errcode of 40014 fails until a restart."""
    Department.objects.get(1)
    for _ in range(3):
        sandbox.revoke_tokens()
        assert Department.objects.get(1).dept_id == 1
    sandbox.fail(GET, errcode=40014)  # and where it comes plainly
    assert Department.objects.get(1).dept_id == 1
    assert [call.code for call in sandbox.received(GET)] == [0, 40014, 0, 40014, 0, 40014, 0, 40014, 0]


def test_refresh_races(sandbox: Sandbox, app: DingTalkApp) -> None:
    """64 threads at a cold start fetched 64 tokens. Processes are raced in test_fleet.py."""
    departments = Department.objects.using(app)
    with ThreadPoolExecutor(64) as pool:
        found = [each.result() for each in [pool.submit(departments.get, 1) for _ in range(64)]]
    assert {each.dept_id for each in found} == {1}
    assert len(sandbox.received(TOKEN)) == 1


def test_throttling_loses_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 of 120 calls survived a limit; here the limit is the platform's, in a time that runs ten times as fast."""
    with Sandbox(qps=20) as sandbox, sandbox.app(rate_limit=None) as app:
        start = time.time()
        monkeypatch.setattr(sandbox.clock, "now", lambda: start + (time.time() - start) * 10)
        monkeypatch.setattr(RateLimited, "retry_after", 0.1)
        departments = Department.objects.using(app)
        with ThreadPoolExecutor(64) as pool:
            found = [each.result() for each in [pool.submit(departments.get, 1) for _ in range(120)]]
        assert {each.name for each in found} == {"钉峰科技有限公司"}
        codes = [call.code for call in sandbox.received(GET)]
        assert codes.count(0) == 120
        assert codes.count(90018) > 0
        app.close()


def test_an_error_body_is_never_data(sandbox: Sandbox, app: DingTalkApp) -> None:
    app.retry = Retry(attempts=1)
    sandbox.fail("*", times=100, sub_code="90018")
    app.session.set(app.access_token_credential.key, "t", 7000)
    for use in (
        lambda: Department.objects.get(1),
        lambda: list(Department.objects.list()),
        lambda: User.objects.list_ids(1),
        User.objects.count,
        lambda: Department.objects.create("新部门"),
        lambda: Department(dept_id=1).using(app).delete(),
    ):
        with pytest.raises(RateLimited):
            use()


SILENCE: dict[str, Behaviour] = {
    "empty": {"status": 200, "body": b""},
    "null": {"status": 200, "body": "null"},
    "nothing in it": {"status": 200, "body": "{}"},
    "success without an answer": {"status": 200, "body": '{"errcode":0,"errmsg":"ok"}'},
    "html": {"status": 200, "body": "<html></html>"},
    "server error": {"status": 500},
}


@pytest.mark.parametrize("how", SILENCE.values(), ids=SILENCE)
def test_no_failure_is_silent(sandbox: Sandbox, app: DingTalkApp, how: Behaviour) -> None:
    """None, "" or an error's dictionary came back instead of an exception."""
    app.retry = Retry(attempts=1)
    for path, use in (
        (GET, lambda: Department.objects.get(1)),
        (CREATE, lambda: Department.objects.create("新部门")),
        ("/topapi/v2/user/list", lambda: list(User.objects.list(110))),
        ("/topapi/user/count", User.objects.count),
        ("/v1.0/oauth2/accessToken", app.refresh_access_token),
    ):
        sandbox.fail(path, **how)
        with pytest.raises(TransportError) as caught:
            use()
        assert caught.value.status == how.get("status")


def test_a_stalled_request_never_blocks_the_loop(sandbox: Sandbox) -> None:
    """A bot was deaf for days."""

    async def scenario() -> int:
        async with sandbox.app(timeout=0.3, retry=None) as app:
            await app.get_access_token.aio()
            sandbox.fail(GET, delay=10)
            stalled = asyncio.create_task(Department.objects.using(app).get.aio(1))
            turns = await turns_during(stalled)
            with pytest.raises(TransportError, match="no response in time"):
                await stalled
            return turns

    assert asyncio.run(scenario()) > 10


SEARCH = "/v1.0/contact/departments/search"


@pytest.mark.parametrize(
    ("path", "steps", "how"),
    [
        (GET, lambda: Department.objects.get.call(1), {"sub_code": "90020"}),
        (
            SEARCH,
            lambda: Department.objects.search.call("x").collect(),
            {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg"},
        ),
    ],
    ids=["90020", "ApiCountLimitForOrg"],
)
def test_the_quota_is_not_burned(
    sandbox: Sandbox, app: DingTalkApp, path: str, steps: Callable[[], Steps[Any]], how: Behaviour
) -> None:
    """It is no throttling: asking again cannot help."""
    fault = sandbox.fail(path, times=100, **how)
    with pytest.raises(QuotaExhausted) as caught:
        app.send(steps())
    assert fault.remaining == 99
    assert "本月 API 调用量已用完" in str(caught.value)


def test_nothing_is_sent_twice(sandbox: Sandbox) -> None:
    """A message whose answer came too late was sent again. A read is, a write is not."""
    app = sandbox.app(retry=FAST, timeout=0.15)
    with app:
        app.get_access_token()
        sandbox.fail(CREATE, delay=0.3)
        with pytest.raises(TransportError) as caught:
            Department.objects.create("新部门")
        assert caught.value.sent
        assert len(sandbox.received(CREATE)) == 1
        assert [each.name for each in sandbox.company.departments.values()].count("新部门") == 1
        sandbox.fail(GET, delay=0.3)
        assert Department.objects.get(1).dept_id == 1
        assert len(sandbox.received(GET)) == 2
        app.close()


def test_types_are_not_too_strict_for_live_data(sandbox: Sandbox, app: DingTalkApp) -> None:
    user: dict[str, Any] = {
        "userid": 12345,
        "name": None,
        "mobile": 13900000000,
        "dept_id_list": [-1, "100"],
        "dept_order_list": None,
        "hired_date": "1577808000000",
        "admin": 1,
        "role_list": "[]",
        "something_new": {"since": "yesterday"},
        "leader_in_dept": [{"dept_id": -1, "leader": "true"}],
    }
    body = json.dumps({"errcode": "0", "errmsg": "ok", "result": user, "request_id": None})
    sandbox.fail("/topapi/v2/user/get", status=200, body=body)
    read = User.objects.get("12345")
    assert (read.userid, read.mobile, read.dept_id_list) == ("12345", "13900000000", [-1, 100])
    assert (read.admin, read.role_list) == (True, [])
    assert read.hired_date is not None
    assert read.hired_date.year == 2020
    assert read.leader_in_dept[0].dept_id == -1
    assert read.model_extra == {"something_new": {"since": "yesterday"}}


def test_a_person_in_three_departments_comes_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    everyone = User.objects.all().all()
    assert [user.userid for user in everyone].count("sunjing") == 1
    assert sorted(user.userid for user in everyone) == sorted(sandbox.company.users)
    assert len(sandbox.company.users["sunjing"].departments) == 3


def test_no_page_past_the_end_is_asked_for(sandbox: Sandbox, app: DingTalkApp) -> None:
    assert len(list(User.objects.list(110, size=2))) == 4
    bodies: list[Any] = [call.body for call in sandbox.received("/topapi/v2/user/list")]
    assert [body["cursor"] for body in bodies] == [0, 2]


def test_permission_errors_say_what_is_missing_and_where_to_get_it() -> None:
    with Sandbox(scopes=[]) as sandbox, sandbox.app() as app:
        with pytest.raises(PermissionDenied) as caught:
            Department.objects.get(1)
        error = caught.value
        assert error.scopes == ("qyapi_get_department_list",)
        assert error.apply_url is not None
        assert error.apply_url.startswith("https://open-dev.dingtalk.com/appscope/apply?content=")
        assert "qyapi_get_department_list" in str(error)
        assert isinstance(error, PermissionError)
        app.close()


def test_dependencies_are_ranges() -> None:
    """An exact pin of a common library conflicts with everybody else's."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    required: list[str] = project["dependencies"] + [each for name in extras for each in extras[name]]
    for each in required:
        if not each.startswith("dingtalk-models["):
            assert ">=" in each, each
            assert not {"==", "~=", "<", "!="} & {each[at : at + 2] for at in range(len(each))}, each
            assert "<" not in each, each


def test_testable_without_a_company(sandbox: Sandbox) -> None:
    with sandbox.app() as app:
        made = Department.objects.create("测试部")
        assert Department.objects.get(made.dept_id).name == "测试部"
        made.delete()
        with pytest.raises(NotFound):
            made.refresh()
        app.close()


def test_one_connection_for_many_calls(connections: list[object]) -> None:
    """A TLS handshake each time made a directory sync take 25 s instead of 4."""
    with Sandbox() as sandbox:
        app = sandbox.app()
        for _ in range(50):
            app.contact.departments.get(1)
        with pytest.raises(DingTalkError):
            app.contact.departments.get(404)
        assert len(connections) == 1
        app.close()
