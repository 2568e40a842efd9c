"""`app.request`: any endpoint, with token, retries, limits, errors and masking as for every other call."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from helpers import awaited, english, problems
from pydantic import BaseModel, Field, SecretStr

from dingtalk_models import (
    ApiError,
    AuthenticationError,
    Call,
    ConfigurationError,
    Department,
    DingTalkApp,
    HttpRequest,
    HttpResponse,
    InvalidArgument,
    Manager,
    NotFound,
    RateLimit,
    Retry,
    Secret,
    TransportError,
    Upload,
    User,
    api,
)
from dingtalk_models.core.secret import Hiding
from dingtalk_models.sandbox import Sandbox

GET = "/topapi/v2/department/get"
LIST_IDS = "/topapi/v2/department/listsubid"


class Recorder:
    """A platform that accepts everything, and remembers what it got."""

    def __init__(self) -> None:
        self.sent: list[HttpRequest] = []
        self.reply = HttpResponse(200, {}, b'{"ok":true}')

    def send(self, request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/v1.0/oauth2/accessToken"):
            return HttpResponse(200, {}, b'{"accessToken":"app-token","expireIn":7200}')
        self.sent.append(request)
        return self.reply

    def close(self) -> None: ...


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def plain(recorder: Recorder) -> Generator[DingTalkApp]:
    """An app of the recorder."""
    with DingTalkApp(appkey="k", appsecret="s", transport=recorder, rate_limit=None, retry=None) as app:
        yield app


def test_its_uses(app: DingTalkApp) -> None:
    unsent = app.request.call("POST", GET, body={"dept_id": 1}, into=Department, at="result")
    one = app.request("POST", GET, body={"dept_id": 1}, into=Department, at="result")
    again = awaited(app, lambda: app.request.aio("POST", GET, body={"dept_id": 1}, into=Department, at="result"))
    assert one == again == app.send(unsent) == Department.objects.get(1)
    assert one.app is app
    missing = app.request.call("POST", GET, body={"dept_id": 404})
    found, error = app.gather(unsent, missing)
    assert found == one
    assert isinstance(error, NotFound)


def test_the_whole_reply_is_a_dict_unless_said_otherwise(app: DingTalkApp) -> None:
    reply = app.request("POST", LIST_IDS, body={"dept_id": 1})
    assert reply["errcode"] == 0
    assert reply["result"] == {"dept_id_list": [100, 200, 300, 400, 500]}
    assert app.request("POST", LIST_IDS, body={"dept_id": 1}, at="result") == reply["result"]
    assert app.request("POST", LIST_IDS, body={"dept_id": 1}, into=None) is None


@dataclass
class Ids:
    dept_id_list: list[int]


@pytest.mark.parametrize(
    ("into", "at", "result"),
    [
        (Ids, "result", Ids([100, 200, 300, 400, 500])),
        (list[int], "result.dept_id_list", [100, 200, 300, 400, 500]),
        (Annotated[list[str | int], Field(min_length=1)], "result.dept_id_list", [100, 200, 300, 400, 500]),
        (dict[str, list[float]], "result", {"dept_id_list": [100.0, 200.0, 300.0, 400.0, 500.0]}),
        (int | None, "errcode", 0),
    ],
)
def test_a_reply_is_read_into_any_type(app: DingTalkApp, into: Any, at: str, result: object) -> None:
    assert app.request("POST", LIST_IDS, body={"dept_id": 1}, into=into, at=at) == result


@pytest.mark.parametrize("content", [b"", b" \n"])
def test_an_empty_reply_of_the_newer_host_is_an_empty_dict(
    plain: DingTalkApp, recorder: Recorder, content: bytes
) -> None:
    recorder.reply = HttpResponse(200, {}, content)
    assert plain.request("DELETE", "/v1.0/acme/things/{id}", path={"id": 1}) == {}
    with pytest.raises(TransportError):
        plain.request("POST", "/topapi/acme/things")


def test_what_is_sent(plain: DingTalkApp, recorder: Recorder) -> None:
    class Thing(BaseModel):
        name: str = Field(alias="thingName")
        size: int | None = None

    plain.request(
        "PUT",
        "/v1.0/acme/{kind}/{id}:copy",
        path={"kind": "a.b/../c?", "id": 7},
        query={"flag": True, "ids": [1, 2], "word": "钉", "none": None},
        headers={"X-Trace": "t"},
        body={"thing": Thing(thingName="n"), "at": datetime(2026, 1, 1, tzinfo=UTC), "none": None, 5: (1, 2)},
    )
    (sent,) = recorder.sent
    assert sent.url == (
        "https://api.dingtalk.com/v1.0/acme/a.b%2F..%2Fc%3F/7:copy?flag=true&ids=%5B1%2C2%5D&word=%E9%92%89"
    )
    assert sent.headers["X-Trace"] == "t"
    assert sent.headers["x-acs-dingtalk-access-token"] == "app-token"
    assert isinstance(sent.content, bytes)
    body = {"thing": {"thingName": "n"}, "at": "2026-01-01T00:00:00Z", "none": None, "5": [1, 2]}
    assert json.loads(sent.content) == body


@pytest.mark.parametrize("body", [[1, {"a": "b"}], 5, True, "text", []])
def test_a_body_may_be_any_json(plain: DingTalkApp, recorder: Recorder, body: object) -> None:
    plain.request("POST", "/v1.0/acme/things", body=body)
    content = recorder.sent[0].content
    assert isinstance(content, bytes)
    assert json.loads(content) == body


def test_dots_as_ids_are_escaped(plain: DingTalkApp) -> None:
    for name, path in (("..", "%2E%2E"), (".", "%2E"), ("a b", "a%20b")):
        assert plain.request.call("GET", "/v1.0/{id}/x", path={"id": name}).request.path == f"/v1.0/{path}/x"
    assert plain.request.call("GET", "/v1.0/u-1=/x%2Fy").request.path == "/v1.0/u-1=/x%2Fy"


def test_a_file_makes_a_form(app: DingTalkApp) -> None:
    reply = app.request("POST", "/media/upload", body={"type": "file", "media": Upload(b"content", "a.pdf")})
    assert reply["media_id"]


@pytest.mark.parametrize(
    ("verb", "path", "given", "wrong"),
    [
        ("POTS", "/v1.0/x", {}, {"verb": "should be one of GET, POST, PUT, PATCH, DELETE, in capitals"}),
        ("get", "v1.0/x", {}, {"verb": "should be one of GET, POST, PUT, PATCH, DELETE, in capitals",
                               "path": "should start with a slash"}),
        ("GET", "https://api.dingtalk.com/v1.0/x", {}, {"path": "leave the host out: '/v1.0/…'"}),
        ("GET", "//evil.example/v1.0/x", {}, {"path": "leave the host out: '/v1.0/…'"}),
        ("GET", "/v1.0/x?a=b", {}, {"path": "give what follows the question mark in query={…}"}),
        ("GET", "/v1.0//x", {}, {"path": "a part of it is empty, '.' or '..'"}),
        ("GET", "/v1.0/x/", {}, {"path": "a part of it is empty, '.' or '..'"}),
        ("GET", "/v1.0/../x", {}, {"path": "a part of it is empty, '.' or '..'"}),
        ("GET", "/v1.0/a b", {}, {"path": "has characters that a path cannot have: write '{id}' there and give "
                                          "path={'id': …}"}),
        ("GET", "/v1.0/{id}", {}, {"path.id": "required"}),
        ("GET", "/v1.0/{unionId}", {"path": {"unionid": "x"}},
         {"path.unionId": "required", "path.unionid": "unknown; did you mean 'unionId'?"}),
        ("GET", "/v1.0/{id}", {"path": {"id": ""}}, {"path.id": "may not be empty"}),
        ("GET", "/v1.0/{id}", {"path": {"id": None}}, {"path.id": "should be text or a number"}),
        ("GET", "/v1.0/x", {"body": {}}, {"body": "a GET has no body: give it in query={…}"}),
        ("POST", "/v1.0/x", {"body": '{"a": 1}'}, {"body": "JSON text: give the dict itself"}),
        ("POST", "/v1.0/x", {"body": {"a": [object()], "b": float("nan"), "c": b"x"}},
         {"body.a.0": "object cannot be sent as JSON", "body.b": "should be a finite number",
          "body.c": "bytes cannot be sent as JSON"}),
        ("POST", "/v1.0/x", {"query": {"a": "\ud83d"}}, {"query.a": "not valid Unicode"}),
        ("POST", "/v1.0/x", {"token": ""}, {"token": "empty"}),
        ("POST", "/v1.0/x", {"headers": {"X-Acs-Dingtalk-Access-Token": "t", "Host": "h", "a b": "x", "x": "\r\n",
                                         "y": 1}},
         {"headers.X-Acs-Dingtalk-Access-Token": "give it as token=…", "headers.Host": "set by this package",
          "headers.a b": "not the name of a header", "headers.x": "has characters that a header cannot have",
          "headers.y": "should be text"}),
    ],
)  # fmt: skip
def test_mistakes_are_told_all_at_once_and_nothing_is_sent(
    plain: DingTalkApp, verb: Any, path: str, given: dict[str, Any], wrong: dict[str, str]
) -> None:
    assert problems(plain.request, verb, path, **given) == wrong
    with pytest.raises(InvalidArgument):
        plain.request.call(verb, path, **given)
    use: Callable[..., Any] = plain.request.aio
    with pytest.raises(InvalidArgument):
        asyncio.run(use(verb, path, **given))
    assert vars(plain.transport)["sent"] == []


class Unknown: ...


@pytest.mark.parametrize("into", [Unknown, "NotDefined", list[Unknown]])
@pytest.mark.parametrize("at", ["", "result"])
def test_a_type_that_cannot_be_read_is_told_before_anything_is_sent(
    plain: DingTalkApp, recorder: Recorder, into: Any, at: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plain.request("GET", "/v1.0/x", into=into, at=at)
    assert "not a type that pydantic can read" in english(str(caught.value))
    assert recorder.sent == []


# Tokens


def test_a_users_token_takes_the_place_of_the_apps(plain: DingTalkApp, recorder: Recorder) -> None:
    plain.request("GET", "/v1.0/contact/users/me", token="user-token")
    recorder.reply = HttpResponse(200, {}, b'{"errcode":0,"result":{"userid":"u1","name":"n"}}')
    plain.request("POST", "/topapi/acme/x", body={}, token=SecretStr("user-token"))
    unsent = User.get.call("u1")
    unsent.token = "user-token"
    plain.send(unsent)
    plain.send(unsent.then(lambda user: user.userid))
    newer, older, *others = recorder.sent
    assert newer.headers["x-acs-dingtalk-access-token"] == "user-token"
    assert "access_token=user-token" in older.url
    assert all("access_token=user-token" in other.url for other in others)


def test_the_pages_of_a_list_carry_it_too(plain: DingTalkApp, recorder: Recorder) -> None:
    recorder.reply = HttpResponse(200, {}, b'{"errcode":0,"result":{"list":[],"has_more":false}}')
    listed: Any = User.objects.using(plain).list.call(1)
    listed.token = "user-token"
    assert listed.all() == []
    assert "access_token=user-token" in recorder.sent[0].url


@pytest.mark.usefixtures("names")
def test_an_operation_takes_a_users_token(plain: DingTalkApp, recorder: Recorder) -> None:
    class Things(Manager):
        @api("acme.things.mine", "GET /v1.0/acme/things", token="user_token")
        def mine(self, size: int, user_token: Hiding | None = None) -> Call[dict[str, bool]]:
            """Mine."""
            return Call(dict[str, bool])

    things = Things(plain)
    assert things.mine(5, "user-token") == things.mine(5) == {"ok": True}
    mine, apps = recorder.sent
    assert (mine.url, mine.headers["x-acs-dingtalk-access-token"]) == (apps.url, "user-token")
    assert apps.headers["x-acs-dingtalk-access-token"] == "app-token"
    assert apps.url.endswith("/things?size=5")
    with pytest.raises(ConfigurationError, match="no parameter 'usertoken'"):
        api("acme.things.other", "GET /v1.0/acme/things", token="usertoken")(Things.mine.__wrapped__)


def test_an_app_without_credentials_can_send_a_users_token(recorder: Recorder) -> None:
    app = DingTalkApp(transport=recorder, rate_limit=None)
    assert app.request("GET", "/v1.0/contact/users/me", token="user-token") == {"ok": True}
    with pytest.raises(ConfigurationError):
        app.request("GET", "/v1.0/contact/users/me")


def test_a_refused_users_token_is_not_renewed(ready: DingTalkApp, sandbox: Sandbox) -> None:
    with pytest.raises(AuthenticationError):
        ready.request("POST", GET, body={"dept_id": 1}, token="wrong")
    assert [call.path for call in sandbox.calls] == [GET]


def test_secrets_are_never_shown(plain: DingTalkApp, recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    recorder.reply = HttpResponse(400, {}, b'{"code":"bad","message":"no"}')
    given: dict[str, Any] = {
        "body": {"deep": [{"appSecret": "s3cret-1", "own": Secret("s3cret-2")}]},
        "query": {"access_token": "s3cret-3"},
        "headers": {"Authorization": "s3cret-4", "X": SecretStr("s3cret-5")},
        "token": "s3cret-6",
    }
    use: Callable[..., Any] = plain.request.call
    unsent = use("POST", "/v1.0/acme/things", **given)
    shown = [repr(unsent), str(unsent.request), repr(unsent.token)]
    wrong: dict[str, Any] = {**given, "path": {"x": 1}}
    for refused in (given, wrong):
        with pytest.raises((InvalidArgument, ApiError)) as caught:
            plain.request("POST", "/v1.0/acme/things", **refused)
        shown += [str(caught.value), repr(getattr(caught.value, "request", None))]
        trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        shown += [str(frame.locals) for frame in trace.stack if frame.filename != __file__]
    assert len(shown) > 10
    assert not [text for text in shown if "s3cret" in text]
    assert "s3cret" not in caplog.text
    (sent,) = recorder.sent
    assert isinstance(sent.content, bytes)
    assert json.loads(sent.content) == {"deep": [{"appSecret": "s3cret-1", "own": "s3cret-2"}]}
    assert (sent.headers["Authorization"], sent.headers["X"]) == ("s3cret-4", "s3cret-5")


# Retries and limits


@pytest.mark.parametrize(
    ("verb", "idempotent", "times"), [("GET", None, 2), ("POST", None, 1), ("POST", True, 2), ("GET", False, 1)]
)
def test_a_call_is_sent_again_only_if_that_is_safe(
    ready: DingTalkApp, sandbox: Sandbox, verb: Any, idempotent: bool | None, times: int
) -> None:
    path = "/cspace/get_custom_space" if verb == "GET" else GET
    given: dict[str, Any] = {"query": {"domain": "archive"}} if verb == "GET" else {"body": {"dept_id": 1}}
    sandbox.fail(path, drop="after")
    if times == 1:
        with pytest.raises(TransportError, match="unknown"):
            ready.request(verb, path, idempotent=idempotent, **given)
    else:
        ready.request(verb, path, idempotent=idempotent, **given)
    assert len(sandbox.received(path)) == times


def test_the_rate_limit_counts_the_api_and_not_each_id(recorder: Recorder) -> None:
    limit = RateLimit(apis={"/v1.0/acme/{id}": 1})
    app = DingTalkApp(appkey="k", appsecret="s", transport=recorder, rate_limit=limit, retry=Retry(deadline=0.05))
    calls = [app.request.call("GET", "/v1.0/acme/{id}", path={"id": number}) for number in range(3)]
    first, *rest = app.gather(calls, workers=1)
    assert first == {"ok": True}
    assert [type(each).__name__ for each in rest] == ["RateLimited"] * 2
    assert len(recorder.sent) == 1


@pytest.mark.parametrize(
    ("path", "documented"),
    [
        ("/v1.0/todo/users/u1/tasks/t-1", "/v1.0/todo/users/{unionId}/tasks/{taskId}"),
        ("/v1.0/todo/users/u1/tasks/t1/x/y", None),
        ("/v1.0/acme/7", None),
        ("/v1.0/contact/users/u1", "/v1.0/contact/users/{unionId}"),
    ],
)
def test_a_documented_path_is_known_by_its_ids(plain: DingTalkApp, path: str, documented: str | None) -> None:
    verb: Literal["GET", "PUT"] = "GET" if "contact" in path else "PUT"
    call = plain.request.call(verb, path)
    assert call.request.path == path
    assert call.endpoint.path == (documented or path)
    filled = plain.request.call(verb, path[:-2] + "{last}", path={"last": path[-2:]})
    assert filled.endpoint.path == (documented or path[:-2] + "{last}")
