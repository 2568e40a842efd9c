"""Who may steer a sandbox: this machine, but no page of another site; other machines only with the key."""

from __future__ import annotations

import socket
from collections.abc import Generator, Mapping
from urllib.parse import urlsplit

import pytest
import requests

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.handle.problems import HandleProblem


def asked(
    url: str, headers: Mapping[str, str | bytes] | None = None, verb: str = "GET", **more: str
) -> requests.Response:
    """The answer to a call of the handle, which is never redirected."""
    return requests.request(
        verb, f"{url}/_sandbox/clock", headers=dict(headers or {}), timeout=10, allow_redirects=False, params={**more}
    )


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "LOCALHOST:8787", "localhost.", "[::1]:8787", "127.1.2.3"]
)
def test_its_own_names(sandbox: Sandbox, host: str) -> None:
    assert asked(sandbox.url, {"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "",
        "[::1",
        "sandbox",
        "a@b",
        "[::2]",
    ],
)
def test_a_name_that_somebody_let_resolve_to_this_machine(sandbox: Sandbox, host: str) -> None:
    reply = asked(sandbox.url, {"Host": host})
    assert reply.status_code == 403
    assert reply.json()["fields"][0]["field"] == "Host"
    assert reply.json()["hint"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:1", "file://", "http://[", "", "chrome-extension://abc"],
)
@pytest.mark.parametrize("verb", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_foreign_page(sandbox: Sandbox, origin: str, verb: str) -> None:
    reply = asked(sandbox.url, {"Origin": origin}, verb)
    assert reply.status_code == 403
    assert reply.json()["error"] == "forbidden"
    assert reply.json().keys() == HandleProblem.model_fields.keys()
    assert not any(name.startswith("Access-Control") for name in reply.headers)


def test_its_own_page(sandbox: Sandbox) -> None:
    assert asked(sandbox.url, {"Origin": sandbox.url}).status_code == 200
    there = {"Host": "localhost:8787", "Origin": "http://LOCALHOST:8787", "Sec-Fetch-Site": "same-origin"}
    assert asked(sandbox.url, there).status_code == 200


@pytest.mark.parametrize(
    ("headers", "verb", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, "GET", 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, "GET", 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, "POST", 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, "GET", 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, "GET", 200),
        ({"Sec-Fetch-Site": "none"}, "GET", 200),
    ],
)
def test_what_a_browser_says_of_a_request(sandbox: Sandbox, headers: dict[str, str], verb: str, status: int) -> None:
    assert asked(sandbox.url, headers, verb).status_code == status


def test_what_strangers_ask_for_does_nothing(sandbox: Sandbox) -> None:
    sandbox.company.add_user("林薇", userid="linwei")
    reply = requests.delete(
        f"{sandbox.url}/_sandbox/users/linwei", headers={"Origin": "http://evil.example"}, timeout=10
    )
    assert reply.status_code == 403
    assert "linwei" in sandbox.company.users


def test_the_platforms_endpoints_know_no_guard(sandbox: Sandbox) -> None:
    reply = requests.get(f"{sandbox.url}/gettoken", headers={"Host": "oapi.dingtalk.com", "Origin": "null"}, timeout=10)
    assert reply.json()["errcode"] == 40035


def test_calls_of_the_handle_are_not_recorded(sandbox: Sandbox) -> None:
    for path in ("clock", "nothing"):
        requests.get(f"{sandbox.url}/_sandbox/{path}", timeout=10)
    assert len(sandbox.calls) == 0
    requests.get(f"{sandbox.url}/_sandboxed", timeout=10)
    assert [call.path for call in sandbox.calls] == ["/_sandboxed"]


@pytest.fixture
def reachable() -> Generator[Sandbox]:
    """A sandbox that other machines can reach."""
    with Sandbox(host="0.0.0.0") as running:
        yield running


def local(sandbox: Sandbox) -> str:
    return f"http://127.0.0.1:{urlsplit(sandbox.url).port}"


def test_other_machines_need_the_key(reachable: Sandbox) -> None:
    url, key = local(reachable), reachable.key
    assert key is not None
    assert len(key) > 24
    for headers in ({"X-Sandbox-Key": key}, {"Authorization": f"Bearer {key}"}, {"authorization": f"bearer  {key}"}):
        assert asked(url, headers).status_code == 200
    wrong: tuple[dict[str, str | bytes], ...]
    wrong = ({}, {"X-Sandbox-Key": key[:-1]}, {"Authorization": f"Basic {key}"}, {"X-Sandbox-Key": "密钥".encode()})
    for refused in wrong:
        reply = asked(url, refused)
        assert reply.status_code == 403
        assert reply.json()["fields"][0]["field"] == "X-Sandbox-Key"
        assert key not in reply.text


@pytest.mark.parametrize("host", ["10.0.0.1:8787", "dingtalk:8787", "[fe80::1]:80", "localhost", socket.gethostname()])
def test_names_by_which_a_network_may_call_it(reachable: Sandbox, host: str) -> None:
    assert asked(local(reachable), {"Host": host, "X-Sandbox-Key": reachable.key or ""}).status_code == 200
    assert asked(local(reachable), {"Host": host}).status_code == 403


def test_the_key_does_not_open_it_to_foreign_pages(reachable: Sandbox) -> None:
    headers = {"X-Sandbox-Key": reachable.key or ""}
    assert asked(local(reachable), headers | {"Host": "evil.example"}).status_code == 403
    assert asked(local(reachable), headers | {"Origin": "http://evil.example"}).status_code == 403


def test_a_browser_comes_with_the_key_in_the_address(reachable: Sandbox) -> None:
    url, key = local(reachable), reachable.key or ""
    come = asked(url, key=key, x="1")
    assert (come.status_code, come.headers["location"]) == (303, "/_sandbox/clock?x=1")
    cookie = come.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert asked(url, {"Cookie": cookie.partition(";")[0]}).status_code == 200
    assert asked(url, {"Cookie": "sandbox-key=x"}).status_code == 403
    assert asked(url, key=key[:-1]).status_code == 403
    assert asked(url, verb="POST", key=key).status_code == 403
    elsewhere = requests.get(f"{url}/_sandbox//evil.example", params={"key": key}, timeout=10, allow_redirects=False)
    assert urlsplit(elsewhere.headers["location"]).netloc == ""


def test_a_key_of_ones_own() -> None:
    with Sandbox(key="open sesame") as sandbox:
        assert asked(sandbox.url).status_code == 403
        assert asked(sandbox.url, {"X-Sandbox-Key": "open sesame"}).status_code == 200


def test_the_loopback_of_ipv6() -> None:
    with Sandbox(host="::1") as sandbox:
        assert sandbox.key is None
        assert sandbox.url.startswith("http://[::1]:")
        assert asked(sandbox.url).status_code == 200
        assert asked(sandbox.url, {"Origin": sandbox.url}).status_code == 200
        assert asked(sandbox.url, {"Host": "evil.example"}).status_code == 403
        with sandbox.app() as app:
            assert app.run("dingtalk.oapi.v2.department.get", dept_id=1).name == "钉峰科技有限公司"
        app.close()


def test_a_request_without_a_host(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(sandbox.url).port or 0)) as plain:
        plain.sendall(b"GET /_sandbox/clock HTTP/1.0\r\n\r\n")
        assert plain.makefile("rb").readline().split()[1] == b"403"


@pytest.mark.parametrize("key", ["密钥", "a\nb", " a", "a "])
def test_a_key_that_no_header_can_have(key: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        Sandbox(key=key)


def test_a_name_that_is_allowed() -> None:
    with Sandbox(allow_hosts=["host.docker.internal"]) as sandbox:
        for host in ("host.docker.internal:8787", "HOST.docker.internal.", "localhost"):
            assert asked(sandbox.url, {"Host": host}).status_code == 200
        own = {"Host": "host.docker.internal:8787", "Origin": "http://host.docker.internal:8787"}
        assert asked(sandbox.url, own).status_code == 200
        assert asked(sandbox.url, {**own, "Origin": "http://evil.example"}).status_code == 403
        assert "--allow-host" in asked(sandbox.url, {"Host": "docker.internal"}).json()["hint"]


@pytest.mark.parametrize("name", ["", "*", "http://dev.example", "dev.example:80", "a b", "[::1]"])
def test_a_name_of_no_host(name: str) -> None:
    with pytest.raises(ValueError, match="is not a host name"):
        Sandbox(allow_hosts=[name])
