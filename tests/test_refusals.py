"""A refusal is never data: whatever the way in which the platform says no, it is an error, by its cause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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

SAMPLES = every_sample()


def name_of(value: object) -> str:
    return value.info.name if isinstance(value, Sample) else ""


every = pytest.mark.parametrize("sample", SAMPLES, ids=name_of)


# -- every operation -----------------------------------------------------------------------------------------------


WORDS = {"code", "errorCode", "success", "result"}
"""The fields of a reply that say why it is an error, where its status says that it is one."""

ANSWERS = {"micro_app_1_0.GetMicroAppUserAccess", "edu_1_0.IsYuwenCertifiedTeacher"}
"""The operations that ask whether something is so: their `result` is the answer."""

FLAGGED = [
    (sample, flag)
    for sample in SAMPLES
    for flag in ("success", "result")
    if sample.documents(flag, "boolean") or (flag == "success" and sample.documents(flag, "string"))
    if flag == "success" or sample.info.name not in ANSWERS
]
"""Every operation whose reply is documented with a flag of success."""


def test_the_flags_are_found_in_the_facts() -> None:
    names = {sample.info.method for sample, _ in FLAGGED}
    assert names > {"execute", "terminate", "comment", "redirect"}
    assert len({sample.info.name for sample, _ in FLAGGED}) >= 16


@pytest.mark.parametrize("no", [False, "false"])
@pytest.mark.parametrize(("sample", "flag"), FLAGGED, ids=name_of)
def test_a_flag_of_success_that_is_false_is_a_refusal(sample: Sample, flag: str, *, no: object) -> None:
    with pytest.raises(ApiError) as caught:
        sample.call.read(respond(sample.reply | {flag: no}))
    assert (caught.value.code, caught.value.status) == (f"{flag}=false", 200)
    assert caught.value.request == sample.call.request
    told = {flag: no, "errorCode": "notExist.task", "errorMsg": "任务不存在"}
    with pytest.raises(NotFound) as known:
        sample.call.read(respond(sample.reply | told))
    assert (known.value.code, known.value.message) == ("notExist.task", "任务不存在")


@pytest.mark.parametrize("whole", [False, True], ids=["alone", "beside the result"])
@every
def test_a_code_with_a_message_is_a_refusal_at_any_status(sample: Sample, *, whole: bool) -> None:
    said = {"code": "invalidParameter.x", "message": "不合法", "requestid": "R-1", "request_id": "R-1"}
    for status in (200, 400, 500):
        response = respond((sample.reply if whole else {}) | said, status)
        if status == 200 and sample.info.name in CODES_OF_THEIR_OWN:
            assert sample.call.read(response).code == said["code"]
            continue
        with pytest.raises(InvalidRequest) as caught:
            sample.call.read(response)
        error = caught.value
        assert (error.code, error.message, error.request_id, error.status) == (
            "invalidParameter.x",
            "不合法",
            "R-1",
            status,
        )


@every
def test_an_errcode_is_a_refusal_on_both_hosts(sample: Sample) -> None:
    for errcode in (60003, "60003"):
        with pytest.raises(NotFound):
            sample.call.read(respond(sample.reply | {"errcode": errcode, "errmsg": "部门不存在"}))


@pytest.mark.parametrize("status", [301, 404, 500, 502, 503])
@every
def test_an_error_by_its_http_status_is_never_data(sample: Sample, status: int) -> None:
    for body in (sample.reply, {}, {"message": "Bad Gateway"}, b"", b"<html>Bad Gateway</html>"):
        with pytest.raises(
            (TransportError, ApiError) if body and WORDS & sample.reply.keys() else TransportError
        ) as caught:
            sample.call.read(respond(body, status))
        assert caught.value.status == status


@every
def test_success_without_a_word_of_it_is_none(sample: Sample) -> None:
    """The older host says errcode 0; a reply without it came from somewhere else."""
    if sample.info.host == "oapi":
        with pytest.raises(TransportError):
            sample.call.read(respond({"thanks": True}))
    for content in (b"null", b"[]", b'"ok"', b'{"errcode":0,"resu', b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(TransportError):
            sample.call.read(respond(content))


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
        "caohui", [{"file_id": "1", "space_id": 1}]
    ),
    "/topapi/attendance/group/query": lambda: AttendanceGroup.objects.get(1, op_user_id="caohui"),
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
        SAMPLES[-1].call.read(respond({"errcode": errcode, "errmsg": text}))
    assert (caught.value.cause, type(caught.value)) == (cause, kind)
