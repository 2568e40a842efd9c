"""Takes the pictures of the sandbox's page in docs/images: `scripts/screenshots` runs it.

A small story happens first: an application sends notifications and cards, answers a chat, starts approvals, and is
told of changes. The pictures are 1,400 and 400 pixels wide, in both languages, light and dark.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, sync_playwright
from small_png import smaller

from dingtalk_models import (
    BEIJING,
    ApiError,
    ApprovalInstance,
    Card,
    CardAction,
    CardUpdate,
    ChatbotMessage,
    Department,
    DingTalkApp,
    User,
    WorkNotification,
)
from dingtalk_models.callback.events.contact import UserAddOrg
from dingtalk_models.message import (
    OA,
    ActionCard,
    GroupSpace,
    Markdown,
    OABody,
    OAFormRow,
    OAHead,
    RobotSpace,
)
from dingtalk_models.message.received.received_content import FileContent
from dingtalk_models.sandbox import File, Sandbox
from dingtalk_models.smartwork.form_values import DateRange, FormValue, Number, Select, TextArea

IMAGES = Path(__file__).parent.parent / "docs" / "images"
NOBODY = 60121
HEIGHTS = {1400: 860, 400: 820}


class Shot(NamedTuple):
    """A picture: its name, the address, and the languages and themes that it is taken in."""

    name: str
    address: str
    looks: tuple[tuple[int, str, str], ...]


@contextmanager
def story() -> Generator[Sandbox]:
    """A sandbox in which something has happened."""
    with Sandbox() as sandbox, sandbox.app(retry=None) as app:
        _bot(app)
        app.stream.start()
        group = sandbox.add_group(["zhaolei", "sunjing", "yangfan"], "平台研发群", "zhaolei").open_conversation_id
        _work()
        _talk(sandbox, group)
        _approvals()
        sandbox.settle()
        yield sandbox
        app.stream.stop()
    app.close()


def _bot(app: DingTalkApp) -> None:
    @app.callback.on(ChatbotMessage)
    def answer(message: ChatbotMessage) -> None:
        if isinstance(message.content, FileContent):
            message.reply("收到文件，已存档。")
        else:
            message.reply(Markdown("本周值班", "本周值班：\n• 平台：秦浩\n• 移动：尤娜\n换班请回复“换班”。"))

    @app.callback.on(CardAction)
    def decide(action: CardAction) -> CardUpdate:
        done = {"agree": "已同意，10:00 发布", "later": "推迟到明天"}
        return CardUpdate({"状态": done.get(action.action_ids[0], "已处理")})

    @app.callback.on(UserAddOrg)
    def welcome(event: UserAddOrg) -> None:
        del event


def _work() -> None:
    """The actions of the application."""
    User.get("zhaolei").update(title="技术总监")
    created = Department.objects.create("数据平台组", 110)
    User.objects.create("林小满", "13900000099", [created.dept_id], userid="linxiaoman", title="数据工程师")
    print([*User.objects.search("赵磊")])
    with suppress(ApiError):
        User.get("nobody")
    WorkNotification.send("系统将于今晚 22:00 升级，预计 30 分钟。", userids=["zhaolei", "sunjing"])
    WorkNotification.send(
        OA(
            "https://example.com/orders/20261127",
            OAHead("采购系统"),
            OABody("采购单待确认", form=[OAFormRow("供应商", "华东云服务"), OAFormRow("金额", "¥ 12,800.00")]),
        ),
        userids=["zhaolei"],
    )
    WorkNotification.send(
        ActionCard("周报", "### 平台研发部周报\n本周发布 3 次，故障 0 次。", "查看周报", "https://example.com/weekly"),
        userids=["zhaolei"],
    )


def _talk(sandbox: Sandbox, group: str) -> None:
    template = sandbox.cards.add_template(buttons={"agree": "同意发布", "later": "明天再说"})
    asked = sandbox.say("zhaolei", "这周谁值班？")
    sandbox.wait_for_reply(asked)
    sandbox.wait_for_reply(sandbox.say("zhaolei", File("值班表.xlsx", b"a table")))
    details = {"title": "发布 v2.1", "版本": "v2.1.0", "负责人": "杨帆", "状态": "待确认"}
    Card.send(template, RobotSpace("zhaolei"), details)
    Card.send(template, GroupSpace(group), details | {"title": "发布 v2.2", "版本": "v2.2.0"})
    sandbox.wait_for_reply(sandbox.say("sunjing", "这周谁值班？", to=group))
    with Card.stream(template, RobotSpace("zhaolei"), card_param_map={"title": "故障分析"}, interval=0.01) as card:
        card.write("数据库连接池在 09:42 用尽，共影响 37 个请求。\n建议：将上限调到 200，并为慢查询加索引。")


def _approvals() -> None:
    def ask(who: str, kind: str, days: str, reason: str) -> ApprovalInstance:
        span = DateRange(
            ("开始时间", "结束时间"),
            datetime(2026, 12, 3, 9, tzinfo=BEIJING),
            datetime(2026, 12, 4, 18, tzinfo=BEIJING),
        )
        values: list[FormValue[Any]] = [
            Select("请假类型", kind),
            span,
            Number("请假天数", Decimal(days)),
            TextArea("请假事由", reason),
        ]
        return ApprovalInstance.create("PROC-LEAVE", who, values, dept_id=110)

    first = ask("sunjing", "年假", "1", "搬家")
    first.agree("zhaolei", remark="注意交接")
    ask("sunjing", "事假", "2", "家中有事")


def _shots() -> list[Shot]:
    """The pictures."""
    wide_zh, wide_en = (1400, "zh", "light"), (1400, "en", "light")
    dark_en = (1400, "en", "dark")
    small_zh, small_en = (400, "zh", "light"), (400, "en", "dark")
    phone = "/_page/phone?who=zhaolei"
    return [
        Shot("calls", "/?call={refused}", (wide_zh, dark_en)),
        Shot("calls", "/", (small_zh, small_en)),
        Shot("call", "/?call={refused}", (small_zh, small_en)),
        Shot("chat", f"{phone}&chat=robot", (wide_zh, dark_en, small_zh, small_en)),
        Shot("approvals", f"{phone}&chat=approvals", (wide_zh, wide_en, small_zh, small_en)),
        Shot("company", "/_page/company?dept=110", (wide_zh, wide_en, small_zh, small_en)),
        Shot("person", "/_page/company?user=sunjing", (wide_zh, small_en)),
        Shot("events", "/_page/events?push={push}", (wide_zh, dark_en, small_zh, small_en)),
        Shot("send", "/_page/events?type=user_add_org", (wide_en, small_zh)),
        Shot("faults", "/_page/faults", (wide_zh, dark_en, small_zh, small_en)),
    ]


def take(browser: Browser, sandbox: Sandbox, shots: list[Shot], folder: Path, only: str) -> None:
    """Take the pictures."""
    places = {
        "refused": next(call.number for call in sandbox.calls if call.code == NOBODY),
        "push": next(f"s{number}" for number, each in enumerate(sandbox.stream.messages) if each.type == "EVENT"),
    }
    for shot in shots:
        for width, language, theme in shot.looks:
            name = f"{shot.name}-{width}-{language}{'-dark' if theme == 'dark' else ''}.png"
            if only not in name:
                continue
            context = browser.new_context(
                viewport={"width": width, "height": HEIGHTS[width]},
                color_scheme="dark" if theme == "dark" else "light",
                locale="zh-CN" if language == "zh" else "en-GB",
            )
            page = context.new_page()
            page.goto(sandbox.url + shot.address.format(**places))
            page.wait_for_selector("[data-lamp]:not([hidden])")
            (folder / name).write_bytes(smaller(page.screenshot()))
            context.close()
            print(name, (folder / name).stat().st_size)


def main() -> None:
    """Take the pictures; an argument takes only those that have it in their names."""
    IMAGES.mkdir(exist_ok=True)
    with story() as sandbox, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        take(browser, sandbox, _shots(), IMAGES, sys.argv[1] if len(sys.argv) > 1 else "")
        browser.close()


if __name__ == "__main__":
    main()
