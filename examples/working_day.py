"""A working day of 钉峰科技's app: a customer, a notice to everyone, a file, a leave approval, and what has changed.

It uses only the public interface, with a local DingTalk, as `onboarding.py` does.

    ./scripts/demo
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from secrets import token_hex, token_urlsafe
from tempfile import TemporaryDirectory

import requests
from narration import chapter, code, count, received, say, table, title, transfer
from receiving import WebServer

from dingtalk_models import (
    BEIJING,
    ApprovalForm,
    ApprovalInstance,
    Department,
    DingTalkApp,
    Directory,
    ExternalContact,
    InvalidRequest,
    LabelGroup,
    NobodyReached,
    Space,
    User,
    WorkNotification,
)
from dingtalk_models.callback.events.approval import BpmsInstanceChange
from dingtalk_models.message import Markdown
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.smartwork.form_values import DateRange, Number, Select, TextArea

PEOPLE = 250
MEGABYTES = 10
NOTICE = Markdown("体检安排", "## 年度体检\n周五上午，请空腹")


def add_customer(sandbox: Sandbox) -> None:
    chapter(1, "A customer is added", "添加客户")
    code('ExternalContact.create("王经理", mobile, [labels["客户"], labels["意向"]], "caohui", company_name=…)')
    labels = {label.name: label.id for group in LabelGroup.objects.all() for label in group.labels}
    customer = ExternalContact.create(
        "王经理", "13800138000", [labels["客户"], labels["意向"]], "caohui", company_name="云帆贸易有限公司"
    )
    follower = customer.follower()
    say(
        f"{customer.name} of {customer.company_name}, {'、'.join(label.name for label in customer.labels())}; "
        f"followed by {follower.name if follower else 'nobody'}."
    )

    say("Now the company makes the custom field 行业 mandatory for its customers. The platform only says:")
    sandbox.company.clientele.mandatory_custom_fields.add("行业")
    code('ExternalContact.create("赵经理", mobile, [labels["客户"]], "caohui")')
    try:
        ExternalContact.create("赵经理", "13800138001", [labels["客户"]], "caohui")
    except InvalidRequest as error:
        say(f"[red]{error.code} {error.message}[/]")
        say(f"hint: {error.hint}")


def notify_everyone(sandbox: Sandbox) -> None:
    chapter(2, f"A notice goes to {PEOPLE} people", "工作通知")
    for number in range(PEOPLE - len(sandbox.company.users)):
        sandbox.company.add_user(f"员工{number:03}", userid=f"staff{number:03}")
    say(f"The company in the sandbox now has {len(sandbox.company.users)} people.")
    code("notification = WorkNotification.send(notice, userids=everyone)\nnotification.wait().reached")
    everyone = [user.userid for user in User.objects.all()]
    notification = WorkNotification.send(NOTICE, userids=everyone)
    delivered = notification.wait(timeout=10).reached
    say(f"Sent in {len(notification.task_ids)} calls, each person once: {len(delivered)} people have it.")

    say("In the sandbox, two of three people read it:")
    for task_id in notification.task_ids:
        task = sandbox.company.outbox.tasks[task_id]
        task.read.update(task.receivers[::3] + task.receivers[1::3])
    code("result = notification.result()")
    result = notification.result()
    table(
        ["已读 read", "未读 unread", "未送达 undelivered", "complete"],
        [(len(result.read), len(result.unread), len(result.not_reached), result.complete)],
    )

    say("The platform accepts messages that it does not deliver. If nobody gets one, that is an error:")
    code('WorkNotification.send(notice, userids=["zhaolei", "nobody"]).wait()')
    again = WorkNotification.send(NOTICE, userids=["zhaolei", "nobody"])
    try:
        again.wait(timeout=10)
    except NobodyReached as error:
        table(["userid", "why it did not arrive"], error.not_reached.items())


def store_file(directory: Path) -> None:
    chapter(3, f"A file of {MEGABYTES} MB goes up, and comes back", "钉盘文件")
    original, copy = directory / "产品手册.bin", directory / "下载.bin"
    original.write_bytes(Random(0).randbytes(MEGABYTES * 1000 * 1000))
    code('space = Space.create(union_id, name="客户资料", scene="customers")\nspace.upload(path, union_id, progress=…)')
    union_id = User.get("caohui").unionid
    space = Space.create(union_id, name="客户资料", scene="customers")
    with transfer("上传 up  ") as progress:
        file = space.upload(original, union_id, progress=progress)
    code("file.download(path, union_id, progress=…)")
    with transfer("下载 down") as progress:
        file.download(copy, union_id, progress=progress)
    same = original.read_bytes() == copy.read_bytes()
    say(f"{file.path}: {file.size:,} bytes, version {file.version}. Equal byte for byte: {same}.")


def listen(app: DingTalkApp, server: WebServer) -> list[BpmsInstanceChange]:
    chapter(4, "A web server listens for events", "订阅事件")
    code("@app.callback.on(BpmsInstanceChange)\ndef handle(event): …")
    handled: list[BpmsInstanceChange] = []

    @app.callback.on(BpmsInstanceChange)
    def handle(event: BpmsInstanceChange) -> None:
        handled.append(event)

    code('app.callback.subscriptions.register(["bpms_instance_change"], url=server.url)')
    app.callback.subscriptions.register(["bpms_instance_change"], url=server.url)
    say(f"{server.url} has answered the platform's check_url, encrypted and signed, and is registered.")
    return handled


def take_leave() -> None:
    chapter(5, "A leave is requested, and approved", "请假审批")
    code('ApprovalInstance.create(leave.process_code, "yangfan", [Select(…), DateRange(…), Number(…), TextArea(…)])')
    leave = ApprovalForm.by_name("请假")
    approval = ApprovalInstance.create(
        leave.process_code,
        "yangfan",
        [
            Select("请假类型", "年假"),
            DateRange(
                ("开始时间", "结束时间"),
                datetime(2026, 12, 28, 9, tzinfo=BEIJING),
                datetime(2026, 12, 30, 12, tzinfo=BEIJING),
            ),
            Number("请假天数", Decimal("2.5")),
            TextArea("请假事由", "回家"),
        ],
        dept_id=110,
    )
    code('approval.agree("sunjing")\napproval.agree("liuyang", remark="一路平安")\napproval.refresh()')
    approval.agree("sunjing")
    approval.agree("liuyang", remark="一路平安")
    approval.refresh()
    say(f"{approval.title}: {approval.status}, {approval.result}. The form, read back:")
    form = approval.form
    start, end = form["开始时间", "结束时间"]
    values = {"请假类型": form["请假类型"], "开始时间": start, "结束时间": end, "请假天数": form["请假天数"]}
    table(["label", "value", "type"], [(label, value, type(value).__name__) for label, value in values.items()])


def hear_of_it(sandbox: Sandbox, server: WebServer, handled: list[BpmsInstanceChange]) -> None:
    chapter(6, "The web server has heard of it", "收到推送")
    sandbox.settle()
    say(f"What arrived: {server.bodies[-1][:60]}…")
    say("Verified, decrypted, and handled as:")
    table(["type", "change", "result", "subject"], [(e.type, e.change, e.result, e.subject) for e in handled])

    say("The sandbox delivers the last push a second time, as the platform sometimes does:")
    push = sandbox.deliver_again(sandbox.pushes[-1])
    answered = sum(attempt.accepted for attempt in push.attempts)
    times = sum(event.event_id == push.payload["eventId"] for event in handled)
    say(f"Deliveries: {len(push.attempts)}; answered with the encrypted success: {answered}; handled: {times}.")

    say("Somebody else sends the same text, but cannot sign it:")
    code("requests.post(server.url, data=…).status_code")
    forged = requests.post(server.url, data=server.bodies[-1].encode(), timeout=5)
    say(f"[red]{forged.status_code}[/]; events handled: {len(handled)}, as before.")


def see_what_changed() -> None:
    chapter(7, "The whole organisation, before and after", "组织架构同步")
    code("before = Directory.snapshot(workers=16, progress=…)")
    with count("组织架构 people") as progress:
        before = Directory.snapshot(workers=16, progress=progress)
    say(
        f"{len(before.departments)} departments and {len(before.users)} people, sixteen calls at once. Then HR is busy:"
    )
    code(
        'User.get("sunjing").update(title="首席架构师", dept_id_list=[110, 200])\n'
        'User.create("新同事", "13800001111", [310])\nUser.get("taoran").delete()\n'
        'Department.get(500).update(name="财务中心")'
    )
    User.get("sunjing").update(title="首席架构师", dept_id_list=[110, 200])
    User.create("新同事", "13800001111", [310])
    User.get("taoran").delete()
    Department.get(500).update(name="财务中心")
    code("changes = Directory.diff(before, Directory.snapshot(workers=16))")
    changes = Directory.diff(before, Directory.snapshot(workers=16))
    rows = [("joined 入职", user.name, "") for user in changes.joined]
    rows += [("left 离职", user.name, "") for user in changes.left]
    rows += [("moved 调岗", each.new.name, f"{each.left} → {each.entered}") for each in changes.moved]
    changed = [(each.new.name, field) for each in changes.changed for field in each.fields]
    changed += [(each.new.name, field) for each in changes.altered for field in each.fields]
    rows += [("changed 变更", name, f"{field.field}: {field.old} → {field.new}") for name, field in changed]
    table(["what", "who", "how"], rows)


def main() -> None:
    title("A working day of the company's app", "钉峰科技的工作日")
    with Sandbox() as sandbox, TemporaryDirectory() as directory:
        aes_key = token_hex(32)[:43]
        app = sandbox.app(token=token_urlsafe(), aes_key=aes_key).use()
        add_customer(sandbox)
        notify_everyone(sandbox)
        store_file(Path(directory))
        with WebServer(app).serving() as server:
            handled = listen(app, server)
            take_leave()
            hear_of_it(sandbox, server, handled)
        see_what_changed()
        chapter(8, "What the platform received", "平台收到的请求")
        received(sandbox)
        app.close()


if __name__ == "__main__":
    main()
