"""Random requests to a sandbox: every endpoint, with ids that were ever seen, and with what nobody expects."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Self
from urllib.parse import quote, unquote, urlencode

from dingtalk_models.sandbox import Calls, Cards, Received, Sandbox
from dingtalk_models.sandbox.gateway import Gateway
from dingtalk_models.sandbox.platform.documented import DocumentedEndpoint, every
from dingtalk_models.sandbox.platform.parameters import ParameterRow
from dingtalk_models.sandbox.server.clock import BEIJING
from dingtalk_models.sandbox.server.endpoints import ENDPOINTS, ServedEndpoint
from dingtalk_models.sandbox.server.envelopes import API, dialect_of
from dingtalk_models.sandbox.server.http_server import App
from dingtalk_models.sandbox.server.json_values import is_array, is_object
from dingtalk_models.sandbox.state.approval import Component

Schema = dict[str, Any]

HOSTILE: Final[list[Any]] = [
    *("", " ", "0", "-1", "²", "٣", "\ud800", "\x00", "a" * 5000, "null", "[]", "{}", "[[[", "true", "1e999", "%s"),
    *("../..", "😀" * 70),
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**18), 0.5, 1e300),
    *([], [None], [[]], [1, "a", None], {}, {"a": None}, {"": {"a": [{}]}}, [{"id": {}}]),
]
TEXTS: Final = [
    *("2026-01-05 09:00:00", "2026-01-06 18:00:00", "2026-01-05", "20260105", "2026-02-30", "文字", "孙", "张三"),
    *("13800138000", "+1-5551234", "a@example.com", "https://example.com/", "1,2,3", '["a"]', '{"content": "好"}'),
    *("sampleText", "text", "PROC-LEAVE", "PROC-EXPENSE", "TextField", "agree", "FINISH", "DING_ROBOT"),
]
NUMBERS: Final = [0, 1, 2, 3, 10, 20, 50, 100, 1_000, 1_767_600_000_000, 1_767_700_000_000]


TODAY: Final = datetime.now(BEIJING).replace(hour=9, minute=0, second=0, microsecond=0)
TIMES: Final = [f"{TODAY - timedelta(days=days):%Y-%m-%d %H:%M:%S}" for days in (0, 1, 2)]
MILLIS: Final = [int((TODAY - timedelta(days=days)).timestamp() * 1000) for days in (0, 1, 2)]

LEAVE: Final = [
    {"name": "请假类型", "value": "年假"},
    {"name": '["开始时间","结束时间"]', "value": '["2026-01-05 09:00","2026-01-05 18:00"]'},
    {"name": "请假事由", "value": "旅行"},
]
ROWS: Final = '[[{"name": "项目", "value": "车"}, {"name": "金额", "value": "1.5"}]]'
EXPENSE: Final = [{"name": "报销事由", "value": "车"}, {"name": "明细", "value": ROWS}]
VALUES: Final[dict[str, list[Any]]] = {
    "msg": [
        {"msgtype": "text", "text": {"content": "好"}},
        {"msgtype": "oa", "oa": {"message_url": "https://a", "head": {"text": "a"}, "body": {}, "status_bar": {}}},
        {"msgtype": "voice", "voice": {"media_id": "@1", "duration": "10"}},
    ],
    "formComponentValues": [LEAVE, EXPENSE, [{"name": "文字", "value": "x"}]],
    "form_component_values": [LEAVE, EXPENSE, [{"name": "文字", "value": "x"}]],
    "formComponents": [[{"componentType": "TextField", "props": {"label": "文字", "componentId": "TextField-1"}}]],
    "targetSelectActioners": [[{"actionerKey": "manual_1f95_20aa_72c6_dd42", "actionerUserIds": ["heli"]}]],
    "approvers": [[{"actionType": "NONE", "userIds": ["lvbo"]}], [{"actionType": "AND", "userIds": ["heli", "youna"]}]],
    "msgKey": ["sampleText"],
    "msgParam": ['{"content": "好"}'],
    "process_code": ["PROC-LEAVE", "PROC-EXPENSE", "PROC-EMPTY"],
    "processCode": ["PROC-LEAVE", "PROC-EXPENSE", "PROC-EMPTY"],
    "startTime": MILLIS,
    "from_date_time": MILLIS[1:],
    "to_date_time": MILLIS[:1],
    "workDateFrom": TIMES[1:],
    "workDateTo": TIMES[:1],
    "checkDateFrom": TIMES[1:],
    "checkDateTo": TIMES[:1],
    "mobile": [f"1380000{number:04}" for number in range(9999)],
    "name": [f"名{number}" for number in range(9999)],
    "parent_id": [1, 100, 200, 300],
    "cardData": [{"cardParamMap": {"a": "1"}}],
    "query_date": ["20260105"],
    "clean": [False],
    "contact": [
        {
            "name": "客",
            "mobile": f"1390000{number:04}",
            "label_ids": [1561077311],
            "follower_user_id": who,
            "state_code": "86",
        }
        for number, who in enumerate(["heli", "youna", "lvbo", "caohui", "yanjun", "qinhao"] * 20)
    ],
    "agent_id": ["1740000001"],
    "agentId": ["1740000001"],
    "clientId": ["dingsandboxkey000001"],
    "clientSecret": ["sandbox-app-secret-9tWb3LnYc2"],
    "appkey": ["dingsandboxkey000001"],
    "appsecret": ["sandbox-app-secret-9tWb3LnYc2"],
    "corpid": ["dingfeng0000000000000000000000c001"],
    "corpsecret": ["sandbox-corp-secret-5Qm1Zr8vKx"],
    "grantType": ["authorization_code"],
}
"""Values that are right, for parameters that chance does not find one for."""


def kind_of(name: str) -> str:
    """What a parameter or field names: ids of one kind have many names."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    for kind, pattern in KINDS.items():
        if re.search(pattern, plain):
            return kind
    return plain


KINDS: Final = {
    "unionid": r"union",
    "deptid": r"(dept|department)(id|ids|idlist)?$|deptpermits$|permitdepts$|^parentid$|subdeptidlist",
    "roleid": r"^roleids?$|roleidlist",
    "userid": (
        r"user(id|ids|idlist|s)?$|userids|userpermits|permitusers|staffids?$|^owner$|managerlist|operator$"
        r"|^originator|receiver"
    ),
    "instance": r"instanceid$",
    "task": r"taskids?$",
    "key": r"querykeys?$",
    "space": r"spaceid$",
    "dentry": r"dentry(id|ids|uuid)?$|fileids?$|^id$|^uuid$|parentdentry",
    "group": r"^groupid$",
    "label": r"labelids?$",
    "conversation": r"conversationid",
    "chatid": r"chatid",
}


def schema_of(rows: list[ParameterRow]) -> Schema:
    """The JSON schema of documented parameters."""
    return {
        "type": "object",
        "properties": {row.name: _row_schema(row) for row in rows},
        "required": [row.name for row in rows if row.required],
    }


def _row_schema(row: ParameterRow) -> Schema:
    limits = {"enum": row.limits.enum} if row.limits.enum else {}
    if row.type == "array":
        items = schema_of(list(row.children)) if row.children else {"type": row.items}
        return {"type": "array", "items": items, **limits}
    if row.type == "object":
        return schema_of(list(row.children))
    return {"type": row.type, **limits, **({"minimum": row.limits.min} if row.limits.min is not None else {})}


@dataclass
class Fuzz:
    """Sends requests to the whole application, without sockets, and remembers what it saw.

    Attributes:
        random: where chance comes from.
        seen: every id that was ever in a request or a reply, by kind.
        answers: how many answers of each status there were.
    """

    random: Random
    seen: dict[str, dict[Any, None]] = field(default_factory=lambda: defaultdict(dict[Any, None]))
    answers: Counter[str] = field(default_factory=Counter[str])

    def __post_init__(self) -> None:
        self.company = Sandbox().company
        self.calls = Calls(1)
        clock = self.company.credentials.clock
        self.app = App(Gateway(self.company, None).answer, clock, _no_websocket, {}, self.calls.add)
        self.token = self.company.credentials.issue_token()[0]
        self.own = [each for verbs in ENDPOINTS.values() for each in verbs.values()]
        served = {(each.verb, each.path) for each in self.own}
        self.documented = [each for each in every() if (each.verb, each.path) not in served]
        self.schemas: dict[str, Schema] = {}
        self.loop = asyncio.new_event_loop()
        self.calm = True
        self._fill()

    def _fill(self) -> None:
        """Put something of each kind into the company."""
        company, cards = self.company, self.company.keep(Cards)
        company.drive.store.url = "http://localhost"
        company.outbox.groups.add_template("template")
        company.outbox.templates["template"] = True
        company.outbox.add_webhook()
        cards.add_template()
        for group in [company.outbox.groups.make(["heli", "youna"], owner="heli") for _ in range(3)]:
            group.templates.add("template")
            self.see({"openConversationId": group.open_conversation_id, "chatid": group.chat_id})
        private = company.conversations.add_private_chat("heli", "youna", "cool")
        company.clientele.add("客户", "13712345678", [company.clientele.label_id("客户")], "caohui")
        components = [Component("TextField", "文字", "TextField-1")]
        company.workflow.add_form("单", components, [], process_code="PROC-EMPTY")
        for userid, user in company.users.items():
            self.see({"userid": userid, "unionid": user.unionid})
        fixed: dict[str, Iterable[Any]] = {
            "deptid": company.departments,
            "roleid": company.roles,
            "group": [*company.role_groups, *company.attendance.groups],
            "robotcode": [company.credentials.appkey],
            "templateid": ["template", *cards.templates],
            "cardtemplateid": cards.templates,
            "agentid": [company.credentials.agent_id],
            "processcode": company.workflow.forms,
            "label": [each for group in company.clientele.label_groups for each in group.labels],
            "conversation": [private.open_conversation_id],
            "coolappcode": ["cool"],
            "accesstoken": [*company.outbox.webhooks],
        }
        for name, values in fixed.items():
            self.seen[name] |= dict.fromkeys(values)

    # values

    def value(self, name: str, schema: Schema, definitions: Schema) -> Any:
        """A value for a parameter: one that was seen, one of its type, or one that nobody expects."""
        right, hostile = self.random.random() < 0.7, self.random.random() < (0.003 if self.calm else 0.08)
        if hostile or (right and name in VALUES):
            return self.random.choice(HOSTILE if hostile else VALUES[name])
        schema = definitions.get(schema["$ref"].rpartition("/")[2], {}) if "$ref" in schema else schema
        if options := [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]:
            return self.value(name, self.random.choice(options), definitions)
        match schema.get("type"):
            case "array":
                few = range(self.random.randint(1, 3))
                items = [self.value(name, schema.get("items", {}), definitions) for _ in few]
                joined = self.random.random() < 0.4 and all(isinstance(each, str | int) for each in items)
                return ",".join(map(str, items)) if joined else items
            case "object" | None if schema.get("properties"):
                return self.fields(schema, definitions)
            case "object":
                return {self.random.choice(TEXTS): self.random.choice(TEXTS)}
            case _:
                return self._scalar(name, schema)

    def _scalar(self, name: str, schema: Schema) -> Any:
        if "enum" in schema or "const" in schema:
            return self.random.choice(schema.get("enum") or [schema["const"]])
        kind, chance = schema.get("type"), self.random.random()
        if kind == "boolean":
            return chance < 0.5
        numeric = kind in ("integer", "number")
        known: Collection[Any] = self.there(kind_of(name)) if chance < 0.5 else ()
        known = known or self.seen.get(kind_of(name), ())
        if known and chance < 0.8:
            found = self.random.choice(list(known))
            return found if numeric else str(found)
        least = int(schema.get("minimum", 0))
        return max(self.random.choice(NUMBERS), least) if numeric else self.random.choice(TEXTS)

    def there(self, kind: str) -> Collection[Any]:
        """The people, departments and roles that are there."""
        company = self.company
        tables: dict[str, Collection[Any]] = {
            "userid": company.users,
            "deptid": company.departments,
            "roleid": company.roles,
        }
        return tables.get(kind, ())

    def fields(self, schema: Schema, definitions: Schema) -> dict[str, Any]:
        """The fields of an object: nearly all that are required, some of the others."""
        required = set(schema.get("required", ()))
        return {
            name: self.value(name, part, definitions)
            for name, part in schema.get("properties", {}).items()
            if self.random.random() < (0.99 if name in required else 0.06 if self.calm else 0.3)
        }

    def schema(self, endpoint: ServedEndpoint | DocumentedEndpoint) -> Schema:
        """The parameters of an endpoint."""
        key = f"{endpoint.verb} {endpoint.path}"
        if key not in self.schemas:
            if isinstance(endpoint, ServedEndpoint):
                self.schemas[key] = endpoint.parameters.model_json_schema()
            else:
                self.schemas[key] = schema_of(endpoint.rows)
        return self.schemas[key]

    # requests

    def together(self) -> dict[str, Any]:
        """Values that go together, under every name that they have: a person with their department, their task, …."""
        company, choice = self.company, self.random.choice
        found: dict[str, Any] = {"isSystem": True, "clean": False}
        if company.users:
            user = choice(list(company.users.values()))
            found |= {"originatorUserId": user.userid, "originator_user_id": user.userid, "userId": user.userid}
            found |= {
                "deptId": choice(list(user.departments) or [1]),
                "union_id": user.unionid,
                "unionId": user.unionid,
            }
            role_id = choice([role.role_id for role in company.roles.values() if role.group_id != 900] or [911])
            found |= {"dept_id": found["deptId"], "role_id": role_id, "roleIds": [role_id], "op_user_id": user.userid}
            found |= {"code": choice([company.credentials.mint_code, company.logins.mint_code])(user.userid)}
        running = [(each, task) for each in company.workflow.instances.values() for task in each.running()][-50:]
        if running:
            instance, task = choice(running)
            found |= {"processInstanceId": instance.instance_id, "taskId": task.task_id, "task_id": task.task_id}
            found |= {"actionerUserId": task.userid, "operateUserId": task.userid, "file": None, "approvers": None}
        groups = [group for group in company.outbox.groups.values() if group.members and not group.dissolved][-50:]
        if groups:
            group = choice(groups)
            group.templates.add("template")
            found |= {
                "openConversationId": group.open_conversation_id,
                "open_conversation_id": group.open_conversation_id,
            }
            found |= {"chatid": group.chat_id, "userid": choice(group.members), "user_id": choice(group.members)}
            found |= {"owner_user_id": group.owner, "userIds": [choice(group.members)]}
        mails = list(company.outbox.robot_mail.values())[-50:]
        if mails:
            mail = choice(mails)
            found |= {"processQueryKey": mail.key, "processQueryKeys": [mail.key]}
            found |= {"openConversationId": mail.conversation} if mail.conversation else {}
        dentries = list(company.drive.dentries.values())[-50:]
        if dentries:
            dentry = choice(dentries)
            found |= {"spaceId": dentry.space_id, "dentryId": dentry.id, "parentId": dentry.id, "id": dentry.id}
            found |= {"parentDentryUuid": dentry.uuid}
        return found

    def request(self, endpoint: ServedEndpoint | DocumentedEndpoint, **given: Any) -> Received:
        """Send a request to an endpoint, with these arguments and random ones."""
        if self.random.random() < 0.01:
            self.company.credentials.clock.advance(self.random.choice([1, 20, 4000]))
            self.token = self.company.credentials.issue_token()[0]
        self.calm = self.random.random() < 0.6
        if len(self.company.users) < 15:
            self.company.add_user("新人", [self.random.choice(list(self.company.departments))])
        schema = self.schema(endpoint)
        arguments = self.fields(schema, schema.get("$defs", {}))
        if isinstance(endpoint, ServedEndpoint) and self.calm:
            known = schema.get("properties", {})
            arguments |= {name: value for name, value in self.together().items() if name in known}
        arguments |= given
        path = re.sub(r"{(\w+)}", lambda match: self._segment(arguments.pop(match[1], None)), endpoint.path)
        dialect = dialect_of(path)
        in_query: Collection[str] = endpoint.query if isinstance(endpoint, ServedEndpoint) else ()
        bodiless = endpoint.verb in dialect.bodiless
        query = {name: value for name, value in arguments.items() if bodiless or name in in_query}
        body = {name: value for name, value in arguments.items() if name not in query}
        headers = {"content-type": "application/json"}
        token = "no token" if self.random.random() < 0.01 else self.token
        if dialect is API:
            headers["x-acs-dingtalk-access-token"] = token
        else:
            query.setdefault("access_token", token)
        content = json.dumps(body).encode() if body and not bodiless else b""
        chance = self.random.random()
        if chance < 0.1 and dialect is not API:
            headers["content-type"] = "application/x-www-form-urlencoded"
            content = urlencode({name: _text(value) for name, value in body.items()}, errors="replace").encode()
        elif chance < 0.12:
            headers["content-type"] = self.random.choice(
                ["", "multipart/form-data; boundary=x", "text/plain", "application/json"]
            )
            content = self.random.randbytes(40)
        return self.send(endpoint.verb, path, query, headers, content)

    def _segment(self, value: Any) -> str:
        return quote(_text(value), safe="", errors="replace") or "x"

    def send(self, verb: str, path: str, query: dict[str, Any], headers: dict[str, str], content: bytes) -> Received:
        """Send a request through the whole application, without a socket."""
        encoded = urlencode({name: _text(value) for name, value in query.items()}, errors="replace")
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http",
            "method": verb,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": encoded.encode(),
            "headers": pairs,
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content}

        async def swallow(message: MutableMapping[str, Any]) -> None:
            del message

        self.loop.run_until_complete(self.app(scope, receive, swallow))
        call = self.calls[-1]
        self.answers[str(call.status)] += 1
        self.see(call.reply_body)
        return call

    @classmethod
    def calm_one(cls) -> Self:
        """One whose requests are made by hand."""
        return cls(Random(0))

    def post(self, path: str, body: dict[str, Any]) -> Received:
        """Send a request that is right."""
        headers = {"content-type": "application/json"}
        return self.send("POST", path, {"access_token": self.token}, headers, json.dumps(body).encode())

    def see(self, reply: Any, name: str = "") -> None:
        """Remember the ids in a reply."""
        if is_object(reply):
            for key, value in reply.items():
                self.see(value, key)
        elif is_array(reply):
            for value in reply:
                self.see(value, name)
        elif isinstance(reply, str | int) and not isinstance(reply, bool) and len(str(reply)) < 100:
            pool = self.seen[kind_of(name)]
            if len(pool) < 400:
                pool[reply] = None

    def run(self, number: int) -> Iterator[Received]:
        """So many random requests, one in five to an endpoint that is only documented."""
        for _ in range(number):
            own = self.random.random() < 0.8
            yield self.request(self.random.choice(self.own) if own else self.random.choice(self.documented))

    def reads(self, is_read: Callable[[ServedEndpoint], bool]) -> Iterator[tuple[ServedEndpoint, Received]]:
        """Every read operation, for every id that was ever seen."""
        for endpoint in filter(is_read, self.own):
            schema = self.schema(endpoint)
            names = [name for name in schema.get("properties", {}) if self.seen.get(kind_of(name))]
            if not names:
                yield endpoint, self.request(endpoint)
            for name in names:
                listed = schema["properties"][name].get("type") == "array"
                for value in list(self.seen[kind_of(name)]):
                    yield endpoint, self.request(endpoint, **{name: [value] if listed else value})


async def _no_websocket(*_: object) -> None:
    raise NotImplementedError


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
