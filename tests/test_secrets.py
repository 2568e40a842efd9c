"""What is logged of a call, and what is never shown."""

from __future__ import annotations

import logging
import re
import traceback

import pytest
from peers import READ, UNKNOWN, Send, be_impatient, both
from refreshing import GET

from dingtalk_models import (
    Department,
    DingTalkApp,
    DingTalkError,
    Retry,
    Secret,
    User,
)
from dingtalk_models.call.exchange import prepare
from dingtalk_models.call.transport.masking import mask
from dingtalk_models.sandbox import Behaviour, Sandbox

# -- what is logged, and what is not ---------------------------------------------------------------------------------


def test_one_line_a_call(sandbox: Sandbox, ready: DingTalkApp, caplog: pytest.LogCaptureFixture) -> None:
    ready.retry = Retry(attempts=1)
    with caplog.at_level(logging.DEBUG, "dingtalk_models"):
        ready.send(READ)
        ready.send(Department.objects.search.call("研发").collect())
        bad: list[Behaviour] = [{"errcode": 60003}, {"sub_code": "90018"}, {"status": 502}, {"drop": "before"}]
        for how in bad:
            sandbox.fail(GET, **how)
            with pytest.raises(DingTalkError):
                ready.send(READ)
    lines = [record.getMessage() for record in caplog.records if record.name == "dingtalk_models"]
    request_id = r"[0-9a-z]+"
    for line, pattern in zip(
        lines,
        [
            rf"POST {GET} 200 ok {request_id} \d+\.\d ms",
            r"POST /v1.0/contact/departments/search 200 ok [0-9A-F-]{36} \d+\.\d ms",
            rf"POST {GET} 200 60003 {request_id} \d+\.\d ms",
            rf"POST {GET} 200 90018 {request_id} \d+\.\d ms",
            rf"POST {GET} 502 TransportError - \d+\.\d ms",
            rf"POST {GET} - - - \d+\.\d ms",
        ],
        strict=True,
    ):
        assert re.fullmatch(pattern, line), line


def exercise(app: DingTalkApp, send: Send) -> list[BaseException]:
    """Calls of every kind, good and bad; the errors."""
    errors: list[BaseException] = []
    for call in (
        READ,
        Department.objects.search.call("x").collect(),
        User.objects.create.call("x", None, [1], exclusive_account=True, login_id="x", init_password="t0pPassw0rd"),
        app.auth.issue_access_token.call(app.appkey or "", "t0pWrongSecret"),
        app.auth.issue_corp_access_token.call(corpid=app.corp_id, corpsecret="t0pWrongSecret"),
    ):
        try:
            send(app, call)
        except DingTalkError as error:
            errors.append(error)
    return errors


@both
@pytest.mark.parametrize("how", [None, *UNKNOWN.values()], ids=["fine", *UNKNOWN])
def test_no_secret_is_ever_shown(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, how: Behaviour | None, send: Send
) -> None:
    with caplog.at_level(logging.DEBUG):
        for name in ("urllib3", "urllib3.connectionpool", "aiohttp", "aiohttp.client", "asyncio", "dingtalk_models"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        app = sandbox.app(retry=None)
        token, life = sandbox.company.credentials.issue_token()
        app.session.set(app.access_token_credential.key, token, life)
        if how:
            be_impatient(app, how)
            sandbox.fail("*", times=100, **how)
        errors = exercise(app, send)
    shown = [
        record.getMessage() + str(record.args) for record in caplog.records if record.name != "dingtalk_models.sandbox"
    ]
    for error in errors:
        shown += [
            str(error),
            repr(error),
            repr(getattr(error, "request", "")),
            "".join(traceback.format_exception(error)),
        ]
    shown += [repr(app), repr(app.session), repr(vars(app.access_token_credential)["_held"])]
    text = "\n".join(shown)
    assert GET in text
    for secret in (token, sandbox.appsecret, sandbox.corp_secret, "t0pWrongSecret", "t0pPassw0rd"):
        assert secret not in text
    app.close()
    for name in ("urllib3", "urllib3.connectionpool", "aiohttp", "aiohttp.client", "asyncio", "dingtalk_models"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_unsent_calls_and_requests_show_no_secret(ready: DingTalkApp) -> None:
    call = ready.auth.issue_access_token.call("key", "t0psecret")
    older = ready.auth.issue_corp_access_token.call(corpid="ding1", corpsecret="t0psecret")
    sent = prepare(older, "https://oapi.dingtalk.com", "https://x", Secret("t0ptoken"))
    shown = repr(
        [call, call.request, older, older.request, sent, prepare(READ, "https://x", "https://x", Secret("t0ptoken"))]
    )
    assert "t0p" not in shown
    assert "'appKey': 'key'" in shown
    assert "<HttpRequest GET https://oapi.dingtalk.com/gettoken>" in shown


def test_masking_an_address() -> None:
    text = 'GET "/gettoken?appkey=k&appsecret=s3cret&access_token=abc" 200'
    assert mask(text) == 'GET "/gettoken?appkey=***&appsecret=***&access_token=***" 200'
    assert mask("harmless") == "harmless"


def test_a_secret_in_an_object_is_sent_and_not_shown(app: DingTalkApp) -> None:
    call = app.platform.connector_1_0.create_connector.call(
        connector_info=[
            {"api_secret": "t0psecret", "name": "n", "description": "d", "integrator_connector_id": "i"},
        ]
    )
    assert "t0psecret" not in repr(call.request)
    assert '"apiSecret":"t0psecret"' in str(prepare(call, "http://oapi", "http://api", None).content)
