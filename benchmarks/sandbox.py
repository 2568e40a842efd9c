"""The local DingTalk after much has happened: what a call takes, and the memory, which do not grow with the past."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlencode

from benchmarks.measure import table
from benchmarks.soak import memory
from dingtalk_models.sandbox import Calls, Company, Sandbox
from dingtalk_models.sandbox.gateway import Gateway
from dingtalk_models.sandbox.server.http_server import App
from dingtalk_models.sandbox.server.pushing import Registration

LEVELS = (0, 10_000, 100_000)
MEASURED = 300
PEOPLE = 5_000
SEND = "/topapi/message/corpconversation/asyncsend_v2"


async def _no_websocket(*_: object) -> None:
    raise NotImplementedError


class Local:
    """A sandbox without sockets: what a request takes is the sandbox's own time."""

    def __init__(self) -> None:
        self.company: Company = Sandbox().company
        self.calls = Calls()
        clock = self.company.credentials.clock
        self.app = App(Gateway(self.company, None).answer, clock, _no_websocket, {}, self.calls.add)
        self.runner = asyncio.Runner()

    def ask(self, path: str, **body: Any) -> float:
        """The seconds that a request takes, in microseconds."""
        query = urlencode({"access_token": self.company.credentials.issue_token()[0]})
        headers = [(b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": path, "query_string": query.encode(), "headers": headers}
        content = json.dumps(body).encode()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content}

        async def swallow(message: MutableMapping[str, Any]) -> None:
            del message

        self.runner.run(self.app(scope, receive, swallow))
        assert self.calls[-1].code == 0, self.calls[-1]
        return self.calls[-1].seconds * 1e6

    def read(self) -> float:
        """Read a user."""
        return self.ask("/topapi/v2/user/get", userid="youna")

    def change(self) -> float:
        """Change a user, which is an event."""
        return self.ask("/topapi/v2/user/update", userid="youna", title=f"职位{self.calls.total}")

    def notify(self) -> float:
        """Send a work notification; an hour passes after 400, because a person gets 500 a day."""
        number = self.calls.total
        if number % 400 == 0:
            self.company.credentials.clock.advance(24 * 3600)
        msg = {"msgtype": "text", "text": {"content": f"通知 {number}"}}
        return self.ask(SEND, agent_id=self.company.credentials.agent_id, userid_list="youna", msg=msg)

    def listen(self) -> None:
        """Register an address for events, in a company of 5,000 people; nobody is there."""
        for number in range(PEOPLE):
            self.company.add_user(f"员工{number}", [310])
        keys = ("token-123456", "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij", "http://127.0.0.1:9/")
        self.company.callbacks.registration = Registration(("user_modify_org",), *keys, "corp")

    def happen(self) -> None:
        """Push an event, to nobody."""
        self.company.callbacks.push("user_modify_org", {"userId": ["youna"]})


@dataclass
class Case:
    """What happens often, and what is then measured."""

    name: str
    before: Callable[[Local], object]
    happens: Callable[[Local], object]
    measured: Callable[[Local], float]


CASES = (
    Case("user/get, after calls", lambda _: None, Local.read, Local.read),
    Case("a work notification, after notifications", lambda _: None, Local.notify, Local.notify),
    Case(f"user/get, {PEOPLE:,} people, after events", Local.listen, Local.happen, Local.read),
    Case(f"user/update, {PEOPLE:,} people, after events", Local.listen, Local.happen, Local.change),
)


def sandbox() -> None:
    """A call after 0, 10,000 and 100,000 calls, notifications and events."""
    rows = [row for case in CASES for row in _measured(case)]
    table("The local DingTalk after much has happened", ["after", "a call takes, µs", "memory, MB"], rows)


def _measured(case: Case) -> list[list[object]]:
    rows: list[list[object]] = []
    local, done = Local(), 0
    case.before(local)
    for level in LEVELS:
        for _ in range(level - done):
            case.happens(local)
        done = level
        taken = median(case.measured(local) for _ in range(MEASURED))
        rows.append([case.name, f"{level:,}", f"{taken:,.0f}", memory()])
    local.company.callbacks.stop()
    local.runner.close()
    return rows
