"""The applications in `examples/`, as a new user would write them, against the sandbox."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread

import approval_bot
import attendance_month
import micro_app
import plain_examples
import pytest
import servers
from pushing import KEY, TOKEN
from werkzeug.serving import make_server

from dingtalk_models import BEIJING, ApprovalForm, ApprovalInstance, DingTalkApp
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.smartwork.form_values import DateRange, Number, Select, TextArea


# The same with requests and dicts is in plain_examples.py. Lines of code there, with the client that they share and
# without imports, and here, with imports: the bot 114 and 30, the month 83 and 31, the micro-app 84 and 41.
@pytest.mark.parametrize("example", [approval_bot, attendance_month, micro_app])
def test_an_example_is_short(example: object) -> None:
    file = getattr(example, "__file__", "")
    assert len(Path(file).read_text("utf-8").splitlines()) < 100


def plain(sandbox: Sandbox) -> plain_examples.DingTalk:
    return plain_examples.DingTalk(sandbox.url, sandbox.appkey, sandbox.appsecret)


def leave(days: str) -> ApprovalInstance:
    """A leave of so many days that somebody asks for."""
    first = datetime(2026, 10, 1, 9, tzinfo=BEIJING)
    return ApprovalInstance.create(
        ApprovalForm.by_name("请假").process_code,
        "yangfan",
        [
            Select("请假类型", "事假"),
            DateRange(("开始时间", "结束时间"), first, first + timedelta(days=3)),
            Number("请假天数", Decimal(days)),
            TextArea("请假事由", "回家"),
        ],
        dept_id=110,
    )


@pytest.mark.parametrize("with_dicts", [False, True])
def test_the_approval_bot(sandbox: Sandbox, *, with_dicts: bool) -> None:
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}/dingtalk"
    with sandbox.app(token=TOKEN, aes_key=KEY, callback_url=url) as app:
        pushes = plain_examples.Pushes(TOKEN, KEY, [sandbox.corp_id, sandbox.appkey])
        other = plain_examples.bot(plain(sandbox), sandbox.agent_id, pushes)
        server = make_server("127.0.0.1", port, other if with_dicts else approval_bot.site_of(app), threaded=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            for _ in range(2):
                if with_dicts:
                    plain_examples.register(plain(sandbox), TOKEN, KEY, url)
                else:
                    approval_bot.register()
            short, long = leave("0.5"), leave("3")
            sandbox.settle()
            assert "自动同意" in str(short.refresh().operation_records)
            assert [task.status for task in long.refresh().tasks] == ["RUNNING"]
            (reminder,) = sandbox.company.outbox.tasks.values()
            assert reminder.receivers == [long.tasks[0].userid]
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
    app.close()


def test_the_attendance_month(sandbox: Sandbox, app: DingTalkApp) -> None:
    now = datetime.now(BEIJING)
    last_month = (now.replace(day=1) - timedelta(days=1)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    monday = last_month + timedelta(days=(7 - last_month.weekday()) % 7)
    sandbox.company.attendance.punch("zhaolei", monday + timedelta(hours=9.25))
    sandbox.company.attendance.punch("zhaolei", monday + timedelta(hours=18.2))
    rows = attendance_month.report(monday.year, monday.month)
    assert sorted(rows, key=str) == sorted(plain_examples.report(plain(sandbox), monday.year, monday.month), key=str)
    name = sandbox.company.users["zhaolei"].name
    (row,) = [row for row in rows if row["姓名"] == name]
    assert len(rows) == len(sandbox.company.users)
    assert row["迟到"] == 1
    assert int(row["未打卡"]) > 0
    written = io.StringIO()
    attendance_month.write(rows, written)
    assert written.getvalue().splitlines()[0] == "姓名,工号,迟到,严重迟到,早退,旷工迟到,未打卡"


@pytest.mark.parametrize("with_dicts", [False, True])
def test_the_micro_app(sandbox: Sandbox, *, with_dicts: bool) -> None:
    app = sandbox.app(retry=None)
    other = plain_examples.micro_app(plain(sandbox), sandbox.corp_id, sandbox.agent_id, "a key")
    browser = (other if with_dicts else micro_app.site_of(app, "a key")).test_client()
    assert browser.get("/me").status_code == 401
    assert browser.post("/login", data={"code": "nothing"}).status_code == 401
    assert browser.post("/login").status_code == 401
    logged_in = browser.post("/login", data={"code": sandbox.login_code("sunjing")})
    assert logged_in.get_json() == {"userid": "sunjing", "name": "孙静"}
    me = browser.get("/me").get_json()
    assert me["name"] == "孙静"
    assert me["departments"]
    signed = browser.get("/config", query_string={"url": "https://acme.example/#/home"}).get_json()
    assert (signed["corpId"], len(signed["signature"])) == (sandbox.corp_id, 64)
    sandbox.fail("/topapi/v2/user/get", errcode=60003)
    assert browser.get("/me").status_code == 502
    app.close()
