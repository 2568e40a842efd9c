"""What no client of the handle should send, and cut connections: each is answered, or nobody is disturbed by it."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from dingtalk_models.sandbox import Clock, Sandbox
from dingtalk_models.sandbox.handle import serving

DEEP = 50_000


def posted(sandbox: Sandbox, path: str, content: bytes, verb: str = "POST", **headers: str) -> requests.Response:
    url = f"{sandbox.url}/_sandbox{path}"
    return requests.request(verb, url, data=content, headers=headers, timeout=30)


def connected(sandbox: Sandbox) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(sandbox.url).port or 0))


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff\xfe{}",
        b'{"seconds": NaN',
        b'{"seconds": "\\ud800"}',
        b"[" * DEEP + b"]" * DEEP,
        b'{"seconds":' * DEEP + b"1" + b"}" * DEEP,
        b'{"seconds": ' + b"9" * 5000 + b"}",
        b"--x\r\n",
        b"seconds=1",
        b"\x00" * 1000,
    ],
    ids=repr,
)
def test_what_is_no_json(sandbox: Sandbox, content: bytes) -> None:
    reply = posted(sandbox, "/clock/advance", content)
    assert (reply.status_code, reply.json()["error"]) == (400, "malformed")
    assert reply.json()["hint"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "seconds"),
        (b"null", "body"),
        (b"[]", "body"),
        (b'"1"', "body"),
        (b'{"seconds": "1"}', "seconds"),
        (b'{"seconds": true}', "seconds"),
        (b'{"seconds": null}', "seconds"),
        (b'{"seconds": NaN}', "seconds"),
        (b'{"seconds": 1e999}', "seconds"),
        (b'{"seconds": -1}', "seconds"),
        (b'{"seconds": 1, "minutes": 1}', "minutes"),
    ],
)
def test_what_does_not_fit(sandbox: Sandbox, content: bytes, field: str) -> None:
    before = sandbox.clock.now()
    reply = posted(sandbox, "/clock/advance", content)
    assert (reply.status_code, reply.json()["error"]) == (422, "invalid")
    assert [each["field"] for each in reply.json()["fields"]] == [field]
    assert sandbox.clock.now() < before + 60


def test_the_clock_stays_within_what_a_date_can_be(sandbox: Sandbox) -> None:
    assert posted(sandbox, "/clock/advance", b'{"seconds": 1e300}').status_code == 422
    assert posted(sandbox, "/clock/advance", b'{"seconds": 3e10}').status_code == 200
    assert posted(sandbox, "/clock/advance", b'{"seconds": 3e10}').status_code == 422
    assert requests.get(f"{sandbox.url}/_sandbox/clock", timeout=10).json()["beijing"].startswith("29")


def test_the_kind_of_content_does_not_matter(sandbox: Sandbox) -> None:
    # curl sends JSON as a form
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        assert posted(sandbox, "/clock/advance", b'{"seconds": 1}', **{"Content-Type": kind}).status_code == 200


@pytest.mark.parametrize("path", ["/users?nothing=1", "/users?dept_id=x", "/calls?limit=0", "/calls?api=nothing.api"])
def test_a_query_that_does_not_fit(sandbox: Sandbox, path: str) -> None:
    reply = posted(sandbox, path, b"", "GET")
    assert (reply.status_code, reply.json()["error"]) == (422, "invalid")


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "", 404),
        ("GET", "/", 404),
        ("GET", "/nothing", 404),
        ("GET", "/users/nobody", 404),
        ("GET", "/users/%00", 404),
        ("GET", "/users/%ff", 404),
        ("GET", "/departments/x", 422),
        ("GET", "/departments/99999999999999999999999", 404),
        ("DELETE", "/users/nobody", 404),
        ("PUT", "/users", 405),
        ("BREW", "/users", 405),
        ("HEAD", "/users", 200),
    ],
)
def test_what_is_not_there(sandbox: Sandbox, verb: str, path: str, status: int) -> None:
    reply = posted(sandbox, path, b"", verb)
    assert reply.status_code == status
    if verb != "HEAD":
        assert reply.json()["status"] == status
    assert ("Allow" in reply.headers) == (status == 405)


def test_a_body_that_is_too_large(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LARGEST", 1000)
    assert posted(sandbox, "/clock/advance", b'{"seconds": 1}'.ljust(1000)).status_code == 200
    with connected(sandbox) as plain:
        # the length is not told, and the end does not come
        plain.sendall(b"POST /_sandbox/clock/advance HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        plain.sendall(b"3e9\r\n" + b" " * 1001 + b"\r\n")
        assert plain.makefile("rb").readline().split()[1] == b"413"


def test_a_state_that_is_none(sandbox: Sandbox) -> None:
    state = requests.get(f"{sandbox.url}/_sandbox/state", timeout=10).content
    for content in (b"", b"{}", b"\xff" * 100, state[:-20], state.replace(b"zhaolei", b"zhaolie")):
        reply = posted(sandbox, "/state", content, "PUT")
        assert (reply.status_code, reply.json()["error"]) == (422, "invalid")
        assert "/tmp" not in reply.text
    assert posted(sandbox, "/state", state, "PUT").status_code == 204


@pytest.mark.parametrize("line", [b"{", b"[" * 100_000, b"{}", b"[]", b'{"deque":[],"most":%d}' % 10**30], ids=repr)
def test_a_state_that_was_made_up(sandbox: Sandbox, line: bytes) -> None:
    _, *lines = requests.get(f"{sandbox.url}/_sandbox/state", timeout=10).content.split(b"\n")
    content = b"\n".join([*lines[:-1], line, b""])
    head = {"format": "dingtalk-models sandbox", "version": 1, "sha256": hashlib.sha256(content).hexdigest()}
    reply = posted(sandbox, "/state", json.dumps(head).encode() + b"\n" + content, "PUT")
    assert (reply.status_code, reply.json()["error"]) == (422, "invalid")


@pytest.mark.parametrize(
    "url", ["http://a..b/", f"http://{'a' * 70}/", "http://a:99999/", "http://[::1/", "http://\0/"]
)
def test_the_robot_has_no_such_address(sandbox: Sandbox, url: str) -> None:
    assert posted(sandbox, "/robot", json.dumps({"url": url}).encode(), "PUT").status_code == 200
    said = posted(sandbox, "/say", b'{"who": "zhaolei", "what": "hello"}').json()
    assert (said["accepted"], [each["status"] for each in said["attempts"]]) == (False, [None])


def test_fields_with_the_names_of_arguments(sandbox: Sandbox) -> None:
    fields = {"event_type": "a", "self": 1, "eventId": ["x"]}
    pushed = posted(sandbox, "/events", json.dumps({"type": "user_add_org", "fields": fields}).encode())
    assert (pushed.status_code, pushed.json()["type"], pushed.json()["id"]) == (200, "user_add_org", "['x']")


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("fault", [{}, {"body": "x"}, {"code": "x"}, {"sub_code": "9" * 200}])
def test_a_status_without_a_body(
    sandbox: Sandbox, status: int, fault: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    posted(sandbox, "/faults", json.dumps({"path": "*", "status": status, **fault}).encode()).raise_for_status()
    assert requests.get(f"{sandbox.url}/gettoken", timeout=10).status_code == status
    assert not [each for each in caplog.records if each.exc_info]


def test_calls_whose_answers_are_odd(sandbox: Sandbox) -> None:
    for answer in ("[" * DEEP + "]" * DEEP, '{"a": "\\ud800"}', '{"a": NaN}'):
        sandbox.fail("/gettoken", body=answer)
        assert requests.get(f"{sandbox.url}/gettoken", timeout=10).text == answer
    replies = [each["reply"] for each in posted(sandbox, "/calls", b"", "GET").json()["calls"]]
    assert replies == ["[" * DEEP + "]" * DEEP, {"a": "\ufffd"}, '{"a": NaN}']


def test_connections_that_are_cut(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    head = b"POST /_sandbox/say HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
    for part in (head[:20], head, head + b'{"who"'):
        with connected(sandbox) as plain:
            plain.sendall(part)
    body = b'{"conversation": "zhaolei", "number": 0, "timeout": 60}'
    requests.post(f"{sandbox.url}/_sandbox/say", json={"who": "zhaolei", "what": "在吗"}, timeout=10).raise_for_status()
    with connected(sandbox) as plain:
        plain.sendall(b"POST /_sandbox/replies/wait HTTP/1.1\r\nHost: localhost\r\n")
        plain.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        assert requests.get(f"{sandbox.url}/_sandbox/clock", timeout=10).ok
    assert requests.get(f"{sandbox.url}/_sandbox/clock", timeout=10).ok
    sandbox.stop()  # returns, although somebody waits
    assert not [each for each in caplog.records if each.exc_info]


def test_who_waits_holds_nobody_up(sandbox: Sandbox) -> None:
    requests.post(f"{sandbox.url}/_sandbox/say", json={"who": "zhaolei", "what": "在吗"}, timeout=10).raise_for_status()
    talk, answered = sandbox.conversation("zhaolei"), threading.Barrier(9)

    def wait(_: int) -> Any:
        answered.wait()
        body = {"conversation": "zhaolei", "number": 0, "timeout": 30}
        return requests.post(f"{sandbox.url}/_sandbox/replies/wait", json=body, timeout=60).json()["text"]

    with ThreadPoolExecutor(8) as pool:
        waiting = pool.map(wait, range(8))
        answered.wait()
        assert requests.get(f"{sandbox.url}/gettoken", timeout=10).json()["errcode"] == 40035
        assert requests.get(f"{sandbox.url}/_sandbox/clock", timeout=10).ok
        sandbox.company.conversations.robot_says(talk, "text", {"content": "在的"}, "robot")
        assert [*waiting] == ["在的"] * 8


def test_more_wait_than_there_are_threads_for(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_WAITING", 2)

    def say(number: int) -> str:
        body = {"who": "zhaolei", "what": str(number)}
        return str(requests.post(f"{sandbox.url}/_sandbox/say", json=body, timeout=30).json()["text"])

    for _ in range(2):  # the second time, after a restart
        sandbox.start()
        with ThreadPoolExecutor(8) as pool:
            assert [*pool.map(say, range(8))] == [*map(str, range(8))]
        sandbox.stop()


def test_what_the_sandbox_itself_gets_wrong(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> float:
        raise KeyError("lost")

    monkeypatch.setattr(Clock, "ahead", property(broken))
    reply = requests.get(f"{sandbox.url}/_sandbox/clock", timeout=10)
    assert (reply.status_code, reply.json()["error"]) == (500, "broken")
    assert any(each.exc_info and isinstance(each.exc_info[1], KeyError) for each in caplog.records)


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("/say", {"who": "nobody", "what": "在吗"}, 404, "nobody"),
        ("/say", {"who": "zhaolei", "what": "在吗", "to": "cid"}, 404, "cid"),
        ("/say", {"who": "zhaolei", "what": {"type": "file", "name": "a", "content": "!"}}, 422, "content"),
        ("/answers", {"name": "nothing.api", "answer": {}}, 422, "nothing.api"),
        ("/users", {"name": "林薇", "dept_id_list": [310], "mobile": "13900000001"}, 409, "60104"),
        ("/users", {"name": "林薇", "dept_id_list": [9999], "mobile": "13811112222"}, 409, "60003"),
        ("/departments", {"name": "a", "parent_id": 9999}, 409, "60004"),
        ("/groups", {"userids": ["nobody"]}, 409, "parameter.invalid"),
        ("/forms", {"name": "a", "components": [{"type": "x", "label": "y"}]}, 409, "formschema"),
        ("/forms", {"name": "a", "components": [], "steps": [{"users": ["nobody"]}]}, 409, "nobody"),
        ("/faults", {"path": "*", "headers": {"Content-Length": "1"}}, 422, "content-length"),
        ("/faults", {"path": "*", "headers": {"a\r\nb": "1"}}, 422, "headers"),
        ("/faults", {"path": "*", "sub_code": "9" * 5000}, 422, "sub_code"),
        ("/login-codes", {"userid": "nobody"}, 404, "nobody"),
        ("/punches", {"userid": "zhaolei", "at": "2026-01-01T09:00:00"}, 422, "at"),
        ("/approvals", {"process_code": "x", "values": {}, "by": "zhaolei"}, 404, "x"),
        ("/clicks", {"card": "x", "action_ids": ["a"], "by": "zhaolei"}, 404, "x"),
        ("/replies/wait", {"conversation": "zhaolei", "number": 0}, 404, "0"),
        ("/stream/wait", {"count": 1, "timeout": 0}, 409, "connected"),
        ("/stream/callbacks", {"topic": "x", "data": {}}, 404, "x"),
        ("/stream/drop", {"clients": ["x"]}, 404, "x"),
        ("/events", {"type": "nothing"}, 404, "nothing"),
        ("/shifts", {"name": "a", "times": ["09:00", "18:00", "20:00"]}, 422, "times"),
        ("/shifts", {"name": "a", "times": ["9", "18:00"]}, 422, "times.0"),
        ("/attendance-groups", {"name": "a", "owner_user_id": "zhaolei", "week": [1] * 7}, 404, "shift 1"),
        (
            "/external-contacts",
            {"name": "a", "mobile": "1381111", "follower_user_id": "nobody"},
            422,
            "follower_user_id",
        ),
        ("/reads", {"message": 1, "by": "zhaolei"}, 404, "1"),
    ],
)
def test_what_cannot_be_done(sandbox: Sandbox, path: str, body: dict[str, Any], status: int, told: str) -> None:
    reply = posted(sandbox, path, json.dumps(body).encode())
    assert reply.status_code == status, reply.text
    assert told in reply.text
    assert set(reply.json()) == {"status", "error", "message", "fields", "hint", "code"}
