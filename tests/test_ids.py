"""An empty text for an id never gets as far as a call: `user.unionid or ""` is refused before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from dingtalk_models import ApprovalInstance, Dentry, DingTalkApp, Group, InvalidArgument, Robot, User, operations
from dingtalk_models.sandbox import Sandbox

EMPTY: dict[str, Callable[[DingTalkApp], object]] = {
    "userid": lambda _: User.get(""),
    "dentry_id": lambda _: Dentry.objects.get("1", "", "union-1"),
    "union_id": lambda app: app.platform.todo_1_0.create_todo_task("", subject="写周报"),
    "operator_id": lambda app: app.platform.notable_1_0.get_all_sheets("base-1", operator_id=""),
    "base_id": lambda app: app.platform.notable_1_0.get_all_sheets(" ", operator_id="union-1"),
    "chatid": lambda _: Group(open_conversation_id="cid1").update(name="新名"),
    "process_instance_id": lambda _: ApprovalInstance.get(""),
    "userids": lambda _: Robot.objects.batch_send([""], "sampleText", "{}"),
    "userids of several calls": lambda _: Robot.send("早", ["zhaolei", ""]),
    "by name": lambda app: app.run("dingtalk.oapi.v2.user.get", userid=""),
    "path.userId": lambda app: app.request("GET", "/v1.0/contact/users/{userId}", path={"userId": " "}),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_id_is_refused_before_anything_is_sent(sandbox: Sandbox, app: DingTalkApp, name: str) -> None:
    sent = len(sandbox.calls)
    with pytest.raises(InvalidArgument) as refused:
        EMPTY[name](app)
    (problem,) = refused.value.problems
    assert problem.field == ("userid" if name == "by name" else name.removesuffix(" of several calls"))
    assert re.search("empty / .*不能为空|at least 1 character", problem.message)
    assert len(sandbox.calls) == sent


def test_what_stands_in_a_path_is_never_empty() -> None:
    """Of every operation, also of those of `app.platform`."""
    taken = list[str]()
    checked = 0
    for info in operations():
        arguments = vars(info.manager)[info.method].arguments
        for name in arguments.fields:
            if f"{{{arguments.wire_names(name)[0]}}}" in info.path and arguments.fields[name] is str:
                checked += 1
                try:
                    arguments.check_one(name, "")
                except InvalidArgument:
                    continue
                taken.append(f"{info.name} {name}")
    assert checked > 300
    assert taken == []


def test_an_id_that_may_be_left_out_of_a_body_may_be_empty_there() -> None:
    """Taking away someone's superior is an empty id."""
    assert User.objects.update.call("zhaolei", manager_userid="").request.body == {
        "userid": "zhaolei",
        "manager_userid": "",
    }
