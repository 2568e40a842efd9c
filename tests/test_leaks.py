"""Planted secrets: nothing that a program logs, prints, pickles or reports of its calls and their errors has one."""

from __future__ import annotations

import asyncio
import gc
import gzip
import html
import json
import logging
import pickle
import re
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import cache, partial, partialmethod
from itertools import chain, count
from pathlib import Path
from subprocess import run
from typing import Any
from urllib.parse import quote, unquote

import aiohttp
import pytest
import requests
import urllib3
from conventions import build, pages
from generators.samples import request_sample
from helpers import unchecked
from interrupts import Interrupt, Moments, interrupt
from peers import UNKNOWN, Send, answer, answering, be_impatient, both, echo, get, peer, target_of
from requests.adapters import HTTPAdapter
from rich.traceback import Traceback
from urllib3.connection import HTTPConnection

from dingtalk_models import (
    Call,
    ConfigurationError,
    Department,
    DingTalkApp,
    DingTalkError,
    HttpRequest,
    InvalidArgument,
    Secret,
    Space,
    Subscription,
    TransportError,
    Upload,
    User,
    WebhookRobot,
    operations,
)
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.call.transport.uploads import FileBody
from dingtalk_models.callback.crypto import Crypto
from dingtalk_models.message import Text
from dingtalk_models.sandbox import Credentials, Sandbox
from dingtalk_models.sandbox.state.talk.message import Webhook

APP_SECRET, CORP_SECRET, WRONG_SECRET = "t0pAppSecret0123456789", "t0pCorpSecret0123456789", "t0pWrongSecret0123456789"
TOKEN, KEY = "t0pPushToken0123456789", "t0pAesKey0123456789abcdefghijklmnopqrstuvwx"
ROBOT_SECRET, PASSWORD = "SECt0pRobotSecret0123456789", "t0pPassw0rd0123456789"
STORE = "redis://:t0pStorePassword@127.0.0.1:1/0"
ENVIRONMENT = {"DINGTALK_APPSECRET": APP_SECRET, "DINGTALK_TIMEOUT": "soon", "DINGTALK_APPKEY": "k", "OTHER": PASSWORD}
UNSIGNED = re.compile(r"(?i)[?&][\w.-]*(?:token|secret|sign|signature)=(?!\*\*\*)\w")

Shown = list[str]


@pytest.fixture
def leaky() -> Generator[Sandbox]:
    """A sandbox whose secrets are planted."""
    with Sandbox(credentials=Credentials(appsecret=APP_SECRET, corp_secret=CORP_SECRET)) as running:
        yield running


@pytest.fixture
def log() -> Generator[Shown]:
    """Everything that is logged, at the lowest level, with what came along with it."""
    said: Shown = []

    class Everything(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name != "dingtalk_models.sandbox":
                said.extend([self.format(record), repr(record.args), repr(record.msg)])

    names = [
        "",
        "urllib3",
        "urllib3.connectionpool",
        "requests",
        "aiohttp",
        "aiohttp.client",
        "asyncio",
        "dingtalk_models",
    ]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    handler = Everything()
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield said
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def reported(error: BaseException) -> Shown:
    """An error, as logs, error reporters and queues of jobs have it."""
    by_rich = Traceback.extract(type(error), error, error.__traceback__, show_locals=True, locals_max_string=9999)
    with_variables = traceback.TracebackException.from_exception(error, capture_locals=True)
    chained = [error.__cause__, error.__context__]
    with suppress(TypeError, AttributeError, pickle.PicklingError):
        chained.append(DingTalkError(repr(pickle.dumps(error))))
    return [
        str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error)),
        "".join(with_variables.format()), repr(by_rich), *map(repr, chained),
    ]  # fmt: skip


def shown_by(act: Callable[[], object]) -> Shown:
    """What is shown of one use: of its result, or its error."""
    try:
        result = act()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it may show something
        return reported(error)
    return [] if isinstance(result, str) else [repr(result), str(result)]


def issued(sandbox: Sandbox) -> set[str]:
    """The access tokens and jsapi tickets of a sandbox."""
    held = vars(sandbox.company.credentials)
    return {held[name].value for name in ("_token", "_ticket") if held[name] is not None}


PASSED_ON = re.compile(r"https://(?:[\w-]*meeting\.dingtalk\.com/app|xxx\.com)\?\S+")
"""Links in the documentation's own samples: to a meeting, and to an upload."""


def assert_hidden(shown: Shown, *secrets: str) -> None:
    text = PASSED_ON.sub("", "\n".join(shown))
    for secret in {APP_SECRET, CORP_SECRET, WRONG_SECRET, TOKEN, KEY, ROBOT_SECRET, PASSWORD, STORE, *secrets}:
        found = text.find(secret)
        assert found < 0, text[max(0, found - 400) : found + 100]
    found_unsigned = UNSIGNED.search(text)
    assert not found_unsigned, text[max(0, found_unsigned.start() - 200) : found_unsigned.end() + 100]


@cache
def every_call() -> list[Call[Any]]:
    """A call of each operation, with the documentation's own sample."""
    calls: list[Call[Any]] = []
    for info in operations():
        with suppress(InvalidArgument, IndexError):
            calls.append(build(info, request_sample(pages(info)[0])))
    return calls


def uses(app: DingTalkApp, robot: WebhookRobot, who: str) -> list[Callable[[], object]]:
    """What a program does, some of it wrong, with secrets among the arguments."""
    subscriptions = app.callback.subscriptions
    people = User.objects.using(app)
    space = Space.objects.using(app).create(who, name="资料")
    return [
        lambda: app.auth.issue_access_token(app.appkey or "", WRONG_SECRET),
        lambda: app.auth.issue_access_token(app.appkey or "", APP_SECRET),
        lambda: app.auth.issue_corp_access_token(corpid=app.corp_id, corpsecret=WRONG_SECRET),
        lambda: app.auth.issue_corp_access_token(corpid=7, corpsecret=CORP_SECRET),  # type: ignore[arg-type]
        app.auth.issue_jsapi_ticket,
        lambda: app.run("dingtalk.oapi.gettoken", appkey="k", appsecret=WRONG_SECRET),
        lambda: app.run(unchecked("dingtalk.oapi.gettoken"), appkey="k", appsecret=APP_SECRET, nothing=1),
        lambda: app.jsapi_signature("https://acme.example/"),
        lambda: people.create("x", None, [1], exclusive_account=True, login_id="x", init_password=PASSWORD),
        lambda: people.create("x", None, [1], exclusive_account=True, login_id="y", init_password=PASSWORD, title=7),  # type: ignore[arg-type]
        lambda: people.create.call("x", None, [1], init_password=Secret(PASSWORD)),
        lambda: app.send(people.create.later("x", None, [], init_password=PASSWORD)),
        lambda: app.send(people.create.later("x", None, [404], init_password=PASSWORD)),
        lambda: subscriptions.register(["user_add_org"], token=TOKEN, aes_key=KEY, url="http://127.0.0.1:1/"),
        lambda: subscriptions.register(["nothing"]),
        lambda: subscriptions.register([], token=TOKEN, aes_key=f"{KEY}!"),
        lambda: subscriptions.register.call(["user_add_org"]),
        lambda: Subscription(token=Secret(TOKEN), aes_key=Secret(KEY)),
        lambda: robot.send(Text("一")),
        lambda: robot.send.call(Text("一")),
        lambda: robot.send("一", userids="nobody"),  # type: ignore[call-overload]
        lambda: app.message.webhook_robots.send("text", text=Text("一"), access_token=WRONG_SECRET, sign=PASSWORD),
        lambda: WebhookRobot(f"https://acme.example/?access_token={PASSWORD}", ROBOT_SECRET),
        lambda: DingTalkApp.from_env(ENVIRONMENT),
        lambda: DingTalkApp.from_env({"DINGTALK_CLIENT_ID": PASSWORD, "DINGTALK_APPKEY": "k", "OTHER": PASSWORD}),
        lambda: DingTalkApp(appsecret=APP_SECRET),
        lambda: DingTalkApp(token=TOKEN, aes_key=KEY[1:], appkey="k", appsecret=APP_SECRET),
        lambda: DingTalkApp(token=f"{TOKEN} 2", aes_key=KEY),
        lambda: DingTalkApp(session_manager=STORE.replace("redis", "nothing"), appkey="k", appsecret=APP_SECRET),
        lambda: DingTalkApp(session_manager=STORE, appkey="k", appsecret=APP_SECRET).access_token,
        lambda: Crypto(TOKEN, KEY[1:], ["ding"]),
        lambda: Crypto(TOKEN, KEY, []),
        lambda: app.callback.receive({"msg_signature": "x", "timestamp": "1", "nonce": "n"}, {"encrypt": "e"}),
        lambda: space.upload(b"one", who, name="a.txt").download(who, "/nowhere/x"),
        lambda: app,
        lambda: [app, vars(app), robot, vars(robot), vars(app.access_token_credential), vars(app.callback.crypto)],
    ]  # fmt: skip


def company(sandbox: Sandbox) -> tuple[DingTalkApp, WebhookRobot, Webhook]:
    """An app and a robot with planted secrets."""
    webhook = sandbox.company.outbox.add_webhook(ROBOT_SECRET)
    app = sandbox.app(token=TOKEN, aes_key=KEY, callback_url="http://127.0.0.1:1/", retry=None)
    return app, WebhookRobot(f"{sandbox.url}/robot/send?access_token={webhook.token}", ROBOT_SECRET), webhook


def test_of_a_program_s_calls_and_mistakes(leaky: Sandbox, log: Shown) -> None:
    app, robot, webhook = company(leaky)
    who = leaky.company.users["caohui"].unionid
    shown = [text for act in uses(app, robot, who) for text in shown_by(act)]
    assert any("issue_corp_access_token" in text for text in shown)
    assert any("POST /robot/send?access_token=***&timestamp=" in text for text in log)
    assert len(issued(leaky)) == 2
    assert_hidden(shown + log, webhook.token, *issued(leaky))
    app.close()
    robot.close()


@both
@pytest.mark.parametrize("how", [None, *UNKNOWN], ids=str)
def test_of_every_operation(leaky: Sandbox, log: Shown, send: Send, how: str | None) -> None:
    app, _, _ = company(leaky)
    app.get_access_token()
    calls = every_call()
    assert len(calls) > 100
    if how:
        be_impatient(app, UNKNOWN[how])
        leaky.fail("*", times=10_000, **UNKNOWN[how])
        calls = calls[::150]
    calls += [call for call in every_call() if "oken" in call.endpoint.path or "call_back" in call.endpoint.path]
    shown = list(chain.from_iterable(shown_by(partial(send, app, call)) for call in calls))
    shown += [repr([call, call.request]) for call in calls]
    assert_hidden(shown + log, *issued(leaky))
    app.close()


@pytest.mark.parametrize(
    "reply",
    [b'{"accessToken": "t0pIssued", "expireIn": []}', b'{"accessToken": "t0pIssued"}', b'{"accessToken": "t0pIssued'],
)
def test_of_a_token_in_a_reply_that_cannot_be_read(leaky: Sandbox, log: Shown, reply: bytes) -> None:
    leaky.fail("/v1.0/oauth2/accessToken", status=200, body=reply)
    app, _, _ = company(leaky)
    shown = shown_by(app.get_access_token)
    assert_hidden(shown + log, "t0pIssued")


def test_of_a_call_that_is_given_up(leaky: Sandbox, log: Shown) -> None:
    app, _, _ = company(leaky)
    app.get_access_token()
    leaky.fail("*", delay=5)

    async def given_up() -> None:
        try:
            async with asyncio.timeout(0.2):
                await Department.objects.using(app).get.aio(1)
        finally:
            await app.aclose()

    shown = shown_by(lambda: asyncio.run(given_up()))
    assert "TimeoutError" in "".join(shown)
    assert_hidden(shown + log, *issued(leaky))


def test_of_a_key_press(leaky: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    app, _, _ = company(leaky)
    app.get_access_token()

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("urllib3.connectionpool.HTTPConnectionPool._make_request", interrupt)
    shown = shown_by(partial(Department.objects.using(app).get, 1))
    assert "in urlopen" in "".join(shown)
    assert_hidden(shown, *issued(leaky))
    app.close()


def test_help_does_not_print_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DINGTALK_APPSECRET", APP_SECRET)
    help(DingTalkApp.from_env)
    said = capsys.readouterr().out
    assert "environ: 'Mapping[str, str] | None' = None" in said
    assert_hidden([said])


# -- programs that report errors and trace calls ---------------------------------------------------------------------

CODE, SESSION = "t0pAuthCode0123456789", "t0pSessionWebhook0123456789"


@contextmanager
def sentry() -> Generator[tuple[str, list[str]]]:
    """What receives reports: its DSN, and the events that came."""
    envelopes: list[str] = []

    def take(request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        assert b"/api/1/envelope/" in head
        envelopes.append((gzip.decompress(body) if b"gzip" in head.lower() else body).decode())
        return answer("{}")

    with peer(answering(take)) as server:
        yield server.url.replace("://", "://key@") + "/1", envelopes


def watched(sandbox: Sandbox, tool: str, dsn: str = "") -> tuple[str, set[str]]:
    """Run a program that is watched. Returns what it printed, and the secrets that it had."""
    robot = sandbox.company.outbox.add_webhook(ROBOT_SECRET)
    given = {
        "url": sandbox.url, "dsn": dsn, "appkey": sandbox.appkey, "appsecret": APP_SECRET, "robot": robot.token,
        "robot_secret": ROBOT_SECRET, "wrong": WRONG_SECRET, "session": SESSION, "code": CODE,
    }  # fmt: skip
    sandbox.fail("/topapi/v2/department/listsubid", times=1000, drop="after")
    command = [sys.executable, str(Path(__file__).parent / "reported_calls.py"), tool]
    ended = run(command, input=json.dumps(given), capture_output=True, text=True, timeout=120, check=False)
    assert not ended.returncode, ended.stderr
    sent = repr([(received.query, received.body) for received in sandbox.calls])
    secrets = {robot.token, CODE, SESSION, *issued(sandbox)}
    assert {secret for secret in secrets if secret in sent} >= {robot.token, SESSION, CODE, *issued(sandbox)}
    return ended.stdout, secrets


def test_of_reports_with_sentry_s_defaults(leaky: Sandbox) -> None:
    with sentry() as (dsn, envelopes):
        printed, secrets = watched(leaky, "sentry", dsn)
    assert_hidden(envelopes, *secrets)
    events = [each for each in envelopes if '"exception"' in each]
    assert len(events) == int(printed) >= 60
    assert sum("access_token=***" in each for each in events) >= 60  # the breadcrumbs are there


def test_of_spans_with_opentelemetry_s_defaults(leaky: Sandbox) -> None:
    printed, secrets = watched(leaky, "opentelemetry")
    spans: list[str] = json.loads(printed)
    assert_hidden(spans, *secrets)
    assert len(spans) >= 110
    assert sum("access_token=***" in each for each in spans) >= 60


def test_of_everything_that_aiohttp_tells_those_who_trace_it(leaky: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of what the two do not listen to."""
    told: Shown = []

    async def note(_session: object, _context: object, params: Any) -> None:
        told.extend(repr(getattr(params, name, None)) for name in ("url", "exception"))
        if (response := getattr(params, "response", None)) is not None:
            told.append(repr([response.url, response.real_url, response.request_info.url]))

    traced, real = aiohttp.TraceConfig(), aiohttp.ClientSession.__init__
    signals: list[Any] = [
        traced.on_request_start, traced.on_request_end, traced.on_request_headers_sent, traced.on_request_exception,
        traced.on_request_chunk_sent, traced.on_response_chunk_received, traced.on_request_redirect,
    ]  # fmt: skip
    for each in signals:
        each.append(note)
    monkeypatch.setattr(aiohttp.ClientSession, "__init__", partialmethod(real, trace_configs=[traced]))
    app, robot, webhook = company(leaky)

    async def scenario() -> None:
        async with app:
            with suppress(DingTalkError):
                await Department.objects.using(app).get.aio(404)
            leaky.fail("*", drop="after")
            with suppress(DingTalkError):
                await Department.objects.using(app).get.aio(404)
        await robot.send.aio("一")
        await robot.aclose()

    asyncio.run(scenario())
    assert sum("access_token=***" in each for each in told) >= 9
    assert_hidden(told, webhook.token, *issued(leaky))
    app.close()


SECRET_TARGET = "/a%2fb?access_token=t0pToken0123456789&name=%e4%b8%80"


def test_a_connection_that_writes_requests_in_its_own_way_gets_the_whole_url(log: Shown) -> None:
    """Such as that of a recorder of tests. It could not put back what the URL leaves out."""
    recorded: list[str] = []

    class Recorder(HTTPConnection):
        def request(self, method: str, url: str, *args: Any, **options: Any) -> None:
            recorded.append(url)
            super().request(method, url, *args, **options)

    recording = type("Recording", (urllib3.HTTPConnectionPool,), {"ConnectionCls": Recorder})
    session = requests.Session()
    adapter = session.get_adapter("http://")
    assert isinstance(adapter, HTTPAdapter)
    adapter.poolmanager.pool_classes_by_scheme = {"http": recording}
    with peer(echo) as server:
        transport = RequestsTransport((5.0, 5.0), session)
        content = transport.send(HttpRequest("GET", server.url + SECRET_TARGET, {})).content
        transport.close()
    assert "t0pToken0123456789" in recorded[0]
    assert b"t0pToken0123456789" in content
    assert_hidden(log, "t0pToken0123456789")


def test_a_request_of_the_application_itself_gets_nothing_of_ours() -> None:
    """It may come from a function that is told of progress, and go over the same pools."""
    session = requests.Session()
    with peer(echo) as server:
        got: list[str] = []

        def tell(_done: int, _total: int) -> None:
            got.append(session.get(f"{server.url}/own?token=mine", timeout=5).text)

        transport = RequestsTransport((5.0, 5.0), session)
        content = FileBody(Upload(b"one", "a.txt", progress=tell))
        sent = transport.send(HttpRequest("POST", server.url + SECRET_TARGET, {}, content))
        assert session.get(f"{server.url}/later", timeout=5).text == "/later"
        transport.close()
    assert got == ["/own?token=mine"]
    assert sent.content.decode() == SECRET_TARGET


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # that a socket was left to be collected
def test_nor_does_one_after_an_interrupt() -> None:
    """Wherever Ctrl-C came in a call, a later request over the same pools is not taken for that call."""
    session, times = requests.Session(), count()
    with peer(echo) as server:
        transport = RequestsTransport((5.0, 5.0), session)
        moments = Moments(lambda: transport.send(get(server.url, f"/ours/{next(times)}")))
        transport.send(get(server.url))
        for moment in range(1, moments.count() + 1):
            with suppress(Interrupt, TransportError):
                moments.bring(moment, interrupt)
            assert session.get(f"{server.url}/own/{moment}", timeout=5).text == f"/own/{moment}"
        transport.close()
        gc.collect()
    assert next(times) > 20


# -- replies that repeat what was sent -------------------------------------------------------------------------------

ODD_TOKEN = "t0p+Tok/en&=0123456789"
REPEATED: dict[str, Callable[[str], bytes]] = {
    "a refusal": lambda url: json.dumps({"errcode": 40035, "errmsg": f"bad: {url}", "request_id": url}).encode(),
    "of the newer host": lambda url: json.dumps({"code": f"odd.{url}", "message": url, "requestid": url}).encode(),
    "escaped": lambda url: json.dumps({"errcode": 40035, "errmsg": url}).replace("t0p", "\\u00740p").encode(),
    "a page": lambda url: f"<html><p>{html.escape(url)}</p>".encode(),
    "a page with the text": lambda url: f"<html><p>{unquote(url)}</p>".encode(),
    "cut in the middle": lambda url: f"<html>{'x' * 90}{url}".encode(),
    "cut JSON": lambda url: b'{"errcode": 0, "' + unquote(url).replace("/", "\\/").encode(),
    "something else": lambda url: json.dumps([url]).encode(),
    "scopes": lambda url: json.dumps({"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied", "message": url,
                                      "accessdenieddetail": {"requiredScopes": [url]}}).encode(),
}  # fmt: skip


STATUSES = ["200 OK", "400 Bad Request", "429 Too Many Requests", "503 Service Unavailable"]


@both
@pytest.mark.parametrize("path", ["/topapi/v2/nothing", "/v1.0/nothing"])
@pytest.mark.parametrize("repeat", REPEATED.values(), ids=REPEATED)
def test_of_a_reply_that_repeats_what_was_sent(send: Send, path: str, repeat: Callable[[str], bytes]) -> None:
    statuses = iter(STATUSES)

    def reply(request: bytes) -> bytes:
        found = re.search(rb"(?i)access-token: (\S+)", request)
        said = target_of(request) + (quote(found[1].decode(), safe="") if found else "")
        return answer(repeat(said), next(statuses), f"Content-Type: {said}\r\nX-Acs-Request-Id: {said}\r\n")

    with peer(answering(reply)) as server:
        app = DingTalkApp(appkey="k", appsecret=APP_SECRET, oapi_url=server.url, api_url=server.url, retry=None)
        app.session.set(app.access_token_credential.key, ODD_TOKEN, 7000)
        call = app.request.call("GET", path, query={"authCode": CODE, "userid": "zhaolei"})
        app.limiter = None
        for _ in STATUSES:
            with pytest.raises(DingTalkError) as caught:
                send(app, call)
            shown = reported(caught.value)
            assert_hidden(shown, CODE, ODD_TOKEN, quote(ODD_TOKEN, safe=""), html.escape(ODD_TOKEN), ODD_TOKEN[:9])
            assert "zhaolei" in "".join(shown)
        app.close()
    sent = [request.decode() for request in server.heard]
    assert len(sent) == len(STATUSES)
    assert all(CODE in each and (quote(ODD_TOKEN, safe="") in each or ODD_TOKEN in each) for each in sent)


NAMED = [
    "access_token", "accessToken", "refreshToken", "refresh_token", "authCode", "auth_code", "tmp_auth_code",
    "tmpAuthCode", "permanent_code", "persistent_code", "suiteTicket", "jsapiTicket", "ticket", "appsecret",
    "clientSecret", "apiSecret", "initPassword", "signature", "Authorization",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_of_a_request_whose_names_say_what_is_secret(ready: DingTalkApp, name: str) -> None:
    for call in (
        ready.request.call("POST", "/topapi/v2/nothing", query={name: CODE}),
        ready.request.call("POST", "/topapi/v2/nothing", body={"inner": [{name: CODE}]}),
    ):
        assert_hidden([*shown_by(partial(ready.send, call)), repr(call), repr(call.request)], CODE)


@pytest.mark.parametrize(
    "path", ["/topapi/v2/user/getuserinfo", "/sns/getuserinfo_bycode", "/v1.0/oauth2/userAccessToken"]
)
def test_of_a_code_of_a_login(ready: DingTalkApp, path: str) -> None:
    call = ready.request.call("POST", path, body={"code": CODE})
    assert_hidden([*shown_by(partial(ready.send, call)), repr(call), repr(call.request)], CODE)
    assert "ABC" in repr(ready.request.call("POST", "/topapi/v2/department/update", body={"code": "ABC"}))


@pytest.mark.parametrize("name", ["nextToken", "next_token", "clientToken", "ticketNo", "max_tokens", "code"])
def test_what_is_no_secret_is_shown(ready: DingTalkApp, name: str) -> None:
    assert "shown" in repr(ready.request.call("POST", "/topapi/v2/nothing", body={name: "shown"}))


# -- the secret itself -----------------------------------------------------------------------------------------------


def test_a_secret_prints_as_stars(leaky: Sandbox) -> None:
    secret = Secret(PASSWORD)
    texts = [str(secret), repr(secret), f"{secret}", f"{secret!r}", "%s" % secret, "{}".format(secret)]  # noqa: UP031, UP032
    assert set(texts) == {"***"}
    assert f"{secret:>5}" == "  ***"
    assert repr({"a": [secret]}) == "{'a': [***]}"
    assert secret.get_secret_value() == PASSWORD
    assert (secret == Secret(PASSWORD), secret == PASSWORD, bool(Secret(""))) == (True, False, False)
    app = leaky.app()
    assert app.appsecret == Secret(APP_SECRET)
    assert app.appsecret is Secret.of(app.appsecret)


def test_a_secret_is_left_out_when_it_is_pickled() -> None:
    stored = pickle.dumps({"secret": Secret(PASSWORD)})
    assert PASSWORD.encode() not in stored
    left: Secret = pickle.loads(stored)["secret"]
    assert (repr(left), left == Secret(PASSWORD), Secret(PASSWORD) == left) == ("***", False, False)
    assert len({left, Secret(PASSWORD)}) == 2
    with pytest.raises(ConfigurationError, match="left out when it was pickled"):
        left.get_secret_value()


def test_a_secret_is_sent(leaky: Sandbox) -> None:
    app = leaky.app(appsecret=Secret(APP_SECRET))
    User.objects.using(app).create("x", None, [1], exclusive_account=True, login_id="x", init_password=Secret(PASSWORD))
    sent = [received.body for received in leaky.calls]
    assert tuple(re.findall("t0p[A-Za-z0-9]+", str(sent))) == (APP_SECRET, PASSWORD)
    app.close()
