"""A plain client for the sandbox, with `requests` only."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import requests

from dingtalk_models.sandbox import Sandbox

NEW_USER = {"name": "张三", "mobile": "13800000001", "dept_id_list": "110,200"}


class Client:
    """Calls a sandbox as any client of DingTalk would."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = requests.Session()
        self.token: str = self.fetch()["access_token"]

    def fetch(self) -> dict[str, Any]:
        keys = {"appkey": self.sandbox.appkey, "appsecret": self.sandbox.appsecret}
        return self.json("GET", "/gettoken", params=keys)

    def send(self, verb: str, path: str, **options: Any) -> requests.Response:
        return self.http.request(verb, self.sandbox.url + path, timeout=10, **options)

    def json(self, verb: str, path: str, **options: Any) -> dict[str, Any]:
        body: dict[str, Any] = self.send(verb, path, **options).json()
        return body

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        return self.json("POST", path, params={"access_token": self.token}, json=body)

    def form(self, path: str, **body: Any) -> dict[str, Any]:
        return self.json("POST", path, params={"access_token": self.token}, data=body)

    def api(self, path: str, **body: Any) -> requests.Response:
        return self.send("POST", path, headers={"x-acs-dingtalk-access-token": self.token}, json=body)

    def code(self, path: str, **body: Any) -> int:
        """The errcode; checks that there is a text, and a request id on /topapi."""
        reply = self.post(path, **body)
        assert reply["errmsg"]
        assert ("request_id" in reply) == path.startswith("/topapi/")
        return int(reply["errcode"])

    def result(self, path: str, **body: Any) -> Any:
        reply = self.post(path, **body)
        assert reply["errcode"] == 0, reply
        return reply["result"]


@contextmanager
def client_of(sandbox: Sandbox) -> Generator[Client]:
    """Start a sandbox, and a client for it."""
    with sandbox:
        client = Client(sandbox)
        with client.http:
            yield client


def wrapped(code: int, text: str) -> dict[str, object]:
    """A refusal by the gateway of `/topapi`, without its request id."""
    errmsg = f"ding talk error[subcode={code},submsg={text}]"
    return {"errcode": 88, "sub_code": str(code), "sub_msg": text, "errmsg": errmsg}
