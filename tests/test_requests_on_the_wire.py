"""What a request is on the wire: addresses and ids as they are, and what cannot be sent is refused before it is."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from typing import Any

import pytest
from peers import Caller, Peer, answer, answering, both, peer

from dingtalk_models import ApiError, Dentry, HttpRequest, Secret, Space, TransportError
from dingtalk_models.call.exchange import prepare
from dingtalk_models.sandbox import Sandbox


@pytest.fixture
def server() -> Generator[Peer]:
    """A server that notes what it hears."""
    with peer(answering(lambda request: answer(7))) as running:
        yield running


def line(server: Peer) -> str:
    """The last request line."""
    return server.heard[-1].partition(b"\r\n")[0].decode("latin-1")


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/?access_token=t",
        "/a/b?x=1&y=2",
        "/%E5%BC%A0%E4%B8%89?name=%E5%BC%A0",
        "/a%2Fb%2E%2E/c",
        "/%2E%2E/%2E/x",
        "/a//b///c",
        "/a?b=c?d=/../e",
        "/a;b=c,d(e)!*'~$@:&=+",
        "/x?Expires=1&OSSAccessKeyId=a&Signature=a%2Bb%2Fc%3D",
        "/a+b?c+d=e%20f",
        "/a?b=%26%3D%23",
    ],
)
def test_an_address_goes_out_as_it_is(server: Peer, caller: Caller, target: str) -> None:
    caller.send(HttpRequest("GET", server.url + target, {}))
    assert line(server) == f"GET {target} HTTP/1.1"
    assert re.findall(rb"(?i)\r\nhost: (.*?)\r\n", server.heard[0]) == [server.url.partition("//")[2].encode()]


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("/报告.pdf?名=值", "/%E6%8A%A5%E5%91%8A.pdf?%E5%90%8D=%E5%80%BC"),
        ("/a%20é", "/a%20%C3%A9"),
        ("/a#fragment", "/a"),
        ("/\ud800", "/%ED%A0%80"),
        ("?a=b", "/?a=b"),
    ],
)
def test_what_an_address_cannot_hold_is_written_in_percent_signs(
    server: Peer, caller: Caller, target: str, sent: str
) -> None:
    caller.send(HttpRequest("GET", server.url + target, {}))
    assert line(server) == f"GET {sent} HTTP/1.1"


ADDRESSES = [
    "",
    "nonsense",
    "nonsense://127.0.0.1/",
    "http://",
    "http:///path",
    "http://[::1/",
    "http://[bad]/",
    "http://127.0.0.1:99999999/",
    "http://127.0.0.1:port/",
    "http://exa mple.com/",
    "http://张三.example:1/",
    "http://%31/",
    "file:///etc/passwd",
    "//127.0.0.1/",
    "{url}/a b",
    "{url}/a\tb",
    "{url}/a\r\nX-Injected: 1",
    "{url}/a\x00b",
    "{url}/a\x7fb",
    " {url}/a",
    "{url}/a ",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_cannot_be_sent_is_refused(server: Peer, caller: Caller, address: str) -> None:
    """It may come from a reply: a signed address."""
    with pytest.raises(TransportError) as caught:
        caller.send(HttpRequest("GET", address.replace("{url}", server.url), {}))
    assert not caught.value.sent
    assert server.heard == []


HEADERS = [
    ("X-Signed", "a\r\nX-Injected: 1"),
    ("X-Signed", "a\nX-Injected: 1"),
    ("X-Signed", "a\rb"),
    ("X-Signed", "a\r\n b"),
    ("X-Signed", "a\x00b"),
    ("X-Signed", "张三"),
    ("X-Signed", "\ud800"),
    ("X-Signed\r\nX-Injected", "1"),
    ("X Signed", "1"),
    ("X-Signed:", "1"),
    ("", "1"),
    ("Content-Length", "3"),
    ("content-length", "100"),
    ("Transfer-Encoding", "chunked"),
    ("Connection", "close"),
    ("Upgrade", "h2c"),
    ("Expect", "100-continue"),
]


@pytest.mark.parametrize(("name", "value"), HEADERS)
def test_a_header_that_would_be_something_else_is_refused(server: Peer, caller: Caller, name: str, value: str) -> None:
    """It may come from a reply: the headers of a signed address."""
    with pytest.raises(TransportError, match=r"a header .* that cannot be sent") as caught:
        caller.send(HttpRequest("PUT", f"{server.url}/", {"Content-Type": "text/plain", name: value}, b"content"))
    assert not caught.value.sent
    assert server.clients == []


def test_signed_headers_arrive_and_no_others(server: Peer, caller: Caller) -> None:
    """The store counts those that belong to the signature: one more, and it is wrong."""
    signed = {"Authorization": "OSS k:s+/=", "x-oss-date": "Mon, 01 Jan 2024 00:00:00 GMT", "Content-Type": ""}
    for headers in (signed, {}):
        caller.send(HttpRequest("PUT", f"{server.url}/", headers, b"content"))
    heads = [request.partition(b"\r\n\r\n")[0].decode() for request in server.heard]
    sent = [dict(re.findall(r"\r\n([^:]+): ?([^\r]*)", head)) for head in heads]
    assert sent[0].items() >= signed.items()
    assert sent[0].keys() - signed.keys() == sent[1].keys()
    assert {name.lower() for name in sent[1]} == {"host", "user-agent", "accept-encoding", "content-length"}


SIGNED: list[dict[str, Any]] = [
    {"resourceUrls": ["http://[bad/x"], "headers": {}},
    {"resourceUrls": ["{url}/a\r\nX: y"], "headers": {}},
    {"resourceUrls": ["{url}/x"], "headers": {"X-Signed": "a\r\nX-Injected: 1"}},
    {"resourceUrls": ["{url}/x"], "headers": {"Transfer-Encoding": "chunked"}},
    {"resourceUrls": ["gopher://127.0.0.1/x"], "headers": {}},
    {"resourceUrls": [""], "headers": {}},
]


@both
@pytest.mark.parametrize("signature", SIGNED)
def test_what_the_platform_signs_wrongly_is_an_error_of_ours(send: Any, signature: dict[str, Any]) -> None:
    with Sandbox() as sandbox:
        app = sandbox.app(retry=None)
        who = sandbox.company.users["caohui"].unionid
        with app:
            uuid = Space.create(who).root(who).uuid or ""
        addresses = [each.replace("{url}", sandbox.url) for each in signature["resourceUrls"]]
        reply = json.dumps({"uploadKey": "k", "headerSignatureInfo": signature | {"resourceUrls": addresses}})
        path = f"/v2.0/storage/spaces/files/{uuid}/uploadInfos/query"
        sandbox.fail(path, status=200, body=reply, content_type="application/json")
        with pytest.raises(TransportError) as caught:
            send(app, Dentry.objects.using(app).upload.call(uuid, b"content", who, name="a.txt"))
        assert not caught.value.sent
        assert sandbox.company.drive.store.objects == {}
        app.close()


# -- ids of a path ---------------------------------------------------------------------------------------------------

IDS = ["..", ".", "...", "..a", "a/../b", "a/b", "%2E%2E", "..%2F..", "?x=1", "#", "a b", "张三", ";", "\\..\\"]


@both
@pytest.mark.parametrize("id", IDS)
def test_an_id_is_what_the_platform_reads_in_the_path(send: Any, id: str) -> None:
    """Dots alone would be a way up: another endpoint."""
    kept = id.replace("%", "%25").replace("/", "%2F")  # as the sandbox writes a path
    with Sandbox() as sandbox:
        app = sandbox.app()
        for space, file, path in (("s", id, f"s/dentries/{kept}"), (id, "d", f"{kept}/dentries/d")):
            with pytest.raises(ApiError):
                send(app, Dentry.objects.get.call(space, file, "u"))
            assert sandbox.calls[-1].path == f"/v1.0/storage/spaces/{path}/query"
        app.close()


@pytest.mark.parametrize(
    ("id", "sent"), [(".", "%2E"), ("..", "%2E%2E"), ("...", "..."), ("a..b", "a..b"), (".a", ".a"), ("a/..", "a%2F..")]
)
def test_dots_alone_are_written_in_percent_signs(server: Peer, caller: Caller, id: str, sent: str) -> None:
    """As they are, a library or a gateway would take them for a way up."""
    caller.send(prepare(Dentry.objects.get.call("s", id, "u"), server.url, server.url, Secret("t")))
    assert line(server).split(" ")[1].partition("?")[0] == f"/v1.0/storage/spaces/s/dentries/{sent}/query"
