"""Errors by cause: their class, what they carry, what they look like; arguments refused before anything is sent."""

from __future__ import annotations

import ast
import asyncio
import copy
import pickle
import re
import traceback
from collections.abc import Generator, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from helpers import english, problems, unchecked
from pydantic import AwareDatetime, Field, InstanceOf, TypeAdapter, ValidationError
from typing_extensions import TypedDict, Unpack

import dingtalk_models
from dingtalk_models import (
    AlreadyExists,
    ApiError,
    AuthenticationError,
    Call,
    CallbackError,
    ConfigurationError,
    DecryptionError,
    Department,
    DingTalkApp,
    DingTalkError,
    InvalidArgument,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    PlatformBusy,
    QuotaExhausted,
    RateLimited,
    ReplayedCallback,
    RetiredMethod,
    Role,
    SessionStoreError,
    SignatureMismatch,
    TransportError,
    UnknownMethod,
    User,
    operation,
)
from dingtalk_models.call.operation import Refusal
from dingtalk_models.core.codes import HINTS, api_error, error_class
from dingtalk_models.core.errors import Problem
from dingtalk_models.core.problems import message as message_of
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sessions import open_session


@pytest.fixture
def app(sandbox: Sandbox) -> Generator[DingTalkApp]:
    with sandbox.app(retry=None) as app:
        yield app
        app.close()


# -- the tree ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "parents"),
    [
        (ConfigurationError, (DingTalkError, ValueError)),
        (UnknownMethod, (ConfigurationError, LookupError)),
        (InvalidArgument, (DingTalkError, ValueError)),
        (TransportError, (DingTalkError, OSError)),
        (SessionStoreError, (TransportError,)),
        (ApiError, (DingTalkError,)),
        (AuthenticationError, (ApiError,)),
        (PermissionDenied, (ApiError, PermissionError)),
        (NotFound, (ApiError, LookupError)),
        (AlreadyExists, (ApiError,)),
        (InvalidRequest, (ApiError, ValueError)),
        (RateLimited, (ApiError,)),
        (QuotaExhausted, (ApiError,)),
        (PlatformBusy, (ApiError,)),
        (CallbackError, (DingTalkError,)),
        (SignatureMismatch, (CallbackError,)),
        (ReplayedCallback, (CallbackError,)),
        (DecryptionError, (CallbackError,)),
    ],
)
def test_each_error_is_also_its_parents(error: type[Exception], parents: tuple[type[Exception], ...]) -> None:
    for parent in parents:
        assert issubclass(error, parent)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("-1", PlatformBusy), ("1002", PlatformBusy), ("400001", PlatformBusy), ("15", PlatformBusy),
        ("40014", AuthenticationError), ("42001", AuthenticationError), ("40000", AuthenticationError),
        ("40078", AuthenticationError), ("48003", AuthenticationError), ("invalid.client", AuthenticationError),
        ("90001", RateLimited), ("90018", RateLimited), ("90014", RateLimited), ("45009", RateLimited),
        ("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", RateLimited),
        ("Forbidden.AccessDenied.QpmLimitForSuitekeyAndOrgAndApi", RateLimited),
        ("90020", QuotaExhausted), ("Forbidden.AccessDenied.ApiCountLimitForOrg", QuotaExhausted),
        ("60011", PermissionDenied), ("60020", PermissionDenied), ("50004", PermissionDenied),
        ("Forbidden.AccessDenied.IpNotInWhiteList", PermissionDenied), ("Forbidden.Anything", PermissionDenied),
        ("60121", NotFound), ("60003", NotFound), ("22", NotFound), ("404", NotFound),
        ("invalidParameter.user.notFound", NotFound), ("something.not.exist", NotFound),
        ("60104", AlreadyExists), ("60021", AlreadyExists), ("invalidRequest.duplicateClientToken", AlreadyExists),
        ("40035", InvalidRequest), ("400002", InvalidRequest), ("43002", InvalidRequest), ("60005", InvalidRequest),
        ("invalidParameter.anything", InvalidRequest),
        ("service.timeout", PlatformBusy), ("systemBusy", PlatformBusy), ("unknownError", PlatformBusy),
        ("123456789", ApiError), ("neverHeardOf", ApiError),
    ],
)  # fmt: skip
def test_the_class_of_a_code(code: str, kind: type[ApiError]) -> None:
    assert error_class(code) is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, InvalidRequest), (401, AuthenticationError), (403, PermissionDenied), (404, NotFound), (409, AlreadyExists),
     (429, RateLimited), (500, PlatformBusy), (504, PlatformBusy), (418, ApiError)],
)  # fmt: skip
def test_an_unknown_code_is_told_by_the_status(status: int, kind: type[ApiError]) -> None:
    assert error_class("neverHeardOf", status) is kind


def test_each_hint_is_in_english_and_chinese() -> None:
    for hint in HINTS.values():
        assert english(hint).isascii() or "企业认证" in hint


SOURCE = Path(dingtalk_models.__file__).parent
RAISED = {"ConfigurationError", "Problem", "Refusal", "ValueError"}


def said(file: Path) -> Iterator[tuple[int, str]]:
    """What is given to errors as text in a file, each with its line; values in it are left out."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED and node.args:
            text = "".join(
                str(part.value)
                for part in ast.walk(node.args[-1])
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
            if re.search(r"\w", text):  # else it is made of values only
                yield node.lineno, text


def test_what_is_refused_before_it_is_sent_is_told_in_english_and_chinese() -> None:
    files = [file for file in SOURCE.rglob("*.py") if SOURCE / "sandbox" not in file.parents]
    texts = {f"{file.relative_to(SOURCE)}:{line}": text for file in files for line, text in said(file)}
    assert len(texts) > 50
    one_language = [f"{where}: {text}" for where, text in texts.items() if not re.search(r" / .*[\u4e00-\u9fff]", text)]
    assert not one_language, "add the Chinese, as “English / 中文”:\n" + "\n".join(one_language)


CHECKED = TypeAdapter[Any](
    TypedDict(  # type: ignore[operator]
        "Checked",
        {
            "text": Annotated[str, Field(min_length=2, max_length=3, pattern="^a")],
            "items": Annotated[list[int], Field(min_length=1, max_length=2)],
            "number": Annotated[int, Field(ge=1, lt=9)],
            "amount": Annotated[Decimal, Field(decimal_places=2)],
            "choice": Literal["a", "b"],
            "day": date,
            "time": AwareDatetime,
            "flag": bool,
            "exact": InstanceOf[Decimal],
            "address": UUID,
        },
    )
)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("text", "a", "String should have at least 2 characters / 至少 2 个字符"),
        ("text", "aaaa", "String should have at most 3 characters / 最多 3 个字符"),
        ("text", "bb", "String should match pattern '^a' / 须匹配 '^a'"),
        ("text", 1, "should be a valid string / 须为字符串"),
        ("items", [], "List should have at least 1 item, not 0 / 至少 1 项"),
        ("items", [1, 2, 3], "List should have at most 2 items, not 3 / 最多 2 项"),
        ("number", 0, "should be greater than or equal to 1 / 须大于或等于 1"),
        ("number", 9, "should be less than 9 / 须小于 9"),
        ("number", "x", "should be a valid integer, unable to parse string as an integer / 须为整数"),
        ("amount", "1.234", "Decimal input should have no more than 2 decimal places / 最多 2 位小数"),
        ("choice", "c", "should be 'a' or 'b' / 须为 'a' or 'b'"),
        ("day", "x", "should be a valid date or datetime, input is too short / 格式不对"),
        ("time", "2026-01-01T09:00:00", "should have timezone info / 缺少时区"),
        ("flag", "x", "should be a valid boolean, unable to interpret input / 须为布尔值"),
        ("exact", 1.5, "should be an instance of Decimal / 须为 Decimal"),
        ("address", 1, "UUID input should be a string, bytes or UUID object / 类型不对"),
    ],
)
def test_what_pydantic_finds_is_told_in_english_and_chinese(field: str, value: object, message: str) -> None:
    valid: dict[str, object] = {
        "text": "aa", "items": [1], "number": 1, "amount": "1", "choice": "a", "day": "2026-01-01",
        "time": "2026-01-01T00:00:00Z", "flag": True, "exact": Decimal(1), "address": UUID(int=0),
    }  # fmt: skip
    with pytest.raises(ValidationError) as caught:
        CHECKED.validate_python(valid | {field: value})
    assert [message_of(entry) for entry in caught.value.errors()] == [message]


def test_unknown_names_are_told_in_english_and_chinese(app: DingTalkApp) -> None:
    user = User.objects.using(app).get("zhaolei")
    with pytest.raises(InvalidArgument) as caught:
        user.titel = "x"  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    assert str(caught.value) == "User: titel: unknown; did you mean 'title'? / 无此字段，是否想写 'title'？"
    with pytest.raises(UnknownMethod, match=r" / 没有这个方法。是否想用 'dingtalk.oapi.v2.user.get'.*`app.methods`。$"):
        app.run("dingtalk.oapi.v2.user.gett", userid="zhaolei")
    with pytest.raises(RetiredMethod, match=r" / 平台已下线该接口，请改用 dingtalk.oapi.v2.user.list。$"):
        app.run("dingtalk.oapi.user.list")
    with pytest.raises(RetiredMethod, match=r" / 平台已下线该接口，没有替代接口。$"):
        app.run("dingtalk.oapi.user.batchdelete")


def test_a_wrong_setting_is_told_in_english_and_chinese() -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_session("no-url")
    assert english(str(caught.value)).endswith("; the text given is no URL")
    assert str(caught.value).endswith(" / session_manager 只接受以上几种；传入的文本不是 URL")


# -- what an error carries -----------------------------------------------------------------------------------------


def test_a_refusal_carries_everything(sandbox: Sandbox, app: DingTalkApp) -> None:
    with pytest.raises(NotFound) as caught:
        Department.objects.get(404)
    error = caught.value
    assert (error.code, error.sub_code, error.cause, error.status) == (60003, None, "60003", 200)
    assert error.message == "部门不存在"
    assert error.request_id
    assert error.request is not None
    assert error.request.body == {"dept_id": 404, "language": "zh_CN"}
    text = f"POST /topapi/v2/department/get: [60003] 部门不存在 (request id {error.request_id})"
    assert str(error) == text
    assert app.access_token not in repr(error) + repr(error.request)


def test_a_hint_follows_on_a_line_of_its_own(app: DingTalkApp) -> None:
    with pytest.raises(NotFound) as caught:
        User.objects.get("nobody")
    assert str(caught.value).endswith("\n" + HINTS["60121"])
    assert caught.value.hint == HINTS["60121"]


def test_the_gateway_wraps_its_code(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail("/topapi/v2/department/get", sub_code="90018")
    with pytest.raises(RateLimited) as caught:
        Department.objects.get(1)
    assert (caught.value.code, caught.value.sub_code, caught.value.cause) == (88, "90018", "90018")
    assert "[88/90018]" in str(caught.value)


def test_missing_scopes_and_where_to_apply(sandbox: Sandbox) -> None:
    with Sandbox(scopes=["qyapi_base"]) as poor, poor.app() as app:
        for call, scope in (
            (Department.objects.get.call(1), "qyapi_get_department_list"),
            (Department.objects.search.call("x").collect(), "qyapi_addresslist_search"),
        ):
            with pytest.raises(PermissionDenied) as caught:
                app.send(call)
            error = caught.value
            assert error.scopes == (scope,)
            assert error.apply_url == (f"https://open-dev.dingtalk.com/appscope/apply?content={poor.appkey}%23{scope}")
            assert error.hint is not None
            assert ".apply_url" in error.hint
        app.close()


def test_scopes_in_the_older_texts() -> None:
    text = (
        "应用尚未开通所需的权限：[qyapi_a][qyapi_b]，点击链接申请并开通即可：https://open-dev.dingtalk.com/x?y=1%23z, {"
    )
    error = api_error(88, text, sub_code="60011")
    assert isinstance(error, PermissionDenied)
    assert error.scopes == ("qyapi_a", "qyapi_b")
    assert error.apply_url == "https://open-dev.dingtalk.com/x?y=1%23z"
    bare = api_error(60011, "没有调用该接口的权限", sub_code=None)
    assert isinstance(bare, PermissionDenied)
    assert (bare.scopes, bare.apply_url) == ((), None)


def test_errors_survive_copying() -> None:
    error = api_error(60003, "部门不存在", sub_code=None, request_id="r")
    twin = copy.copy(error)
    assert (str(twin), twin.request_id) == (str(error), "r")
    for each in (
        error,
        TransportError("x", sent=False, status=502),
        SessionStoreError("redis://x", "y"),
        UnknownMethod("x", ["y"]),
        InvalidArgument("User.get", [Problem("userid", "required")]),
    ):
        other = pickle.loads(pickle.dumps(each))
        assert type(other) is type(each)
        assert str(other) == str(each)
        assert vars(other) == vars(each)


# -- arguments -----------------------------------------------------------------------------------------------------


def test_every_offending_field_at_once_with_its_limit(sandbox: Sandbox, app: DingTalkApp) -> None:
    found = problems(
        User.objects.create,
        "名" * 81,
        "13900000000",
        [],
        userid="",
        title="x" * 201,
        email=5,
        dept_order_list=[{"dept_id": "one", "order": 1, "weight": 2}],
        init_password="t0psecr",
        nickname=object(),
        titel="x",
    )
    assert found == {
        "name": "String should have at most 80 characters",
        "dept_id_list": "Value should have at least 1 item, not 0",
        "userid": "String should have at least 1 character",
        "title": "String should have at most 200 characters",
        "email": "should be a valid string",
        "dept_order_list.0.dept_id": "should be a valid integer, unable to parse string as an integer",
        "dept_order_list.0.weight": "unknown",
        "init_password": "String should have at least 8 characters",
        "nickname": "should be a valid string",
        "titel": "unknown; did you mean 'title'?",
    }
    assert sandbox.calls == []


def test_missing_given_twice_and_too_many() -> None:
    assert problems(User.objects.create, "张三") == {"mobile": "required", "dept_id_list": "required"}
    assert problems(Department.objects.get, 1, dept_id=2) == {"dept_id": "given twice"}
    assert problems(Department.objects.get, 1, "zh_CN") == {"*args": "takes 1 positional arguments, 2 given"}
    assert problems(Department.objects.get) == {"dept_id": "required"}
    assert problems(Department.objects.get, 1, langauge="zh_CN") == {"langauge": "unknown; did you mean 'language'?"}
    assert problems(Department.objects.get, 1, xyz=1) == {"xyz": "unknown"}
    assert problems(User.objects.admins, 1) == {"*args": "takes 0 positional arguments, 1 given"}
    assert problems(Department.objects.get, None) == {"dept_id": "should be a valid integer"}
    assert "'en_US'" in problems(Department.objects.get, 1, language="fr")["language"]


def test_limits_of_lists_names_and_numbers() -> None:
    assert problems(Department.objects.create, "研发-一组") == {"name": "String should match pattern '^[^-,，]*$'"}
    assert problems(Role.objects.assign, list(range(21)), ["a,b"]) == {
        "role_ids": "Value should have at most 20 items, not 21",
        "userids.0": "may not contain a comma: ids are sent joined by commas",
    }
    assert problems(User.objects.list, 1, size=101) == {"size": "should be less than or equal to 100"}
    assert problems(User.objects.list, 1, cursor=-1) == {"cursor": "should be greater than or equal to 0"}


def test_arguments_that_contradict_each_other(sandbox: Sandbox, app: DingTalkApp) -> None:
    assert problems(User.objects.create, "张三", None, [1]) == {
        "mobile": "required, except for a company account (exclusive_account)"
    }
    many = list(range(26))
    assert problems(Department.objects.create, "x", dept_permits=many, user_permits=list(map(str, many))) == {
        "dept_permits": "together with user_permits at most 50"
    }
    assert sandbox.calls == []


def test_all_four_uses_refuse(sandbox: Sandbox, app: DingTalkApp) -> None:
    async def awaited() -> None:
        await Department.objects.get.aio("one")  # type: ignore[arg-type]

    async def run() -> None:
        await app.run.aio(unchecked("dingtalk.oapi.v2.department.get"), dept_id="one")

    for use in (awaited, run):
        with pytest.raises(InvalidArgument, match=r"Department\.get: dept_id"):
            asyncio.run(use())
    assert problems(Department.objects.get.call, "one").keys() == {"dept_id"}
    assert problems(app.run, "dingtalk.oapi.v2.department.get", dept_id="one").keys() == {"dept_id"}
    assert problems(app.run.call, "dingtalk.oapi.department.get", id="one").keys() == {"dept_id"}
    assert sandbox.calls == []


def test_no_value_is_repeated(app: DingTalkApp) -> None:
    """It may be a secret, and what is refused is often logged."""
    secret = "t0psecret"
    for call in (
        lambda: User.objects.create("张三", None, [1], init_password=[secret]),  # type: ignore[arg-type]
        lambda: User.objects.create("张三", None, [1], hired_date=secret, extension=secret),  # type: ignore[arg-type]
        lambda: User.objects.create("张三", None, [1], extension={"k": secret * 300}),
        lambda: User.objects.inactive(secret),  # type: ignore[arg-type]
        lambda: app.auth.issue_access_token(secret, {secret: secret}),  # type: ignore[arg-type]
        lambda: app.auth.issue_corp_access_token(appkey="k", appsecret=[secret]),  # type: ignore[arg-type]
        lambda: Department.objects.get(secret, language=secret),  # type: ignore[arg-type]
        lambda: app.run("dingtalk.oapi.user.create", orderInDepts=secret),
    ):
        with pytest.raises(InvalidArgument) as caught:
            call()
        shown = f"{caught.value}{caught.value!r}{caught.value.problems}"
        assert secret not in shown + "".join(traceback.format_exception(caught.value))


class Nested(TypedDict, total=False):
    deep: Annotated[int, Field(ge=1)]
    """A number."""


class Odd:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @operation
    def check(self, *, low: int, high: int | None = None, **fields: Unpack[Nested]) -> Call[None]:
        """A check across parameters."""
        if high is not None and high < low:
            raise Refusal("high", "at least low / 不小于 low")
        return Call(None, low=low, **fields)


def test_an_operation_of_ones_own_is_checked_too() -> None:
    odd = Odd()
    assert problems(odd.check, low=2, high=1) == {"high": "at least low"}
    assert problems(odd.check, 2) == {"*args": "takes 0 positional arguments, 1 given"}
    assert problems(odd.check, low=2, deep=0) == {"deep": "should be greater than or equal to 1"}
    assert odd.check.call(low="3", deep=1).params == {"low": 3, "deep": 1}  # type: ignore[arg-type]
    assert repr(odd.check) == "<operation Odd.check>"


def test_arguments_are_put_into_wire_form(sandbox: Sandbox, app: DingTalkApp) -> None:
    call = User.objects.create.call("张三", "13911112222", [1, 100], extension={"爱好": "旅游"}, hide_mobile=False)
    assert call.request.body == {
        "name": "张三", "mobile": "13911112222", "dept_id_list": "1,100", "hide_mobile": False,
        "extension": '{"爱好": "旅游"}',
    }  # fmt: skip
    assert Role.objects.assign.call([1, 2], ["a", "b"]).request.body == {"roleIds": "1,2", "userIds": "a,b"}
    assert Role.objects.assign.call("1,2", "a,b").request.body == {"roleIds": "1,2", "userIds": "a,b"}  # type: ignore[call-overload]
    assert sandbox.calls == []
