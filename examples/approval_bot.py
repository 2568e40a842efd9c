"""A bot for approvals (审批机器人): it agrees to short leaves, and reminds the approver of all others.

    flask --app examples.approval_bot:site run

The app's settings are environment variables, `DINGTALK_APPKEY` and so on; `DINGTALK_CALLBACK_URL` is where this runs.
"""

from __future__ import annotations

from decimal import Decimal

from flask import Flask

from dingtalk_models import ApprovalInstance, DingTalkApp, NotFound, Subscription, WorkNotification
from dingtalk_models.callback.events.approval import BpmsTaskChange
from dingtalk_models.message import Markdown
from dingtalk_models.views.flask import view

SHORT = Decimal(1)
"""Days of leave that need no person's decision."""


def decide(event: BpmsTaskChange) -> None:
    """Agree to a task in the name of its approver, or remind the approver."""
    if event.change != "start" or not (event.process_instance_id and event.staff_id):
        return
    approval = ApprovalInstance.get(event.process_instance_id)
    days = approval.form.get("请假天数")
    if isinstance(days, Decimal) and days <= SHORT:
        approval.agree(event.staff_id, remark=f"{days} 天以内，自动同意")
    else:
        text = Markdown("待审批", f"### {approval.title}\n等待你的审批")
        WorkNotification.send(text, userids=[event.staff_id])


def register() -> None:
    """Have the platform push the tasks of approvals to `callback_url`."""
    try:
        Subscription.get().update(event_types=[BpmsTaskChange.TYPE])
    except NotFound:
        Subscription.create([BpmsTaskChange.TYPE])


def site() -> Flask:
    """The web application that receives the pushes."""
    return site_of(DingTalkApp.from_env())


def site_of(app: DingTalkApp) -> Flask:
    """The web application for an app."""
    app.use().callback.on(BpmsTaskChange)(decide)
    made = Flask(__name__)
    made.add_url_rule("/dingtalk", view_func=view(app.callback), methods=["POST"])
    return made
