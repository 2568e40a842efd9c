"""The applications of `examples/` once more, with requests and dicts: what they would take without this package.

They do the same, with what a program needs to do it daily: a token that is kept and renewed, errors that are noticed,
pages that are read to their end.
"""

from __future__ import annotations

import base64
import calendar
import csv
import hashlib
import json
import secrets
import struct
import time
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any, TextIO
from urllib.parse import unquote

import requests
from Crypto.Cipher import AES
from flask import Flask, Response, abort, jsonify, request, session


class Refused(Exception):
    pass


class DingTalk:
    def __init__(self, url: str, appkey: str, appsecret: str) -> None:
        self.url = url
        self.keys = {"appKey": appkey, "appSecret": appsecret}
        self.token, self.token_until = "", 0.0
        self.ticket, self.ticket_until = "", 0.0

    def access_token(self) -> str:
        if time.time() > self.token_until:
            reply = requests.post(f"{self.url}/v1.0/oauth2/accessToken", json=self.keys, timeout=15)
            if reply.status_code != 200:
                raise Refused(reply.text)
            self.token, self.token_until = reply.json()["accessToken"], time.time() + reply.json()["expireIn"] - 120
        return self.token

    def jsapi_ticket(self) -> str:
        if time.time() > self.ticket_until:
            reply = self.new("POST", "/v1.0/oauth2/jsapiTickets", {})
            self.ticket, self.ticket_until = reply["jsapiTicket"], time.time() + reply["expireIn"] - 120
        return self.ticket

    def old(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        for attempt in range(4):
            token = {"access_token": self.access_token()}
            reply: dict[str, Any] = requests.post(self.url + path, params=token, json=body, timeout=15).json()
            if reply["errcode"] in {40014, 42001}:
                self.token_until = 0.0
            elif reply["errcode"] == 88 and str(reply.get("sub_code")) in {"90018", "90002"}:
                time.sleep(2**attempt)
            elif reply["errcode"] != 0:
                raise Refused(f"{path}: {reply['errcode']} {reply['errmsg']}")
            else:
                return reply
        raise Refused(f"{path}: too many attempts")

    def new(self, verb: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        headers = {"x-acs-dingtalk-access-token": self.access_token()}
        reply = requests.request(verb, self.url + path, params=query, json=body, headers=headers, timeout=15)
        if reply.status_code != 200:
            raise Refused(f"{path}: {reply.text}")
        return reply.json()

    def people(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        departments = [1]
        while departments:
            department = departments.pop()
            departments += self.old("/topapi/v2/department/listsubid", {"dept_id": department})["result"][
                "dept_id_list"
            ]
            cursor: int | None = 0
            while cursor is not None:
                body = {"dept_id": department, "cursor": cursor, "size": 100}
                page = self.old("/topapi/v2/user/list", body)["result"]
                found |= {user["userid"]: user for user in page["list"]}
                cursor = page["next_cursor"] if page["has_more"] else None
        return found


# The month of attendance

COLUMNS = {"Late": "迟到", "SeriousLate": "严重迟到", "Early": "早退", "Absenteeism": "旷工迟到", "NotSigned": "未打卡"}


def report(api: DingTalk, year: int, month: int) -> list[dict[str, str | int]]:
    first, last = date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    people = api.people()
    userids = list(people)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for start in range(0, len(userids), 50):
        day = first
        while day <= last:
            end = min(day + timedelta(days=6), last)
            offset, more = 0, True
            while more:
                body = {"userIdList": userids[start : start + 50], "offset": offset, "limit": 50}
                body |= {"workDateFrom": f"{day} 00:00:00", "workDateTo": f"{end} 00:00:00"}
                page = api.old("/attendance/list", body)
                for result in page["recordresult"]:
                    counts[result["userId"]][result["timeResult"]] += 1
                offset, more = offset + 50, page.get("hasMore", False)
            day = end + timedelta(days=1)
    return [
        {
            "姓名": user["name"],
            "工号": user.get("job_number", ""),
            **{title: counts[userid][result] for result, title in COLUMNS.items()},
        }
        for userid, user in people.items()
    ]


def write(rows: list[dict[str, str | int]], to: TextIO) -> None:
    table = csv.DictWriter(to, ["姓名", "工号", *COLUMNS.values()])
    table.writeheader()
    table.writerows(rows)


# The approval bot


class Pushes:
    def __init__(self, token: str, aes_key: str, owners: list[str]) -> None:
        self.token, self.key, self.owners = token, base64.b64decode(aes_key + "="), owners
        self.seen: set[str] = set()

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        return hashlib.sha1("".join(sorted([self.token, timestamp, nonce, encrypted])).encode()).hexdigest()

    def open(self, query: dict[str, str], encrypted: str) -> tuple[dict[str, Any], str]:
        expected = self.signature(query["timestamp"], query["nonce"], encrypted)
        if not secrets.compare_digest(expected, query["msg_signature"]) or expected in self.seen:
            raise Refused("signature")
        self.seen.add(expected)
        plain = AES.new(self.key, AES.MODE_CBC, self.key[:16]).decrypt(base64.b64decode(encrypted))
        plain = plain[: -plain[-1]]
        (length,) = struct.unpack(">I", plain[16:20])
        owner = plain[20 + length :].decode()
        if owner not in self.owners:
            raise Refused("owner")
        return json.loads(plain[20 : 20 + length]), owner

    def reply(self, owner: str) -> dict[str, str]:
        text = secrets.token_bytes(16) + struct.pack(">I", 7) + b"success" + owner.encode()
        padding = 32 - len(text) % 32
        sealed = AES.new(self.key, AES.MODE_CBC, self.key[:16]).encrypt(text + bytes([padding]) * padding)
        encrypted, stamp, nonce = base64.b64encode(sealed).decode(), str(int(time.time() * 1000)), secrets.token_hex(8)
        signed = self.signature(stamp, nonce, encrypted)
        return {"msg_signature": signed, "timeStamp": stamp, "nonce": nonce, "encrypt": encrypted}


def decide(api: DingTalk, agent_id: str, event: dict[str, Any]) -> None:
    if event.get("EventType") != "bpms_task_change" or event.get("type") != "start":
        return
    instance, approver = event["processInstanceId"], event["staffId"]
    approval = api.new("GET", "/v1.0/workflow/processInstances", processInstanceId=instance)["result"]
    form = {row["name"]: row.get("value") for row in approval["formComponentValues"]}
    days = float(form.get("请假天数") or "99")
    if days <= 1:
        task = next(each for each in approval["tasks"] if each["userId"] == approver and each["status"] == "RUNNING")
        body = {"processInstanceId": instance, "taskId": int(task["taskId"]), "actionerUserId": approver}
        body |= {"result": "agree", "remark": f"{days} 天以内，自动同意"}
        if not api.new("POST", "/v1.0/workflow/processInstances/execute", body)["result"]:
            raise Refused("execute")
    else:
        text = {"title": "待审批", "text": f"### {approval['title']}\n等待你的审批"}
        body = {"agent_id": agent_id, "userid_list": approver, "msg": {"msgtype": "markdown", "markdown": text}}
        api.old("/topapi/message/corpconversation/asyncsend_v2", body)


def bot(api: DingTalk, agent_id: str, pushes: Pushes) -> Flask:
    made = Flask(__name__)

    @made.post("/dingtalk")
    def dingtalk() -> Response:
        try:
            body: Any = request.get_json()
            event, owner = pushes.open(request.args.to_dict(), body["encrypt"])
        except (Refused, KeyError, ValueError):
            abort(403)
        decide(api, agent_id, event)
        return jsonify(pushes.reply(owner))

    return made


def register(api: DingTalk, token: str, aes_key: str, url: str) -> None:
    body = {"call_back_tag": ["bpms_task_change"], "token": token, "aes_key": aes_key, "url": url}
    try:
        api.old("/call_back/register_call_back", body)
    except Refused as error:
        if "71006" not in str(error):
            raise
        api.old("/call_back/update_call_back", body)


# The micro-app


def micro_app(api: DingTalk, corp_id: str, agent_id: str, session_key: str) -> Flask:
    made = Flask(__name__)
    made.secret_key = session_key

    @made.get("/config")
    def config() -> Response:
        url, _, _ = request.args.get("url", "").partition("#")
        base, mark, query = url.partition("?")
        nonce, stamp = secrets.token_hex(8), int(time.time())
        text = f"jsapi_ticket={api.jsapi_ticket()}&noncestr={nonce}&timestamp={stamp}&url={base}{mark}{unquote(query)}"
        signed = hashlib.sha256(text.encode()).hexdigest()
        return jsonify(agentId=agent_id, corpId=corp_id, timeStamp=stamp, nonceStr=nonce, signature=signed)

    @made.post("/login")
    def login() -> dict[str, Any]:
        try:
            identity = api.old("/topapi/v2/user/getuserinfo", {"code": request.form.get("code", "")})["result"]
        except Refused:
            abort(401)
        session["userid"] = identity["userid"]
        return {"userid": identity["userid"], "name": identity["name"]}

    @made.get("/me")
    def me() -> dict[str, Any]:
        if "userid" not in session:
            abort(401)
        user = api.old("/topapi/v2/user/get", {"userid": session["userid"]})["result"]
        departments = [api.old("/topapi/v2/department/get", {"dept_id": each}) for each in user["dept_id_list"]]
        names = [each["result"]["name"] for each in departments]
        return {"name": user["name"], "title": user.get("title"), "departments": names}

    @made.errorhandler(Refused)
    def failed(error: Refused) -> tuple[dict[str, str], int]:
        made.logger.error("DingTalk: %s", error)
        return {"error": "DingTalk does not answer as expected"}, 502

    return made
