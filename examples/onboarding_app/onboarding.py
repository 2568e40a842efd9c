"""The onboarding (入职): HR adds newcomers, their laptops are approved, and a bot answers their questions.

    export DINGTALK_APPKEY=… DINGTALK_APPSECRET=… DINGTALK_AGENT_ID=…
    python -m onboarding_app.onboarding

The tests need none of it: `pytest -n 2` in this folder.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from dingtalk_models import (
    BEIJING,
    ApprovalForm,
    ApprovalInstance,
    Department,
    DingTalkApp,
    Robot,
    User,
    WorkNotification,
)
from dingtalk_models.callback.events.approval import BpmsInstanceChange
from dingtalk_models.message import ChatbotMessage, Markdown
from dingtalk_models.smartwork.approval_fields import any_of
from dingtalk_models.smartwork.form_values import Money, Text

LAPTOP: Final = "电脑申领"
CHEAP: Final = Decimal(8000)
"""Up to this price, the manager alone decides."""

ANSWERS: Final[Mapping[str, str]] = {
    "年假": "满一年 5 天，满十年 10 天。",
    "报销": "在钉钉的“审批”里选“报销”，由财务审核。",
}


class Onboarding:
    """The application. `hr` answers what the bot cannot, one of `finance` approves what is expensive."""

    def __init__(self, app: DingTalkApp, hr: str = "hr", finance: tuple[str, ...] = ("hanmei", "weidong")) -> None:
        self.app = app
        self.hr = hr
        self.finance = finance
        app.callback.on(ChatbotMessage)(self.answer)
        app.callback.on(BpmsInstanceChange)(self.decided)

    def join(self, name: str, mobile: str, dept_id: int, mentor: str) -> User:
        """Add a newcomer, welcome them, and give their mentor something to do."""
        today = datetime.now(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
        user = User.create(name, mobile, [dept_id], hired_date=today, manager_userid=mentor)
        welcome = Markdown("欢迎", f"### 欢迎加入，{name}！\n有问题请问机器人。")
        WorkNotification.send(welcome, userids=[user.userid])
        Robot.send(f"{name}今天入职，请带他熟悉环境。", [mentor])
        if union_id := User.get(mentor).unionid:
            self.app.platform.todo_1_0.create_todo_task(union_id, subject=f"带{name}熟悉环境", executor_ids=[union_id])
        return user

    def order_laptop(self, user: User, price: Decimal) -> ApprovalInstance:
        """Ask for a laptop: the manager decides, and if it is expensive, one of finance too."""
        approvers = [user.manager_userid or self.finance[0]]
        finance = [any_of(*self.finance)] if price > CHEAP else []
        return ApprovalInstance.create(
            ApprovalForm.by_name(LAPTOP).process_code,
            user.userid,
            [Text("型号", "ThinkPad"), Money("价格", price)],
            approvers=[*approvers, *finance],
        )

    def decided(self, event: BpmsInstanceChange) -> None:
        """Tell the newcomer what was decided."""
        if event.change == "finish" and event.staff_id:
            text = "电脑已批准，请到前台领取。" if event.result == "agree" else "电脑申请未通过，请联系直属主管。"
            Robot.send(text, [event.staff_id])

    def answer(self, message: ChatbotMessage) -> None:
        """Answer a question; what the bot does not know, it passes on to HR."""
        answers = [answer for word, answer in ANSWERS.items() if word in message.text]
        message.reply("\n".join(answers) or "这个我不知道，已转给人力资源部。")
        if not answers:
            text = Markdown("新同事的问题", f"**{message.sender_nick}**：{message.text}")
            WorkNotification.send(text, userids=[self.hr])

    async def headcount(self) -> dict[str, int]:
        """How many people are in each department below the company itself, asked for at the same time."""
        departments = [department async for department in Department.objects.list()]
        people = await asyncio.gather(*(User.objects.list_ids.aio(each.dept_id) for each in departments))
        return {each.name: len(ids) for each, ids in zip(departments, people, strict=True)}


if __name__ == "__main__":
    with DingTalkApp.from_env() as company:
        Onboarding(company).app.stream.run()
