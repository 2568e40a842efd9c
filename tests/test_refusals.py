"""A refusal is never data: whatever the way in which the platform says no, it is an error, by its cause."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from helpers import awaited
from samples_of import CODES_OF_THEIR_OWN, Sample, every_sample, respond

from dingtalk_models import (
    ApiError,
    ApprovalFile,
    ApprovalInstance,
    AttendanceGroup,
    AuthenticationError,
    Call,
    DingTalkApp,
    DingTalkError,
    InvalidRequest,
    Model,
    NotFound,
    PermissionDenied,
    PlatformBusy,
    QuotaExhausted,
    RateLimited,
    TransportError,
    User,
    api,
)
from dingtalk_models.core.codes import api_error, error_class
from dingtalk_models.sandbox import Behaviour, Sandbox

PARTS = 8


@pytest.fixture(params=range(PARTS))
def samples(request: pytest.FixtureRequest) -> list[Sample]:
    """The samples of all operations, in parts."""
    return every_sample()[request.param :: PARTS]


E = TypeVar("E", bound=DingTalkError)


def refusal(sample: Sample, body: object, status: int, kind: type[E]) -> E:
    """The error of this kind that a reply becomes."""
    try:
        result = sample.call.read(respond(body, status))
    except kind as error:
        return error
    except Exception as error:
        error.add_note(sample.info.name)
        raise
    raise AssertionError(f"{sample.info.name} read {body!r} with status {status} as {result!r}")


# -- every operation -----------------------------------------------------------------------------------------------


WORDS = {"code", "errorCode", "success", "result"}
"""The fields of a reply that say why it is an error, where its status says that it is one."""

ANSWERS = {"micro_app_1_0.GetMicroAppUserAccess", "edu_1_0.IsYuwenCertifiedTeacher"}
"""The operations that ask whether something is so: their `result` is the answer."""


def flags(sample: Sample) -> list[str]:
    """The flags of success in the documented reply of an operation."""
    success = sample.documents("success", "boolean") or sample.documents("success", "string")
    result = sample.documents("result", "boolean") and sample.info.name not in ANSWERS
    return ["success"] * success + ["result"] * result


def test_the_flags_are_found_in_the_facts() -> None:
    flagged = [sample.info for sample in every_sample() if flags(sample)]
    assert {info.method for info in flagged} > {"execute", "terminate", "comment", "redirect"}
    assert len({info.name for info in flagged}) > 380


def test_a_flag_of_success_that_is_false_is_a_refusal(samples: list[Sample]) -> None:
    for sample in samples:
        for flag, no in itertools.product(flags(sample), (False, "false")):
            error = refusal(sample, sample.reply | {flag: no}, 200, ApiError)
            assert (error.code, error.status) == (f"{flag}=false", 200), sample.info.name
            assert error.request == sample.call.request, sample.info.name
            told = {flag: no, "errorCode": "notExist.task", "errorMsg": "任务不存在"}
            known = refusal(sample, sample.reply | told, 200, NotFound)
            assert (known.code, known.message) == ("notExist.task", "任务不存在"), sample.info.name


@pytest.mark.parametrize("whole", [False, True], ids=["alone", "beside the result"])
def test_a_code_with_a_message_is_a_refusal_at_any_status(samples: list[Sample], *, whole: bool) -> None:
    said = {"code": "invalidParameter.x", "message": "不合法", "requestid": "R-1", "request_id": "R-1"}
    for sample, status in itertools.product(samples, (200, 400, 500)):
        reply = (sample.reply if whole else {}) | said
        if status == 200 and sample.info.name in CODES_OF_THEIR_OWN:
            assert sample.call.read(respond(reply)).code == said["code"], sample.info.name
            continue
        error = refusal(sample, reply, status, InvalidRequest)
        told = (error.code, error.message, error.request_id, error.status)
        assert told == ("invalidParameter.x", "不合法", "R-1", status), sample.info.name


def test_an_errcode_is_a_refusal_on_both_hosts(samples: list[Sample]) -> None:
    for sample, errcode in itertools.product(samples, (60003, "60003")):
        refusal(sample, sample.reply | {"errcode": errcode, "errmsg": "部门不存在"}, 200, NotFound)


@pytest.mark.parametrize("status", [301, 404, 500, 502, 503])
def test_an_error_by_its_http_status_is_never_data(samples: list[Sample], status: int) -> None:
    for sample in samples:
        kind = DingTalkError if WORDS & sample.reply.keys() else TransportError
        assert isinstance(refusal(sample, sample.reply, status, kind), ApiError | TransportError)
        for body in ({}, {"message": "Bad Gateway"}, b"", b"<html>Bad Gateway</html>"):
            assert refusal(sample, body, status, TransportError).status == status, sample.info.name


def test_success_without_a_word_of_it_is_none(samples: list[Sample]) -> None:
    """The older host says errcode 0; a reply without it came from somewhere else."""
    for sample in samples:
        if sample.info.host == "oapi":
            refusal(sample, {"thanks": True}, 200, TransportError)
        for content in (b"null", b"[]", b'"ok"', b'{"errcode":0,"resu', b"\xff\xfe", b"[" * 100_000):
            refusal(sample, content, 200, TransportError)


# -- what is no refusal --------------------------------------------------------------------------------------------


class Meta(Model):
    name: str | None
    code: str | None
    success: bool | None


class Metas:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.meta.get", "GET /v1.0/metas")
    def get(self) -> Call[Meta]:
        """Something with a code."""
        return Call(Meta)

    @api("test.meta.any", "GET /v1.0/metas/any")
    def any(self) -> Call[dict[str, Any]]:
        """Anything."""
        return Call(dict[str, Any])

    @api("test.meta.stop", "DELETE /v1.0/metas")
    def stop(self) -> Call[None]:
        """Nothing but success."""
        return Call(None)


metas = Metas()


@pytest.mark.parametrize("name", [None, "x", {"no": "name"}])
def test_a_code_that_is_declared_is_data(name: object) -> None:
    body = {"name": name, "code": "FORM-1", "success": False, "message": "a new field"}
    meta = metas.get.call().read(respond(body))
    assert (meta.code, meta.success) == ("FORM-1", False)


@pytest.mark.parametrize("code", ["200", 200, "0", "OK", "success", "000000", "", None, True, ["x"]])
def test_a_code_that_says_yes_is_no_refusal(code: object) -> None:
    body = {"code": code, "cause": "success", "message": "ok"}
    assert metas.stop.call().read(respond(body)) is None
    assert metas.any.call().read(respond(body)) == body


def test_a_code_among_data_is_data() -> None:
    """The platform adds fields without notice."""
    body: dict[str, Any] = {"name": "对象", "code": "customer", "fields": []}
    assert metas.any.call().read(respond(body)) == body
    for refusal in ({"code": "customer"}, body | {"message": "不合法"}, {"code": "customer", "requestid": "R-1"}):
        with pytest.raises(ApiError) as caught:
            metas.any.call().read(respond(refusal))
        assert caught.value.code == "customer"


# -- through the sandbox -------------------------------------------------------------------------------------------

DECISIONS: dict[str, Callable[[], object]] = {
    "/v1.0/workflow/processInstances/execute": lambda: ApprovalInstance.objects.execute("i", 1, "caohui", "agree"),
    "/v1.0/workflow/processInstances/terminate": lambda: ApprovalInstance.objects.terminate("i", "caohui"),
    "/v1.0/workflow/processInstances/comments": lambda: ApprovalInstance.objects.comment("i", "好", "caohui"),
    "/v1.0/workflow/tasks/redirect": lambda: ApprovalInstance.objects.redirect(1, "caohui", "zhaolei"),
    "/v1.0/workflow/processInstances/spaces/files/authDownload": lambda: ApprovalFile.objects.authorize_download(
        "caohui", [{"file_id": "1", "space_id": "1"}]
    ),
    "/topapi/attendance/group/query": lambda: AttendanceGroup.objects.get(1, op_userid="caohui"),
}


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ({"flag": "success"}, ApiError),
        ({"code": "notExist.task", "status": 200}, NotFound),
        ({"status": 502, "body": '{"message":"Bad Gateway"}', "content_type": "application/json"}, TransportError),
    ],
)
@pytest.mark.parametrize("path", DECISIONS)
def test_the_sandbox_refuses_in_these_ways(
    sandbox: Sandbox, path: str, how: Behaviour, kind: type[DingTalkError]
) -> None:
    with sandbox.app(retry=None):
        sandbox.fail(path, **how)
        with pytest.raises(kind):
            DECISIONS[path]()


def test_a_lookup_that_a_gateway_answers_is_sent_again(sandbox: Sandbox, app: DingTalkApp) -> None:
    path = "/topapi/v2/user/list"
    sandbox.fail(path, status=502, body='{"message":"Bad Gateway"}', content_type="application/json")
    assert awaited(app, lambda: User.objects.list.aio(1)) is not None
    assert [call.status for call in sandbox.received(path)][:2] == [502, 200]


# -- by cause ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ("auth.error unauthorized invalidAccessToken processGetFailedByParameter", PermissionDenied),
        ("dentryUploadForbidden ip.not.match sign.not.match", PermissionDenied),
        ("12012", NotFound),
        ("143103 143104 143203 143204", RateLimited),
        ("143105 143106 143205 143206", QuotaExhausted),
        ("hsfIntegrationErrorCspace hsfIntegrationErrorCspaceDentryServiceGrant dentryStoreError", PlatformBusy),
        ("hsfIntegrationErrorCspaceGetCustomSpace revertTask.hsfIntegration.error", PlatformBusy),
        ("isp.-1 isp.top-remote-connection-timeout 88", PlatformBusy),
        ("invalidToken accesstoken.expired", AuthenticationError),
    ],
)
def test_codes_are_sorted_by_what_they_say(codes: str, kind: type[ApiError]) -> None:
    for status in (200, 400, 500):
        assert {code: error_class(code, status) for code in codes.split()} == dict.fromkeys(codes.split(), kind)


@pytest.mark.parametrize("code", [143103, 143104, 143203, 143204])
def test_a_limit_by_the_minute_is_waited_for(code: int) -> None:
    error = api_error(code, "QPM超限")
    assert isinstance(error, RateLimited)
    assert error.retry_after == 60


@pytest.mark.parametrize(
    ("errcode", "text", "cause", "kind"),
    [
        (88, "ding talk error[subcode=40014,submsg=不合法的access_token]", "40014", AuthenticationError),
        (88, "不合法的access_token", "40014", AuthenticationError),
        (88, "ding talk error[subcode=60011,submsg=没有调用该接口的权限]", "60011", PermissionDenied),
        (88, "鉴权异常", "88", PlatformBusy),
        (15, "Remote service error[subcode=isp.-1,submsg=服务不可用]", "isp.-1", PlatformBusy),
    ],
)
def test_the_gateway_may_have_the_code_in_its_text_only(
    errcode: int, text: str, cause: str, kind: type[ApiError]
) -> None:
    with pytest.raises(ApiError) as caught:
        every_sample()[-1].call.read(respond({"errcode": errcode, "errmsg": text}))
    assert (caught.value.cause, type(caught.value)) == (cause, kind)
