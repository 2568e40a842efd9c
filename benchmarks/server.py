"""A small, fast DingTalk to measure against, in a process of its own, with fixed replies that are made in advance.

    python -m benchmarks.server --delay 0.02 --qps 40

A company of 200 departments with 100 people each; department 9 has a million people, paged by a generator.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypedDict

DEPARTMENTS = range(100, 300)
PEOPLE = 100
MILLION = 9


def person(userid: str) -> dict[str, Any]:
    """A user with every field of a list."""
    return {
        "userid": userid, "unionid": "z21HjQliSzpw0YWCNxmii6u2Os62cZ62iSZ", "name": "张三", "avatar": "https://example/a",
        "state_code": "86", "mobile": "18513027676", "hide_mobile": False, "telephone": "010-86123456-2345",
        "job_number": "4", "title": "技术总监", "email": "test@example.com", "org_email": "test@example.com",
        "work_place": "未来park", "remark": "备注备注", "dept_id_list": [2, 3, 4], "dept_order": 1,
        "extension": '{"爱好":"旅游","年龄":"24"}', "hired_date": 1597573616828, "active": True, "admin": False,
        "boss": False, "leader": False, "exclusive_account": False,
    }  # fmt: skip


def department(dept_id: int) -> dict[str, Any]:
    """A department with every field of `get`."""
    return {
        "dept_id": dept_id, "name": f"部门{dept_id}", "parent_id": 1, "order": dept_id, "create_dept_group": True,
        "auto_add_user": True, "hide_dept": False, "outer_dept": False, "dept_group_chat_id": "chat1fccdb4b921f",
        "dept_manager_userid_list": ["manager4220"], "org_dept_owner": "manager4220", "group_contain_sub_dept": True,
        "dept_permits": [3, 4, 5], "user_permits": [], "outer_permit_depts": [], "outer_permit_users": [],
        "code": "100",
    }  # fmt: skip


def oapi(**result: Any) -> bytes:
    """A successful reply of the older host."""
    return http({"errcode": 0, "errmsg": "ok", "request_id": "16l4ew3d47pdp", **result})


def http(body: Mapping[str, Any], status: str = "200 OK") -> bytes:
    """A complete HTTP response."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    kind = "Content-Type: application/json;charset=utf-8"
    return f"HTTP/1.1 {status}\r\n{kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


THROTTLED = oapi(errcode=88, sub_code="90018", errmsg="ding talk error[subcode=90018,submsg=qps]")
THROTTLED_API = http({"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "qps"}, "403 Forbidden")
FIXED = {
    "/gettoken": oapi(access_token="t" * 32, expires_in=7200),
    "/v1.0/oauth2/accessToken": http({"accessToken": "t" * 32, "expireIn": 7200}),
    "/v1.0/contact/users/search": http({"hasMore": False, "totalCount": 1, "list": ["manager4220"]}),
    "/topapi/v2/department/get": oapi(result=department(1)),
    "/topapi/user/count": oapi(result={"count": PEOPLE * len(DEPARTMENTS)}),
    "/topapi/v2/user/create": oapi(result={"userid": "n", "unionId": "z21HjQliSzpw0YWCNxmii6u2Os62cZ62iSZ"}),
    "/topapi/v2/user/update": oapi(),
    "/topapi/v2/user/delete": oapi(),
    "/topapi/v2/user/get": oapi(result=person("manager4220")),
}
DETAILS = {dept_id: oapi(result=department(dept_id)) for dept_id in DEPARTMENTS}
PAGES = {
    dept_id: oapi(result={"has_more": False, "list": [person(f"u{dept_id}-{n}") for n in range(PEOPLE)]})
    for dept_id in DEPARTMENTS
}
CHILDREN = oapi(result={"dept_id_list": list(DEPARTMENTS)})
WHICH = re.compile(rb'"dept_id": ?(\d+)')
NO_CHILDREN = oapi(result={"dept_id_list": []})
NOBODY = oapi(result={"has_more": False, "list": []})


class Tally(TypedDict):
    """The calls to one API: how many, how many were refused, and the times of the first and the last."""

    calls: int
    refused: int
    first: float
    last: float


class Stats(TypedDict):
    """The counts, and the CPU seconds that the server used."""

    apis: dict[str, Tally]
    cpu: float


class Company:
    """The replies, the limit, and the counts."""

    def __init__(self, delay: float, qps: int) -> None:
        self.delay = delay
        self.qps = qps
        self.begin()

    def begin(self) -> None:
        """Reset the counts and the limit."""
        self.cpu = time.process_time()
        self.apis: dict[str, Tally] = {}
        self.recent: defaultdict[str, deque[float]] = defaultdict(deque)

    def answer(self, path: str, body: bytes) -> bytes:
        """The reply to one request."""
        now = time.monotonic()
        if path == "/stats":
            stats = Stats(apis=self.apis, cpu=time.process_time() - self.cpu)
            self.begin()
            return http(stats)
        tally = self.apis.setdefault(path, Tally(calls=0, refused=0, first=now, last=now))
        tally["calls"] += 1
        tally["last"] = now
        if self.qps and self._over(path, now):
            tally["refused"] += 1
            return THROTTLED if path.startswith("/topapi/") else THROTTLED_API
        if path in FIXED:
            named = WHICH.search(body) if path == "/topapi/v2/department/get" else None
            return DETAILS.get(int(named[1]), FIXED[path]) if named else FIXED[path]
        return page(path, json.loads(body))

    def _over(self, path: str, now: float) -> bool:
        recent = self.recent[path]
        while recent and now - recent[0] >= 1:
            recent.popleft()
        if len(recent) >= self.qps:
            return True
        recent.append(now)
        return False


def page(path: str, given: dict[str, Any]) -> bytes:
    """A page of a list."""
    if path == "/attendance/list":
        users = given["userIdList"]
        return punches(users[0], len(users), given["workDateFrom"], given["workDateTo"], given["offset"])
    if path == "/topapi/v2/department/listsubid":
        return CHILDREN if given["dept_id"] == 1 else NO_CHILDREN
    if given["dept_id"] == MILLION:
        return million(given["cursor"], given["size"])
    return PAGES.get(given["dept_id"], NOBODY)


def million(cursor: int, size: int) -> bytes:
    """A page of a department of a million people."""
    people = [person(f"u{n}") for n in range(cursor, cursor + size)]
    more = cursor + size < 1_000_000
    return oapi(result={"has_more": more, "list": people} | ({"next_cursor": cursor + size} if more else {}))


@cache
def punches(first_user: str, users: int, start: str, end: str, offset: int) -> bytes:
    """A page of what the punches of some users came to: two a day for each."""
    first = int(first_user.removeprefix("u"))
    day, last = datetime.fromisoformat(f"{start}+08:00"), datetime.fromisoformat(f"{end}+08:00")
    days = [int((day + timedelta(n)).timestamp() * 1000) for n in range((last - day).days + 1)]
    planned = [(f"u{first + user}", each, kind) for each in days for user in range(users) for kind in (0, 1)]
    rows = [punch(*each) for each in planned[offset : offset + 50]]
    return oapi(recordresult=rows, hasMore=offset + 50 < len(planned))


def punch(userid: str, day: int, kind: int) -> dict[str, Any]:
    """The result of one planned punch."""
    at = day + (9 + 9 * kind) * 3_600_000
    number = day // 43_200_000 * 1_000 + int(userid[1:]) * 2 + kind
    return {
        "id": number, "userId": userid, "workDate": day, "checkType": ("OnDuty", "OffDuty")[kind],
        "timeResult": "Normal", "locationResult": "Normal", "baseCheckTime": at, "userCheckTime": at,
        "sourceType": "USER", "groupId": 1, "planId": number, "recordId": number, "corpId": "ding",
    }  # fmt: skip


class Connection(asyncio.Protocol):
    """The part of HTTP that is needed: requests with a Content-Length, one after the other."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Reply to each complete request."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            path = self.buffer.split(b" ", 2)[1].split(b"?", 1)[0].decode()
            body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
            answer = self.company.answer(path, body)
            if self.company.delay:
                asyncio.get_running_loop().call_later(self.company.delay, self.transport.write, answer)
            else:
                self.transport.write(answer)


async def main() -> None:
    """Serve until killed. The first printed line is the URL."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--qps", type=int, default=0)
    options = parser.parse_args()
    company = Company(options.delay, options.qps)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(company), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
