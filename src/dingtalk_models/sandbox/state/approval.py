"""The approvals of a company: forms, and the approvals started from them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from dingtalk_models.sandbox.server.clock import in_beijing
from dingtalk_models.sandbox.state.ids import opaque
from dingtalk_models.sandbox.state.leaving import Leaver, StatePart, without
from dingtalk_models.sandbox.state.seeding import Known, check_free

ROOT_DEPARTMENT: Final = -1

MANAGER: Final = "manager"
"""Stands for the originator's manager among the users of a step."""


@dataclass
class Component:
    """A component (控件) of a form. The `children` of a table are its columns."""

    type: str
    label: str
    id: str
    required: bool = False
    options: list[str] = field(default_factory=list[str])
    children: list[Component] = field(default_factory=list["Component"])
    props: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class ApprovalStep:
    """A step of an approval, decided by one user, any of several (`OR`), or all of them (`AND`).

    In a step with a key, the originator chooses the approver: one of `users`, or anybody if that is empty.
    """

    users: list[str]
    action: str = "NONE"
    key: str | None = None
    name: str = "审批人"


@dataclass
class ApprovalForm:
    """A form (审批模板), and the steps of its approvals."""

    process_code: str
    name: str
    components: list[Component]
    steps: list[ApprovalStep]
    modified: float
    description: str = ""
    enabled: bool = True
    cc: list[str] = field(default_factory=list[str])


@dataclass
class ApprovalTask:
    """A task: the decision of one user."""

    task_id: int
    userid: str
    step: int
    created: float
    status: str = "RUNNING"
    result: str | None = None
    finished: float | None = None


@dataclass
class OperationRecord:
    """A record of somebody's action in an approval."""

    userid: str
    at: float
    type: str
    result: str = "NONE"
    remark: str | None = None
    cc: list[str] = field(default_factory=list[str])
    photos: list[str] = field(default_factory=list[str])
    attachments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    step: int | None = None


State: TypeAlias = tuple[tuple[str, str] | None, dict[int, str]]
"""The status and result of an approval (None before its start), and the status of each task."""


@dataclass
class Instance:
    """An approval (审批实例)."""

    number: int
    instance_id: str
    form: ApprovalForm
    originator: str
    dept_id: int
    values: dict[str, str]
    """The texts by component id."""
    steps: list[ApprovalStep]
    created: float
    cc: list[str] = field(default_factory=list[str])
    cc_position: str = "START"
    status: str = "RUNNING"
    result: str = ""
    finished: float | None = None
    tasks: list[ApprovalTask] = field(default_factory=list[ApprovalTask])
    operations: list[OperationRecord] = field(default_factory=list[OperationRecord])

    @property
    def picture(self) -> State:
        """Return a copy of its present state and that of its tasks."""
        return (self.status, self.result), {task.task_id: task.status for task in self.tasks}

    @property
    def business_id(self) -> str:
        """The number shown to people (审批编号)."""
        return f"{in_beijing(self.created):%Y%m%d%H%M}{self.number:06d}"

    def running(self, task_id: int | None = None) -> list[ApprovalTask]:
        """Return the tasks that wait for a decision."""
        return [task for task in self.tasks if task.status == "RUNNING" and task_id in (None, task.task_id)]


class Workflow(StatePart):
    """All forms and approvals of a company.

    Attributes:
        forms, instances: the forms by code, the approvals by id.
        before: the earlier states of approvals that have changed since this was last cleared.
    """

    UNSAVED: Final = ("before",)

    def __init__(self, known: Known) -> None:
        self.known = known
        self.forms: dict[str, ApprovalForm] = {}
        self.instances: dict[str, Instance] = {}
        self.before: dict[str, State] = {}
        self.most_ids = 10_000
        self._task_ids = itertools.count(67_583_405_630)
        self._numbers = itertools.count(1)

    def add_form(
        self,
        name: str,
        components: Iterable[Component],
        steps: Iterable[ApprovalStep],
        *,
        at: float = 0,
        process_code: str | None = None,
        description: str = "",
    ) -> ApprovalForm:
        """Add a form. Without a code, one is generated.

        Raises:
            SeedError: the code is taken, or a step names somebody who is not in the company.
        """
        steps = [*steps]
        check_free("process_code", process_code, self.forms)
        for step in steps:
            self.known.check_users("steps", (userid for userid in step.users if userid != MANAGER))
        code = process_code or f"PROC-{opaque(name, str(next(self._numbers))).upper()}"
        form = ApprovalForm(code, name, list(components), steps, at, description)
        self.forms[code] = form
        return form

    def person_left(self, leaver: Leaver) -> None:
        """Pass the open tasks of a person on to their successor. Past decisions stay."""
        for form in self.forms.values():
            form.cc[:] = without(form.cc, leaver.userid)
            for step in form.steps:
                step.users[:] = without(step.users, leaver.userid, leaver.heir)
        for instance in self.instances.values():
            if instance.status == "RUNNING":
                self._pass_on(instance, leaver)

    def _pass_on(self, instance: Instance, leaver: Leaver) -> None:
        self._note(instance)
        instance.cc[:] = without(instance.cc, leaver.userid)
        number = max((task.step for task in instance.running()), default=0)
        for step in instance.steps[number:]:
            step.users[:] = without(step.users, leaver.userid, leaver.heir)
        for task in [task for task in instance.running() if task.userid == leaver.userid]:
            decides = {each.userid for each in instance.running()}
            if leaver.heir and leaver.heir not in decides:
                done = OperationRecord(leaver.userid, leaver.at, "REDIRECT_TASK")
                self.redirect(instance, task, leaver.heir, done)
            else:
                task.status, task.finished = "CANCELED", leaver.at
        if not instance.running():
            self._open(instance, number + 1, leaver.at)

    def form_named(self, name: str) -> ApprovalForm | None:
        """Return the form with this name."""
        return next((form for form in self.forms.values() if form.name == name), None)

    def start(
        self,
        form: ApprovalForm,
        originator: str,
        values: dict[str, str],
        *,
        at: float,
        steps: Iterable[ApprovalStep] | None = None,
        dept_id: int = ROOT_DEPARTMENT,
        cc: Iterable[str] = (),
        cc_position: str = "START",
    ) -> Instance:
        """Start an approval and open its first step."""
        number = next(self._numbers)
        instance_id = opaque(form.process_code, originator, str(number))[:22]
        taken = [replace(each, users=[*each.users]) for each in (form.steps if steps is None else steps)]
        instance = Instance(number, instance_id, form, originator, dept_id, values, taken, at, list(cc), cc_position)
        self.instances[instance_id] = instance
        self.before[instance_id] = (None, {})
        instance.operations.append(OperationRecord(originator, at, "START_PROCESS_INSTANCE"))
        if cc_position != "FINISH":
            self._send_copies(instance, at)
        self._open(instance, 0, at)
        return instance

    def decide(
        self, instance: Instance, task: ApprovalTask, result: Literal["agree", "refuse"], done: OperationRecord
    ) -> None:
        """Agree or refuse for the user of a task. The last agreement or any refusal completes the approval."""
        self._note(instance)
        self._close(task, result.upper(), done.at)
        instance.operations.append(replace(done, step=task.step))
        step = instance.steps[task.step]
        if result == "refuse":
            self._finish(instance, "COMPLETED", result, done.at)
        elif step.action == "OR" or not instance.running():
            self._cancel(instance, done.at)
            self._open(instance, task.step + 1, done.at)

    def redirect(self, instance: Instance, task: ApprovalTask, to: str, done: OperationRecord) -> None:
        """Hand a task to another user."""
        self._note(instance)
        self._close(task, "REDIRECTED", done.at)
        instance.operations.append(replace(done, step=task.step))
        instance.tasks.append(ApprovalTask(next(self._task_ids), to, task.step, done.at))

    def terminate(self, instance: Instance, done: OperationRecord) -> None:
        """Withdraw an approval."""
        self._note(instance)
        instance.operations.append(done)
        self._finish(instance, "TERMINATED", "", done.at)

    def _note(self, instance: Instance) -> None:
        self.before.setdefault(instance.instance_id, instance.picture)

    def _open(self, instance: Instance, number: int, at: float) -> None:
        while number < len(instance.steps) and not instance.steps[number].users:
            number += 1  # skip steps without anybody who could decide
        if number >= len(instance.steps):
            self._finish(instance, "COMPLETED", "agree", at)
            return
        for userid in instance.steps[number].users:
            instance.tasks.append(ApprovalTask(next(self._task_ids), userid, number, at))

    def _finish(self, instance: Instance, status: str, result: str, at: float) -> None:
        self._cancel(instance, at)
        instance.status, instance.result, instance.finished = status, result, at
        if status == "COMPLETED" and instance.cc_position != "START":
            self._send_copies(instance, at)

    def _cancel(self, instance: Instance, at: float) -> None:
        for task in instance.running():
            task.status, task.finished = "CANCELED", at

    def _close(self, task: ApprovalTask, result: str, at: float) -> None:
        task.status, task.result, task.finished = "COMPLETED", result, at

    def _send_copies(self, instance: Instance, at: float) -> None:
        if instance.cc:
            instance.operations.append(OperationRecord(instance.originator, at, "PROCESS_CC", cc=instance.cc))
