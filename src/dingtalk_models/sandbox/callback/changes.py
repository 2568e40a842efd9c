"""Compares a company with an earlier snapshot, and makes the events for the differences."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, Final, Literal, TypeAlias, TypeVar

from dingtalk_models.sandbox.server.clock import in_beijing
from dingtalk_models.sandbox.server.json_values import is_array
from dingtalk_models.sandbox.server.replies import present
from dingtalk_models.sandbox.state.approval import ApprovalTask, Instance
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import Department
from dingtalk_models.sandbox.state.talk.group import Group

Events: TypeAlias = Generator[tuple[str, dict[str, Any]]]
"""Events: their types and fields."""

Key = TypeVar("Key", str, int)

_PROFILE: Final = {
    "name": "name",
    "telephone": "telephone",
    "email": "email",
    "job_number": "jobNumber",
    "work_place": "workPlace",
    "hired_date": "hiredDate",
    "manager_userid": "managerUserid",
}
_PICTURED: Final = attrgetter(*_PROFILE)


Subject = Literal["people", "groups", "approvals"]
"""The subjects of events: people with their departments and roles, groups, approvals."""

ALL: Final[tuple[Subject, ...]] = ("people", "groups", "approvals")
MAY_CHANGE: Final[dict[str | None, tuple[Subject, ...]]] = {
    "qyapi_manage_addresslist": ALL,
    "qyapi_chat_manage": ("groups",),
    "Workflow.Instance.Write": ("approvals",),
    "Workflow.Form.Write": ("approvals",),
}
"""The subjects that an endpoint may change, by the permission scope that it needs."""


@contextmanager
def pushing_changes(company: Company, subjects: tuple[Subject, ...] = ALL) -> Generator[None]:
    """Push an event for each change that the block makes, to the registered address and to Stream clients.

    Args:
        company: the company.
        subjects: the subjects that the block may change. Only these are compared.
    """
    with company.changing:
        company.workflow.before.clear()
        watched = company.callbacks.registration or company.stream.wants_events
        before = CompanySnapshot(company, subjects) if watched and subjects else None
        yield
        if before is None:
            return
        for event_type, fields in changes(before, CompanySnapshot(company, subjects)):
            _push(company, event_type, fields)


def announce(company: Company, event_type: str, fields: Mapping[str, Any]) -> None:
    """Push an event in the same ways for a change that snapshots do not show."""
    stamp = {"timeStamp": str(int(company.credentials.clock.now() * 1000))} if "userId" in fields else {}
    _push(company, event_type, {**stamp, **fields})


def _push(company: Company, event_type: str, fields: Mapping[str, Any]) -> None:
    callbacks, stream = company.callbacks, company.stream
    event_id: str | None = None
    if callbacks.registration and event_type in callbacks.registration.tags:
        event_id = callbacks.push(event_type, fields).event_id
    if stream.wants_events:
        stream.push_event(event_type, fields, event_id)


class CompanySnapshot:
    """A copy of the parts of a company that events report."""

    def __init__(self, company: Company, subjects: tuple[Subject, ...] = ALL) -> None:
        people, groups = "people" in subjects, "groups" in subjects
        users, departments, roles = company.users, company.departments, company.roles
        self.users = {userid: (user.modified, _PICTURED(user)) for userid, user in users.items()} if people else {}
        self.departments = {dept_id: _settings(each) for dept_id, each in departments.items()} if people else {}
        self.roles = {role_id: set(role.members) for role_id, role in roles.items()} if people else {}
        self.groups = {key: _GroupState(each) for key, each in company.outbox.groups.items()} if groups else {}
        self.company = company


class _GroupState:
    """A copy of the parts of a group that events report."""

    def __init__(self, group: Group) -> None:
        self.owner, self.name, self.dissolved = group.owner, group.name, group.dissolved
        self.members, self.left, self.templates = list(group.members), set(group.left), set(group.templates)


def changes(before: CompanySnapshot, after: CompanySnapshot) -> Events:
    """Return the events for the differences between two snapshots."""
    stamp = str(int(after.company.credentials.clock.now() * 1000))
    yield from _users(before, after, stamp)
    yield from _departments(before, after, stamp)
    yield from _roles(before, after, stamp)
    yield from _approvals(after.company)
    yield from _groups(before, after, int(stamp))


def _users(before: CompanySnapshot, after: CompanySnapshot, stamp: str) -> Events:
    for event_type, userid in _came_and_went(before.users, after.users, "user_add_org", "user_leave_org"):
        yield event_type, {"timeStamp": stamp, "userId": [userid]}
    was, now = before.users, after.users
    for userid in sorted(userid for userid in was.keys() & now.keys() if was[userid][0] != now[userid][0]):
        diff = {"prev": _profile(was[userid][1]), "curr": _profile(now[userid][1]), "userid": userid}
        yield "user_modify_org", {"timeStamp": stamp, "diffInfo": diff, "userId": [userid]}


def _departments(before: CompanySnapshot, after: CompanySnapshot, stamp: str) -> Events:
    was, now = before.departments, after.departments
    for event_type, dept_id in _came_and_went(was, now, "org_dept_create", "org_dept_remove"):
        yield event_type, {"timeStamp": stamp, "deptId": [dept_id]}
    for dept_id in sorted(was.keys() & now.keys()):
        if was[dept_id] != now[dept_id]:
            yield "org_dept_modify", {"timeStamp": stamp, "deptId": [dept_id]}


def _came_and_went(
    before: Mapping[Key, object], after: Mapping[Key, object], came: str, went: str
) -> Generator[tuple[str, Key]]:
    for key in sorted(after.keys() - before.keys()):
        yield came, key
    for key in sorted(before.keys() - after.keys()):
        yield went, key


def _roles(before: CompanySnapshot, after: CompanySnapshot, stamp: str) -> Events:
    for role_id, members in after.roles.items():
        held = before.roles.get(role_id, set())
        gone = (held - members) & after.users.keys()
        for action, userids in (("add", members - held), ("remove", gone)):
            if userids:
                fields = {"userIdList": sorted(userids), "labelIdList": [role_id], "action": action}
                yield "label_user_change", {"timeStamp": stamp, **fields}


def _approvals(company: Company) -> Events:
    for instance_id, (state_before, tasks_before) in company.workflow.before.items():
        instance = company.workflow.instances[instance_id]
        state, tasks = instance.picture
        title = company.title_of(instance)
        if state_before is None:
            yield "bpms_instance_change", _instance(instance, title, "start")
        for task in instance.tasks:
            was, now = tasks_before.get(task.task_id), tasks[task.task_id]
            if was is None:
                yield "bpms_task_change", _task(instance, task, title, "start")
            if now not in {was, "RUNNING"}:
                yield "bpms_task_change", _task(instance, task, title, "cancel" if now == "CANCELED" else "finish")
        if state_before != state and instance.status != "RUNNING":
            kind = "finish" if instance.status == "COMPLETED" else "terminate"
            yield "bpms_instance_change", _instance(instance, title, kind)


def _groups(before: CompanySnapshot, after: CompanySnapshot, millis: int) -> Events:
    """Return the events of groups that existed before. The operator is the owner, since events do not name apps."""
    for conversation in sorted(before.groups.keys() & after.groups.keys()):
        was, now = before.groups[conversation], after.groups[conversation]
        group = after.company.outbox.groups[conversation]
        place = {"timeStamp": millis, "corpId": after.company.credentials.corp_id, "openConversationId": conversation}
        chat = place | {"chatId": group.chat_id}
        asked = _operator(after.company, now.owner)
        came = [each for each in now.members if each not in was.members]
        gone = [each for each in was.members if each not in now.members]
        if came:
            yield "chat_add_member", {**chat, **asked, **_people(after.company, came)}
        for userid in gone:
            if userid in now.left:
                yield "chat_quit", {**chat, **_operator(after.company, userid)}
        if removed := [each for each in gone if each not in now.left]:
            yield "chat_remove_member", {**chat, **asked, **_people(after.company, removed)}
        if was.owner != now.owner:
            yield "chat_update_owner", {**place, "owner": now.owner, **_union_of(after.company, was.owner)}
        if was.name != now.name:
            yield "chat_update_title", {**chat, **asked, "title": now.name}
        for template_id in sorted(was.templates ^ now.templates):
            status = "on" if template_id in now.templates else "off"
            changed = {"templateId": template_id, "status": status, "changedTimeStamp": millis}
            yield "chat_template_change", {**place, **asked, **changed}
        if now.dissolved and not was.dissolved:
            yield "chat_disband", {**chat, **asked}


def _people(company: Company, userids: list[str]) -> dict[str, list[str]]:
    return {"userId": userids, "unionId": [company.users[each].unionid for each in userids if each in company.users]}


def _operator(company: Company, userid: str | None) -> dict[str, str]:
    return {} if userid is None else {"operator": userid, **_union_of(company, userid)}


def _union_of(company: Company, userid: str | None) -> dict[str, str]:
    return {"operatorUnionId": company.users[userid].unionid} if userid in company.users else {}


def _profile(values: tuple[Any, ...]) -> dict[str, str]:
    shown = dict(zip(_PROFILE.values(), values, strict=True))
    if shown["hiredDate"] is not None:
        shown["hiredDate"] = f"{in_beijing(shown['hiredDate'] / 1000):%Y-%m-%d}"
    return present(shown)


def _settings(department: Department) -> tuple[object, ...]:
    # copies, because a list may be changed in place
    return tuple(tuple(each) if is_array(each) else each for each in vars(department).values())


def _fields(instance: Instance, title: str, **fields: Any) -> dict[str, Any]:
    common = {
        "processInstanceId": instance.instance_id,
        "processCode": instance.form.process_code,
        "businessId": instance.business_id,
        "bizCategoryId": "",
        "title": title,
    }
    return common | {name: value for name, value in fields.items() if value not in (None, "")}


def _instance(instance: Instance, title: str, kind: str) -> dict[str, Any]:
    return _fields(
        instance,
        title,
        type=kind,
        result=instance.result if kind == "finish" else None,
        staffId=instance.originator,
        createTime=int(instance.created * 1000),
        finishTime=None if instance.finished is None or kind == "start" else int(instance.finished * 1000),
        url=f"https://aflow.dingtalk.com/dingtalk/mobile/homepage.htm?procInstId={instance.instance_id}",
    )


def _task(instance: Instance, task: ApprovalTask, title: str, kind: str) -> dict[str, Any]:
    result = {"AGREE": "agree", "REFUSE": "refuse", "REDIRECTED": "redirect"}.get(task.result or "")
    return _fields(
        instance,
        title,
        type=kind,
        result=result if kind == "finish" else None,
        staffId=task.userid,
        taskId=task.task_id,
        createTime=int(task.created * 1000),
        finishTime=None if task.finished is None or kind == "start" else int(task.finished * 1000),
    )
