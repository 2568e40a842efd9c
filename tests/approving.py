"""Approvals of the sandbox's company, for tests."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from dingtalk_models import (
    BEIJING,
    ApprovalInstance,
)
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.smartwork.form_values import (
    Date,
    DateRange,
    FormItem,
    FormValue,
    Money,
    Number,
    Select,
    Table,
    Text,
    TextArea,
)

LEAVE, EXPENSE = "PROC-LEAVE", "PROC-EXPENSE"
CREATE, QUERY = "/v1.0/workflow/processInstances", "/v1.0/workflow/processes/instanceIds/query"
RANGE = ("开始时间", "结束时间")
START, END = datetime(2026, 10, 1, 9, tzinfo=BEIJING), datetime(2026, 10, 3, 18, tzinfo=BEIJING)
DAY = timedelta(days=1)


def leave(reason: str = "回家") -> list[FormItem]:
    return [
        Select("请假类型", "事假"),
        DateRange(RANGE, START, END),
        Number("请假天数", Decimal("2.5")),
        TextArea("请假事由", reason),
    ]


def started(userid: str = "yangfan", **more: Any) -> ApprovalInstance:
    given: dict[str, Any] = {"dept_id": 110, **more}
    return ApprovalInstance.create(LEAVE, userid, leave(), **given)


def now(sandbox: Sandbox) -> datetime:
    return datetime.fromtimestamp(sandbox.clock.now(), BEIJING)


def expense() -> list[FormItem]:
    row: list[FormValue[Any]] = [Text("项目", "机票"), Money("金额", Decimal("1280.50"))]
    return [Text("报销事由", "出差"), Table("明细", [[*row, Date("日期", date(2026, 9, 1))], row])]
