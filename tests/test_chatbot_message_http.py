"""Messages to the robot by HTTP: what is accepted, what is refused, and that each is handled once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from helpers import on_a_loop
from hypothesis import given
from hypothesis import strategies as st
from sites import SITES

from dingtalk_models import ChatbotMessage, DingTalkApp
from dingtalk_models.core import errors
from dingtalk_models.message.robots.webhook_message import signature

SECRET = "app-secret"
BODY: dict[str, Any] = {
    "msgId": "msg1",
    "msgtype": "text",
    "text": {"content": "在吗"},
    "conversationType": "1",
    "senderStaffId": "zhaolei",
    "chatbotCorpId": "dingcorp",
}


def site_app(**settings: Any) -> DingTalkApp:
    given: dict[str, Any] = {"appkey": "dingkey", "appsecret": SECRET, "corp_id": "dingcorp"}
    return DingTalkApp(**(given | settings))


def signed(*, ago: float = 0, secret: str = SECRET) -> dict[str, str]:
    """The headers that the platform sends."""
    timestamp = int((time.time() - ago) * 1000)
    return {"timestamp": str(timestamp), "sign": signature(secret, timestamp)}


@pytest.fixture
def app() -> Iterator[DingTalkApp]:
    made = site_app()
    yield made
    made.close()


@pytest.fixture
def heard(app: DingTalkApp) -> list[str]:
    """The texts that a handler got."""
    texts: list[str] = []

    @app.callback.on(ChatbotMessage)
    def hear(message: ChatbotMessage) -> None:
        texts.append(message.text)

    return texts


def test_a_message_is_received_once(app: DingTalkApp, heard: list[str]) -> None:
    first = app.message.receive(signed(), json.dumps(BODY))
    again = app.message.receive(signed(ago=60), json.dumps(BODY).encode())
    assert (first.message.text, first.message.app, first.duplicate, again.duplicate) == ("在吗", app, False, True)
    app.message.receive(signed(), BODY | {"msgId": "msg2"})
    assert heard == ["在吗", "在吗"]


@on_a_loop
async def test_a_message_is_received_on_a_loop() -> None:
    app, heard = site_app(), list[str]()

    @app.callback.on(ChatbotMessage)
    async def hear(message: ChatbotMessage) -> None:
        heard.append(message.text)

    received = await app.message.receive.aio(signed(), BODY)
    assert (heard, received.duplicate) == (["在吗"], False)
    await app.aclose()


def test_apps_with_one_session_store_handle_a_message_once(tmp_path: Path) -> None:
    apps = [site_app(session_manager=f"sqlite:///{tmp_path / 'sessions.db'}") for _ in range(2)]
    heard: list[str] = []
    for each in apps:
        each.callback.on(ChatbotMessage)(lambda message: heard.append(message.text))
    assert [each.message.receive(signed(), BODY).duplicate for each in apps] == [False, True]
    assert heard == ["在吗"]
    for each in apps:
        each.close()


def test_a_message_whose_handler_fails_is_handled_again(app: DingTalkApp) -> None:
    tries: list[str] = []

    @app.callback.on(ChatbotMessage)
    def fail_once(message: ChatbotMessage) -> None:
        tries.append(message.text)
        if len(tries) == 1:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app.message.receive(signed(), BODY)
    app.message.receive(signed(), BODY)
    assert len(tries) == 2


def test_headers_in_any_case(app: DingTalkApp, heard: list[str]) -> None:
    headers = {name.title(): value for name, value in signed().items()}
    app.message.receive(headers, BODY)
    assert heard == ["在吗"]


WRONG: list[tuple[str, dict[str, str], Any, tuple[type[errors.CallbackError], str]]] = [
    ("another secret", signed(secret="other"), BODY, (errors.SignatureMismatch, "appsecret the right one")),
    ("no headers", {}, BODY, (errors.SignatureMismatch, "no timestamp")),
    ("no signature", {"timestamp": "1612172996026"}, BODY, (errors.SignatureMismatch, "no signature")),
    ("an odd timestamp", signed() | {"timestamp": "soon"}, BODY, (errors.SignatureMismatch, "no timestamp")),
    (
        "another timestamp",
        signed() | {"timestamp": "1612172996026"},
        BODY,
        (errors.SignatureMismatch, "does not match"),
    ),
    ("an odd signature", signed() | {"sign": "é\udc80"}, BODY, (errors.SignatureMismatch, "does not match")),
    ("too old", signed(ago=3_610), BODY, (errors.ReplayedCallback, "too old")),
    ("too new", signed(ago=-7_200), BODY, (errors.ReplayedCallback, "too old")),
    ("not JSON", signed(), b"\xff<xml/>", (errors.CallbackError, "not a JSON object")),
    ("a list", signed(), "[]", (errors.CallbackError, "not a JSON object")),
    ("deep JSON", signed(), "[" * 100_000, (errors.CallbackError, "not a JSON object")),
    ("no msgId", signed(), BODY | {"msgId": None}, (errors.CallbackError, "no msgId")),
    ("another company", signed(), BODY | {"chatbotCorpId": "dingother"}, (errors.CallbackError, "another company")),
]


@pytest.mark.parametrize(("headers", "body", "error"), [each[1:] for each in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_refused(
    app: DingTalkApp, heard: list[str], headers: dict[str, str], body: Any, error: tuple[type[Exception], str]
) -> None:
    kind, words = error
    with pytest.raises(kind, match=words) as refused:
        app.message.receive(headers, body)
    assert type(refused.value) is kind
    assert SECRET not in str(refused.value)
    assert heard == []


@given(st.dictionaries(st.sampled_from(["timestamp", "sign"]), st.text()), st.binary() | st.text())
def test_no_request_from_outside_gets_in_or_fails_otherwise(headers: dict[str, str], body: bytes | str) -> None:
    with pytest.raises(errors.SignatureMismatch):
        site_app().message.receive(headers, body)


def test_an_app_without_a_secret() -> None:
    app = DingTalkApp(corp_id="dingcorp", corp_secret="s")
    with pytest.raises(errors.ConfigurationError, match="set appkey and appsecret"):
        app.message.receive(signed(), BODY)


def test_an_app_of_any_company() -> None:
    app = site_app(corp_id=None)
    assert app.message.receive(signed(), BODY | {"chatbotCorpId": "dingother"}).message.text == "在吗"


@pytest.mark.parametrize("site", sorted(SITES))
def test_views_answer_what_they_accept_and_refuse_the_rest(site: str, app: DingTalkApp, heard: list[str]) -> None:
    with SITES[site](app.message) as url, requests.Session() as http:
        taken = [http.post(url, json=BODY, headers=signed(), timeout=10) for _ in range(2)]
        late = http.post(url, json=BODY, headers=signed(ago=3_610), timeout=10)
        forged = http.post(url, json=BODY, headers=signed(secret="other"), timeout=10)
        garbage = http.post(url, data=b"\xff", headers=signed(), timeout=10)
        by_get = http.get(url, headers=signed(), timeout=10)
    assert [(reply.status_code, reply.json()) for reply in taken] == [(200, {})] * 2
    assert [reply.status_code for reply in (late, forged, garbage, by_get)] == [403, 403, 403, 405]
    assert heard == ["在吗"]


@pytest.mark.parametrize("site", sorted(SITES))
def test_views_pass_on_the_errors_of_handlers(site: str, app: DingTalkApp) -> None:
    @app.callback.on(ChatbotMessage)
    def fail(message: ChatbotMessage) -> None:
        raise ZeroDivisionError

    with SITES[site](app.message) as url, requests.Session() as http:
        assert http.post(url, json=BODY, headers=signed(), timeout=10).status_code == 500
