"""`dingtalk-models approve`: list a person's approval tasks, agree and refuse."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dingtalk_models.cli import profiles
from dingtalk_models.cli.commands.people import person_of
from dingtalk_models.cli.groups import AsForm, group
from dingtalk_models.cli.output import As, line, note, show
from dingtalk_models.core.language import said

if TYPE_CHECKING:
    from dingtalk_models import ApprovalInstance, DingTalkApp

app = group("approve", "Approvals that wait for a person. / 待某人处理的审批。")

As_ = Annotated[
    str,
    typer.Option(
        "--as-user", "-u", help=said("Whose decision: userid, mobile or name. / 审批人：userid、手机号或姓名。")
    ),
]
Instance = Annotated[str, typer.Argument(metavar="INSTANCE", help=said("The approval's id. / 审批实例 ID。"))]
Remark = Annotated[str, typer.Option("--remark", "-m", help=said("A comment on the decision. / 审批意见。"))]


@app.command("list", help=said("List the approvals that wait for a person. / 列出待某人处理的审批。"))
def list_(
    user: As_,
    process_code: Annotated[
        list[str] | None,
        typer.Option(
            "--form",
            help=said("Only this form, repeatable; by default all forms. / 只看该模板，可多次；默认全部。"),
        ),
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=365, help=said("Started in the last N days. / 最近 N 天内发起。"))
    ] = 30,
    form: AsForm = As.TABLE,
) -> None:
    """List the running approvals in which a task waits for this person.

    The platform cannot list a person's tasks, so this reads the approvals of each form.
    """
    dingtalk = profiles.open_app()
    userid = person_of(dingtalk, user).userid
    codes = process_code or _forms(dingtalk)
    found = [
        (task, each)
        for code in codes
        for each in _running(dingtalk, code, days)
        for task in each.tasks
        if task.userid == userid and task.status == "RUNNING"
    ]
    if form is As.TABLE:
        rows = [
            {
                "instance": each.process_instance_id,
                "title": each.title,
                "from": each.originator_userid,
                "started": f"{each.create_time:%Y-%m-%d %H:%M}" if each.create_time else None,
                "form": "; ".join(f"{label}: {value}" for label, value in each.form.items()),
            }
            for _, each in found
        ]
        show(rows, form)
    else:
        show([each for _, each in found], form)
    waiting = dingtalk.smartwork.approvals.todo_count(userid)
    if waiting > len(found):
        note(
            said(
                f"{waiting} tasks are waiting in total: use --days to look further back, or --form to name a form / "
                f"共有 {waiting} 个待办：可用 --days 放宽时间，或用 --form 指定模板"
            )
        )


@app.command("agree", help=said("Agree for a person. / 以某人身份同意。"))
def agree(instance: Instance, user: As_, remark: Remark = "") -> None:
    """Agree."""
    _decide(instance, user, "agree", remark)


@app.command("refuse", help=said("Refuse for a person. / 以某人身份拒绝。"))
def refuse(instance: Instance, user: As_, remark: Remark = "") -> None:
    """Refuse."""
    _decide(instance, user, "refuse", remark)


def _decide(instance: str, user: str, result: str, remark: str) -> None:
    dingtalk = profiles.open_app()
    userid = person_of(dingtalk, user).userid
    approval = dingtalk.smartwork.approvals.get(instance)
    decide = approval.agree if result == "agree" else approval.refuse
    said_with_it: Any = {"remark": remark} if remark else {}
    decide(userid, **said_with_it)
    after = approval.refresh()
    line(f"{after.process_instance_id}\t{after.status}\t{after.result or ''}".rstrip())


def _forms(app: DingTalkApp) -> list[str]:
    """List the company's forms."""
    return [each.process_code for each in app.smartwork.approval_forms.visible()]


def _running(app: DingTalkApp, code: str, days: int) -> list[ApprovalInstance]:
    from dingtalk_models import BEIJING  # noqa: PLC0415 - slow to import

    since = datetime.now(BEIJING) - timedelta(days=days)
    return app.smartwork.approvals.all(code, since, statuses=["RUNNING"]).all()
