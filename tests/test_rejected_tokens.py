"""Tokens that the platform rejects, and tokens that are none: renewed once, or an error, and never a storm of calls."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from refreshing import GET, TICKET, TOKEN, Clock, at_once

from dingtalk_models import (
    AuthenticationError,
    Department,
    DingTalkApp,
    ExternalContact,
    NotFound,
    TransportError,
)
from dingtalk_models.call import credential as credentials
from dingtalk_models.sandbox import Behaviour, Sandbox

pytestmark = pytest.mark.usefixtures("clock", "fast")

SEARCH = "/v1.0/contact/departments/search"
CREATE = "/topapi/v2/department/create"


# -- shapes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        {"errcode": 88, "errmsg": "ding talk error[subcode=40014,submsg=不合法的access_token]"},
        {"errcode": 88, "errmsg": "不合法的access_token"},
        {"status": 401, "body": b""},
        {"status": 401},
        {"code": "invalidToken", "status": 400},
        {"code": "accesstoken.expired", "status": 400},
        {"code": "invalidToken", "status": 200},
    ],
    ids=lambda how: "-".join(map(str, how.values())),
)
@pytest.mark.parametrize("path", [GET, SEARCH, CREATE])
def test_each_shape_of_a_rejected_token_renews_it(
    sandbox: Sandbox, app: DingTalkApp, path: str, how: Behaviour
) -> None:
    sandbox.fail(path, **how)
    departments = Department.objects.using(app)
    sent: dict[str, Callable[[], object]] = {
        GET: lambda: departments.get(1),
        SEARCH: lambda: departments.search("研发").first(),
        CREATE: lambda: departments.create("新部门"),
    }
    assert sent[path]() is not None
    assert len(sandbox.received(path)) == 2
    assert len(sandbox.received(TOKEN)) == 3


# -- tokens that are none ------------------------------------------------------------------------------------------

ISSUED: dict[str, Any] = {"accessToken": "t0psecret", "expireIn": 7200}

NO_TOKENS: dict[str, dict[str, Any]] = {
    "a life of 0": {"expireIn": 0},
    "a life below 0": {"expireIn": -7200},
    "a life of half a second": {"expireIn": 0.5},
    "a life that is no number": {"expireIn": float("nan")},
    "the text of one": {"expireIn": "NaN"},
    "a life for ever": {"expireIn": float("inf")},
    "no life": {"expireIn": None},
    "an empty token": {"accessToken": ""},
    "a blank token": {"accessToken": " "},
    "a token of two lines": {"accessToken": "a\r\nb"},
    "no token": {"accessToken": None},
    "a number": {"accessToken": 123},
}


@pytest.mark.parametrize("changes", NO_TOKENS.values(), ids=NO_TOKENS)
def test_what_is_no_token_is_an_error(sandbox: Sandbox, app: DingTalkApp, changes: dict[str, Any]) -> None:
    body = json.dumps(ISSUED | changes)
    sandbox.fail(TOKEN, times=100, status=200, body=body, content_type="application/json")
    with pytest.raises(TransportError, match="wrong shape") as caught:
        Department.objects.using(app).get(1)
    assert "t0psecret" not in str(caught.value)
    assert len(sandbox.received(TOKEN)) == app.retry.attempts
    assert sandbox.received(GET) == []


@pytest.mark.parametrize(
    "beside",
    [
        {"code": "invalidClientIdOrSecret", "message": "无效的clientId或者clientSecret"},
        {"errcode": 40089, "errmsg": "不合法的corpid或corpsecret"},
        {"success": False, "errorCode": "invalidClientIdOrSecret"},
    ],
)
def test_a_code_beside_a_token_is_a_refusal(sandbox: Sandbox, app: DingTalkApp, beside: dict[str, Any]) -> None:
    fault = sandbox.fail(
        TOKEN, times=100, status=200, body=json.dumps(ISSUED | beside), content_type="application/json"
    )
    with pytest.raises(AuthenticationError):
        app.get_access_token()
    assert len(sandbox.received(TOKEN)) == 1
    fault.cancel()
    body = json.dumps({"jsapiTicket": "t", "expireIn": 7200} | beside)
    sandbox.fail(TICKET, status=200, body=body, content_type="application/json")
    with pytest.raises(AuthenticationError):
        app.get_jsapi_ticket()


def test_a_life_of_years_is_not_believed(sandbox: Sandbox, app: DingTalkApp) -> None:
    body = json.dumps(ISSUED | {"expireIn": 1e300})
    sandbox.fail(TOKEN, status=200, body=body, content_type="application/json")
    assert app.get_access_token() == "t0psecret"
    held: Any = vars(app.access_token_credential)["_held"]
    assert held.seconds_left == pytest.approx(credentials.LONGEST_LIFE, abs=5)


# -- rejected for ever ---------------------------------------------------------------------------------------------


def refused(app: DingTalkApp) -> str:
    with pytest.raises(AuthenticationError) as caught:
        Department.objects.using(app).get(1)
    return caught.value.cause


def most_since(began: float) -> int:
    """How often a token may be fetched: some times at once, and after pauses of 1, 2, 4, … seconds.

    A pause begins when a renewed token is rejected. Until the thread that renewed it has tried it, others may renew it
    too, so that the first ones depend on who has the processor.
    """
    return 10 + int(math.log2(1 + time.monotonic() - began))


def test_a_token_that_is_rejected_for_ever_is_no_storm(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(GET, times=10_000, sub_code="40014")
    began = time.monotonic()
    assert at_once(lambda: refused(app), 200, 16) == ["40014"] * 200
    assert len(sandbox.received(TOKEN)) <= most_since(began)
    assert len(sandbox.received(GET)) >= 200


def test_nor_on_the_event_loop(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(SEARCH, times=10_000, code="InvalidAuthentication")

    async def scenario() -> set[type]:
        searches = (Department.objects.using(app).search.aio("研发") for _ in range(50))
        found = await asyncio.gather(*searches, return_exceptions=True)
        await app.aclose()
        return set(map(type, found))

    began = time.monotonic()
    assert asyncio.run(scenario()) == {AuthenticationError}
    assert len(sandbox.received(TOKEN)) <= most_since(began)


def test_it_is_renewed_again_after_a_while_and_less_and_less_often(
    sandbox: Sandbox, app: DingTalkApp, clock: Clock
) -> None:
    fault = sandbox.fail(GET, times=10_000, sub_code="40014")
    fetched: list[int] = []
    for second in range(300):
        before = len(sandbox.received(TOKEN))
        refused(app)
        if len(sandbox.received(TOKEN)) > before:
            fetched.append(second)
        clock.ahead += 1
    pauses = [later - earlier for earlier, later in pairwise(fetched)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 2
    assert pauses[-1] in range(59, 63)
    fault.cancel()
    assert Department.objects.using(app).get(1).dept_id == 1


def test_an_api_that_rejects_every_token_does_not_keep_others_from_a_new_one(
    sandbox: Sandbox, app: DingTalkApp
) -> None:
    departments = Department.objects.using(app)
    sandbox.fail(SEARCH, times=10_000, code="InvalidAuthentication")
    with pytest.raises(AuthenticationError):
        departments.search("研发").first()
    assert departments.get(1).dept_id == 1
    sandbox.revoke_tokens()
    assert departments.get(1).dept_id == 1
    # and what it brought serves those that have not seen it yet
    with pytest.raises(NotFound):
        ExternalContact.objects.using(app).get("nobody")


def test_a_token_that_is_revoked_again_and_again_is_renewed_each_time(sandbox: Sandbox, app: DingTalkApp) -> None:
    departments = Department.objects.using(app)
    for _ in range(5):
        sandbox.revoke_tokens()
        assert departments.get(1).dept_id == 1
