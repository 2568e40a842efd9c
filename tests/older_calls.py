"""What calls of the first generation need to exist, and how to see what they did."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from dingtalk_models import BEIJING, DingTalkApp
from dingtalk_models.sandbox import Sandbox

PAGE = "https://acme.example/leave?id=1"


class World:
    """The sandbox and the app, and what a call needs to exist."""

    def __init__(self, sandbox: Sandbox, app: DingTalkApp) -> None:
        self.sandbox = sandbox
        self.app = app
        self.company = sandbox.company
        self.now = datetime.now(BEIJING).replace(tzinfo=None, microsecond=0)

    def user(self) -> str:
        """The id of a new user."""
        return self.company.add_user("新人", [110]).userid

    def dept(self) -> int:
        """The id of a new department."""
        return self.company.add_department("新部门").dept_id

    def label(self) -> int:
        """The id of a label of external contacts."""
        return next(iter(self.company.clientele.label_groups[0].labels))

    def contact(self, **fields: Any) -> dict[str, Any]:
        """An external contact, as the first generation took it."""
        return {
            "name": "客户", "follower_userid": "caohui", "label_ids": [str(self.label())], "title": "经理",
            "share_deptids": [100], "share_userids": ["sunjing"], "remark": "老客户", "address": "杭州", **fields,
        }  # fmt: skip

    def contact_id(self) -> str:
        """The id of a new external contact."""
        return self.company.clientele.add("客户", "13500000001", [], "caohui").userid

    def task(self) -> int:
        """The id of a task that has sent a message."""
        return self.app.message.async_send_msg("text", {"content": "hi"}, ["sunjing"]).task_ids[0]

    def approval(self) -> str:
        """The id of a new approval."""
        form = self.company.workflow.forms["PROC-LEAVE"]
        return self.company.workflow.start(form, "sunjing", {}, at=self.sandbox.clock.now()).instance_id

    def push(self) -> dict[str, str]:
        """A push of the platform that checks the URL, as `check_url` took it."""
        sealed = self.app.callback.crypto.seal('{"EventType":"check_url"}', timestamp="1783610513", nonce="n")
        return {
            "ding_nonce": sealed["nonce"], "ding_sign": sealed["msg_signature"],
            "ding_timestamp": sealed["timeStamp"], "ding_encrypt": sealed["encrypt"],
        }  # fmt: skip


def last_body(world: World, path: str) -> Any:
    """What the last call of an endpoint sent."""
    return world.sandbox.received(path)[-1].body


def user(world: World, **fields: Any) -> bool:
    """Whether the newest user has these fields."""
    newest = world.app.contact.users.get(list(world.company.users)[-1])
    return {name: getattr(newest, name) for name in fields} == fields


def department(world: World, **fields: Any) -> bool:
    """Whether the newest department has these fields."""
    newest = world.app.contact.departments.get(list(world.company.departments)[-1])
    return {name: getattr(newest, name) for name in fields} == fields


def sha1() -> str:
    """The signature that the first generation made."""
    text = f"jsapi_ticket=ticket&noncestr=nonce&timestamp=1510819200&url={PAGE}"
    return hashlib.sha1(text.encode()).hexdigest()
