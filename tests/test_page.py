"""The page of the sandbox over HTTP: what it shows, what it hides, and what it costs."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import requests
from waiting import until

from dingtalk_models import ApiError, Card, DingTalkApp, NotFound, Robot, User, WorkNotification
from dingtalk_models.message import ActionCard, Markdown, RobotSpace
from dingtalk_models.sandbox import Audio, Credentials, File, Picture, RichText, Sandbox, Video
from dingtalk_models.sandbox.page import texts
from dingtalk_models.sandbox.page.calls import python
from dingtalk_models.sandbox.page.looks import Look
from dingtalk_models.sandbox.server.envelopes import Answer, ReceivedRequest
from dingtalk_models.sandbox.state.talk.message import NotificationTask

FOLDER = Path(texts.__file__).parent
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
ADDRESSES = [
    "/",
    "/_page/phone",
    "/_page/phone?who=zhaolei&chat=robot",
    "/_page/phone?who=zhaolei&chat=notices",
    "/_page/phone?who=zhaolei&chat=approvals",
    "/_page/company",
    "/_page/company?dept=100",
    "/_page/company?user=zhaolei",
    "/_page/company?part=roles",
    "/_page/company?part=forms",
    "/_page/events",
    "/_page/events?type=user_add_org",
    "/_page/faults",
]


def get(sandbox: Sandbox, address: str, **headers: str) -> requests.Response:
    return requests.get(sandbox.url + address, headers=headers, timeout=10)


class Tags(HTMLParser):
    """What a browser would make of a page: its tags, and its texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


# -- texts


def test_every_text_has_a_twin() -> None:
    for key, (english, chinese) in texts.TEXTS.items():
        assert english, key
        assert re.search(r"[\u4e00-\u9fff]", chinese), key
        assert not re.search(r"[\u4e00-\u9fff]", english), key
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese)), key


def test_every_text_is_used_and_every_used_one_is_there() -> None:
    source = "".join(path.read_text("utf-8") for path in FOLDER.rglob("*.html"))
    source += "".join(path.read_text("utf-8") for path in FOLDER.rglob("*.py") if path.name != "texts.py")
    named = set(re.findall(r'\bt\("([\w.]+)"', source)) | set(re.findall(r"\bt\('([\w.]+)'", source))
    built = tuple(re.findall(r"""\bt\(["']([\w.]+)["'] ~""", source))
    assert named - set(built) <= texts.TEXTS.keys()
    sections = {"calls", "phone", "company", "events", "faults"}
    for key in texts.TEXTS:
        assert key in named | sections or key.startswith(built) or f'"{key}"' in source, key


def test_every_language_and_theme_shows_the_same(sandbox: Sandbox) -> None:
    for address in ADDRESSES:
        english, chinese = (
            get(sandbox, address, **{"accept-language": each}).text for each in ("en", "zh-CN,zh;q=0.9")
        )
        assert '<html lang="en"' in english
        assert '<html lang="zh-CN"' in chinese
        assert [tag for tag, _ in Tags(english).tags] == [tag for tag, _ in Tags(chinese).tags], address
        assert "<h1" in english or "<h2" in english


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("fr, zh-TW;q=0.4, en;q=0.2", "zh"),
        ("zh;q=0.3, en;q=0.8", "en"),
        ("zh;q=x", "en"),
        ("*", "en"),
    ],
)
def test_the_language_that_the_browser_prefers(sandbox: Sandbox, accepted: str, language: str) -> None:
    assert f'<html lang="{language}' in get(sandbox, "/", **{"accept-language": accepted}).text


def test_language_and_theme_are_kept_in_cookies(sandbox: Sandbox) -> None:
    with requests.Session() as browser:
        for field, value, shown in (("language", "zh", 'lang="zh-CN"'), ("theme", "dark", 'data-theme="dark"')):
            form = {field: value, "back": "/_page/company?dept=100"}
            reply = browser.post(f"{sandbox.url}/_page/settings", data=form, timeout=5)
            assert reply.url == f"{sandbox.url}/_page/company?dept=100"
            assert shown in reply.text
            cookie = reply.history[0].headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
        assert 'data-theme="dark"' in browser.get(sandbox.url, timeout=5).text


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_settings_lead_to_no_other_site(sandbox: Sandbox, back: str) -> None:
    form = {"theme": "neon", "language": "fr", "back": back}
    reply = requests.post(f"{sandbox.url}/_page/settings", data=form, allow_redirects=False, timeout=5)
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    assert "set-cookie" not in reply.headers


TEXTS = {
    "text": ["bg", "surface", "raised", "code", "mine", "accent-soft"],
    "quiet": ["bg", "surface", "raised", "line"],
    "accent": ["surface", "bg", "accent-soft"],
    "on-accent": ["accent"],
    **{name: ["surface", f"{name}-soft"] for name in ("ok", "bad", "warn")},
}
"""Colours of texts, and those behind them."""


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_texts_can_be_read(theme: int) -> None:
    """The contrast is what WCAG asks for: 4.5."""
    css = (FOLDER / "static" / "page.css").read_text("utf-8")
    colours = {name: pair[theme] for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", css)}

    def luminance(name: str) -> float:
        digits = colours[name][1:]
        digits = digits if len(digits) == 6 else "".join(each * 2 for each in digits)
        parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for text, grounds in TEXTS.items():
        for ground in grounds:
            darker, lighter = sorted((luminance(text), luminance(ground)))
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, ground)


# -- what is shown


def test_calls_are_shown_with_name_status_and_app(sandbox: Sandbox, app: DingTalkApp) -> None:
    User.get("zhaolei")
    page = get(sandbox, "/", **{"accept-language": "zh"}).text
    for shown in ("查询用户详情", "/topapi/v2/user/get", "200", sandbox.appkey, " ms"):
        assert shown in page
    assert "获取" in page  # the token


def test_a_call_is_opened_with_its_hint(sandbox: Sandbox, app: DingTalkApp) -> None:
    with pytest.raises(NotFound) as caught:
        User.get("nobody")
    number = sandbox.calls[-1].number
    for language in ("en", "zh"):
        page = get(sandbox, f"/?call={number}", **{"accept-language": language}).text
        assert (caught.value.hint or "").split(" / ")[language == "zh"] in page
        assert "60121" in page
        assert "app.run(" in page


def test_the_filter(sandbox: Sandbox, app: DingTalkApp) -> None:
    User.get("zhaolei")
    with pytest.raises(NotFound):
        User.get("nobody")
    rows = re.compile(r'<li id="call-')
    assert [len(rows.findall(get(sandbox, address).text)) for address in ("/", "/?state=ok", "/?state=refused")] == [
        3,
        2,
        1,
    ]
    assert [
        len(rows.findall(get(sandbox, f"/?q={text}").text)) for text in ("USER/GET", "60121", "详情", "nothing")
    ] == [2, 1, 2, 0]
    assert "No call passes this filter" in get(sandbox, "/?q=nothing").text


def test_python_that_makes_the_same_request(sandbox: Sandbox, app: DingTalkApp) -> None:
    """What is copied is run, and the same arrives."""
    app.use()
    requested: list[tuple[Any, ...]] = [
        ("POST", "/topapi/v2/user/get", {"body": {"userid": "zhaolei"}}),  # the client would add the language
        ("POST", "/topapi/v2/user/list", {"body": {"dept_id": 1, "cursor": 0, "size": 10}}),  # a list, which is lazy
        ("POST", "/topapi/v2/user/get", {"body": {"userid": "zhaolei", "class": 1}}),
        ("POST", "/v1.0/contact/users/search", {"body": {"queryWord": '"赵\\磊" ' * 20, "offset": 0, "size": 10}}),
        ("GET", "/topapi/v2/user/get", {"query": {"userid": "zhaolei"}}),
        ("POST", "/v1.0/no/such/api", {"body": [1, None, True, 0.5]}),
    ]
    for verb, path, options in requested:
        with contextlib.suppress(ApiError):
            app.request(verb, path, **options)
    User.get("zhaolei")
    User.get("zhaolei").update(title='总监"\\', extension={"爱好": "x"})
    WorkNotification.send(Markdown("周报", "- 一\n- 二"), userids=["zhaolei", "sunjing"])
    Robot.send("在吗", ["zhaolei"])
    app.request("GET", "/v1.0/microApp/apps/{agentId}/scopes", path={"agentId": 12})
    app.platform.todo_1_0.create_todo_task(
        "u1", subject="写周报", priority=20, due_time=datetime(2026, 12, 1, tzinfo=UTC)
    )
    app.platform.todo_1_0.delete_todo_task("u1", "t1", operator_id="u 1")
    app.platform.todo_1_0.delete_todo_task("u/1%2F", "100%", operator_id="u 1")
    made = [call for call in sandbox.calls if call.name != "oauth2_1_0.GetAccessToken"]
    for place, call in enumerate(made):
        code = python(call, Look(sandbox, {}, "en"))
        total = sandbox.calls.total
        with contextlib.suppress(ApiError):
            exec(code, {"app": app})
        (again,) = sandbox.calls.since(total)
        assert (again.method, again.path, again.body) == (call.method, call.path, call.body), code
        assert {**again.query, "access_token": ""} == {**call.query, "access_token": ""}, code
        assert ("app.run(" if place >= len(requested) else "app.request(") in code, code
        assert "access_token" not in code


def test_secrets_are_masked_everywhere(sandbox: Sandbox, app: DingTalkApp) -> None:
    User.get("zhaolei")
    odd = {"note": f"our secret is {sandbox.appsecret}", "url": "https://a.example/?access_token=abcdef123"}
    app.request("POST", "/topapi/v2/user/get", body={"userid": "zhaolei", **odd})
    requests.get(f"{sandbox.url}/gettoken?appkey={sandbox.appkey}&appsecret={sandbox.appsecret}", timeout=5)
    requests.get(f"{sandbox.url}/x", headers={"Authorization": "Bearer abcdef123", "Cookie": "a=abcdef123"}, timeout=5)
    app.request("GET", "/v1.0/microApp/apps/{agentId}/scopes", path={"agentId": 12})
    token, _ = sandbox.company.credentials.issue_token()
    for call in sandbox.calls:
        page = get(sandbox, f"/?call={call.number}").text
        for secret in (token, sandbox.appsecret, sandbox.corp_secret, "abcdef123"):
            assert secret not in page, call


def test_a_secret_that_is_empty_hides_nothing() -> None:
    with Sandbox(credentials=Credentials(sso_secret="")) as sandbox:
        assert Look(sandbox, {}, "en").hide({"name": "赵磊"}) == {"name": "赵磊"}


def test_a_search_holds_up_nobody(sandbox: Sandbox) -> None:
    """The filter looks at every call that is kept, on the thread that serves: each has a path of its own here."""
    for number in range(10_000):
        sandbox.calls.add(
            ReceivedRequest("POST", f"/v1.0/todo/users/u{number}/tasks", {}, {}), Answer.json({}), 0.0, 0.0
        )
    requests.get(f"{sandbox.url}/", timeout=30)
    begun = time.process_time()
    assert "u9999" not in requests.get(f"{sandbox.url}/?q=nothing", timeout=30).text
    assert time.process_time() - begun < 1
    begun = time.process_time()
    assert "u9999" in requests.get(f"{sandbox.url}/?q=todo_1_0", timeout=30).text
    assert time.process_time() - begun < 0.3


def test_names_from_calls_are_text(sandbox: Sandbox, app: DingTalkApp) -> None:
    """Whatever an application sends, a browser finds no tag of it, no handler of events and no odd address."""
    app.use()
    company = sandbox.company
    company.users["zhaolei"].name = company.users["zhaolei"].title = HOSTILE
    company.departments[100].name = company.departments[1].name = HOSTILE
    company.roles[911].name = HOSTILE
    company.workflow.forms["PROC-LEAVE"].name = HOSTILE
    sandbox.say("zhaolei", HOSTILE)
    markdown = f"# {HOSTILE}\n[x](javascript:alert(1)) ![x](https://evil.example/x.png) [y](https://ok.example/)"
    WorkNotification.send(Markdown(HOSTILE[:20], markdown), userids=["zhaolei"])
    WorkNotification.send(ActionCard(HOSTILE[:20], markdown, "press", "javascript:alert(1)"), userids=["zhaolei"])
    template = sandbox.cards.add_template(buttons={HOSTILE: HOSTILE})
    Card.send(template, RobotSpace("zhaolei"), {"title": HOSTILE, HOSTILE: HOSTILE, "content": markdown})
    requests.post(f"{sandbox.url}/<script>{HOSTILE}", data=HOSTILE.encode(), headers={"x-odd": HOSTILE}, timeout=5)
    sandbox.push(HOSTILE, **{HOSTILE: HOSTILE})
    sandbox.fail(HOSTILE, known=False, body=HOSTILE)
    opened = [f"/?call={call.number}" for call in sandbox.calls]
    for address in (
        *ADDRESSES,
        *opened,
        "/_page/events?push=p0",
        f"/?q={HOSTILE}",
        f"/_page/phone?who={HOSTILE}",
        f"/_page/{HOSTILE}",
    ):
        page = Tags(get(sandbox, address).text)
        assert [attributes for tag, attributes in page.tags if tag == "script"] == [
            {"src": "/_page/static/page.js", "defer": None}
        ], address
        assert not [tag for tag, _ in page.tags if tag in ("img", "iframe", "style", "object")], address
        for _, attributes in page.tags:
            assert not [name for name in attributes if name.startswith("on") or name == "style"], address
            assert not (attributes.get("href") or "").startswith(("javascript:", "data:text"))


def test_odd_things_are_shown_too(sandbox: Sandbox, app: DingTalkApp) -> None:
    """JSON that is nested deeply, half of a character, addresses that are none, messages of any kind."""
    company, half = sandbox.company, "\ud800"
    deep = "[" * 900 + "]" * 900
    requests.post(f"{sandbox.url}/topapi/v2/user/get", data=f'{{"userid": {deep}, "x": "\\ud800"}}', timeout=5)
    company.users["zhaolei"].name = company.departments[100].name = f"赵磊{half}"
    notice = f'{{"agent_id": 1, "userid_list": "zhaolei", "msg": {{"msgtype": "text", "text": {deep}}}}}'
    requests.post(f"{sandbox.url}/topapi/message/corpconversation/asyncsend_v2", data=notice, timeout=5)
    requests.get(f"{sandbox.url}/v1.0/todo/users/%ff/tasks/%ed%a0%80", timeout=5)
    nested = {"TextareaField-LEAVE": "[" * 60_000}
    company.workflow.start(company.workflow.forms["PROC-LEAVE"], "zhaolei", nested, at=0, steps=[])
    outbox, talks = company.outbox, company.conversations
    links = [{"title": half, "messageURL": "http://["}, {"title": None, "messageURL": 7}, "no link"]
    kinds: dict[str, dict[str, Any]] = {
        "text": {"content": 7},
        "feedCard": {"links": links},
        "actionCard": {"title": half, "text": half, "btns": links, "singleTitle": "x", "singleURL": "dtmd:x"},
        "oa": {"head": "no head", "body": ["no body"], "message_url": "http://["},
        "sampleAudio": {"mediaId": "@x", "duration": "1"},
        "sampleVideo": {},
        "of its own": {"a": {"b": [half]}},
    }
    for number, (msgtype, content) in enumerate(kinds.items()):
        talks.robot_says(talks.alone("zhaolei"), msgtype, content, "robot")
        outbox.tasks[number] = NotificationTask(
            number, {"msgtype": msgtype, msgtype: content}, 0.0, 1, ["zhaolei"], {}, [], []
        )
    for what in (Picture(), Audio(recognition=half), Video(), File(half, b""), RichText([half, Picture()])):
        sandbox.say("zhaolei", what)
    opened = [f"/?call={call.number}" for call in sandbox.calls]
    for address in (*ADDRESSES, *opened):
        assert get(sandbox, address).status_code == 200, address


def test_only_its_own_files_are_loaded(sandbox: Sandbox) -> None:
    for address in (*ADDRESSES, "/_page/nothing", "/_page/static/page.css"):
        reply = get(sandbox, address)
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        for tag, attributes in Tags(reply.text).tags:
            for name in ("src", "action"):
                assert (attributes.get(name) or "/").startswith("/"), (tag, attributes)


@pytest.mark.parametrize(
    "address",
    [
        "/_page",
        "/_page/",
        "/_page/nothing",
        "/_page/live/nothing",
        "/_page/static/../page.py",
        "/_page/static/serving.py",
        "/?call=99",
        "/?call=²",
        "/_page/phone?who=nobody",
        "/_page/phone?chat=nothing",
        "/_page/company?dept=²",
        "/_page/company?dept=77",
        "/_page/company?user=nobody",
        "/_page/company?part=nothing",
        "/_page/events?push=p0",
        "/_page/events?push=x",
        "/_page/events?push=p" + "9" * 50,
        "/_page/events?type=nothing",
    ],
)
def test_what_is_not_there(sandbox: Sandbox, address: str) -> None:
    reply = get(sandbox, address)
    assert reply.status_code == 404
    assert "There is nothing here" in reply.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_empty_company_has_a_page_too(address: str) -> None:
    with Sandbox(org="empty") as sandbox:
        assert get(sandbox, address).status_code in (200, 404)
        assert "Nobody works here" in get(sandbox, "/_page/phone").text


def test_a_foreign_page_may_not_look_or_change(sandbox: Sandbox) -> None:
    assert get(sandbox, "/", Origin="https://evil.example").status_code == 403
    assert get(sandbox, "/", Host="evil.example").status_code == 403
    reply = requests.post(f"{sandbox.url}/_page/settings", headers={"Origin": "https://evil.example"}, timeout=5)
    assert reply.status_code == 403


def test_a_key_is_asked_for_once() -> None:
    with Sandbox(host="127.0.0.1", key="the-key") as sandbox, requests.Session() as browser:
        for address in ("/", "/_page/company", "/?key=wrong"):
            reply = browser.get(sandbox.url + address, timeout=5)
            assert reply.status_code == 401
            assert 'name="key"' in reply.text
            assert "钉峰" not in reply.text
        assert ("This is not the key" in reply.text) is True
        assert browser.get(f"{sandbox.url}/_page/static/page.css", timeout=5).status_code == 200
        assert browser.get(f"{sandbox.url}/_page/live/calls", timeout=5).status_code == 401
        home = browser.get(f"{sandbox.url}/?key=the-key", timeout=5)
        assert (home.status_code, home.url) == (200, f"{sandbox.url}/")
        assert browser.get(f"{sandbox.url}/_page/company", timeout=5).status_code == 200


# -- live


def watch(sandbox: Sandbox, address: str) -> requests.Response:
    return requests.get(sandbox.url + address, stream=True, timeout=10)


def test_a_change_is_told(sandbox: Sandbox, app: DingTalkApp) -> None:
    with watch(sandbox, "/_page/live/calls") as stream:
        lines = (line for line in stream.iter_lines() if line.startswith(b"data:"))
        seen = {next(lines)}
        User.get("zhaolei")
        seen.add(next(lines))
        assert len(seen) == 2


def test_what_was_seen_is_not_told_again(sandbox: Sandbox) -> None:
    """The version in the page is the one that a stream begins with."""
    seen = re.search(r'data-seen="(\w+)"', get(sandbox, "/_page/company").text)
    assert seen
    with watch(sandbox, f"/_page/live/company?seen={seen[1]}") as stream:
        lines = stream.iter_lines()
        assert next(lines) == b"retry: 1000"
        sandbox.company.departments[100].name = "研究院"
        told = next(line for line in lines if line.startswith(b"data:"))
        assert told != f"data: {seen[1]}".encode()


def test_streams_end_with_the_sandbox(sandbox: Sandbox) -> None:
    streams = [watch(sandbox, f"/_page/live/{name}") for name in ("calls", "phone", "company", "events", "faults")]
    for stream in streams:
        next(stream.iter_lines())
    stopping = threading.Thread(target=sandbox.stop)
    stopping.start()
    stopping.join(10)
    assert not stopping.is_alive()
    for stream in streams:
        stream.close()


def test_streams_end_with_their_clients(sandbox: Sandbox) -> None:
    """Hundred tabs come and go, some by a cut: nothing of them stays, and calls are answered all the while."""
    host, port = sandbox.url.removeprefix("http://").split(":")
    get(sandbox, "/")
    loop: asyncio.AbstractEventLoop = getattr(vars(sandbox)["_server"], "_loop")  # noqa: B009 -- it is private
    before = len(asyncio.all_tasks(loop))

    def tab(number: int) -> None:
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.sendall(f"GET /_page/live/calls?q={number % 3} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            if number % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    with ThreadPoolExecutor(20) as pool:
        done = pool.map(tab, range(100))
        assert get(sandbox, "/gettoken").status_code == 200
        assert len(list(done)) == 100
    until(lambda: len(asyncio.all_tasks(loop)) <= before)


# -- cost


def test_nobody_looks_and_nothing_is_imported() -> None:
    code = (
        "import sys, requests\n"
        "from dingtalk_models.sandbox import Sandbox\n"
        "with Sandbox() as sandbox:\n"
        "    requests.get(sandbox.url + '/gettoken', timeout=5)\n"
        "    print([name for name in sys.modules if 'jinja2' in name or 'sandbox.page.' in name])\n"
        "    requests.get(sandbox.url, timeout=5)\n"
        "    print('jinja2' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.split() == ["[]", "True"]


def test_it_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    def absent(name: str) -> None:
        del name

    monkeypatch.setattr("dingtalk_models.sandbox.page.find_spec", absent)
    reply = get(sandbox, "/")
    assert reply.status_code == 501
    assert "dingtalk-models[sandbox]" in reply.text


def test_the_script_stays_small() -> None:
    assert len((FOLDER / "static" / "page.js").read_text("utf-8").splitlines()) < 400
