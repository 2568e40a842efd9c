"""The page of the sandbox in a real browser: what arrives is seen, and what is pressed happens."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from servers import chromium
from soaking import SOAK
from waiting import until

from dingtalk_models import (
    ApprovalInstance,
    Card,
    CardAction,
    CardUpdate,
    ChatbotMessage,
    DingTalkApp,
    Event,
    User,
    WorkNotification,
)
from dingtalk_models.message import RobotSpace
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.page.texts import LANGUAGES, Language, text
from dingtalk_models.smartwork.form_values import DateRange, FormValue, Select, TextArea


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        yield browser
        browser.close()


class Tab:
    """A tab of the browser that looks at a sandbox, in one language; it notes what goes wrong in it."""

    def __init__(self, page: Page, sandbox: Sandbox, language: Language) -> None:
        self.page = page
        self.sandbox = sandbox
        self.language: Language = language
        self.problems: list[str] = []
        page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self._check(request.url))

    def _check(self, url: str) -> None:
        if not url.startswith((self.sandbox.url, "data:")):
            self.problems.append(url)

    def open(self, address: str) -> Page:
        self.page.goto(self.sandbox.url + address)
        expect(self.page.locator("[data-lamp]")).to_have_text(self.t("live"))
        return self.page

    def t(self, key: str) -> str:
        return text(key, self.language)

    def told(self, key: str) -> None:
        """Wait for a note, and for its end, so that the next one is another."""
        note = self.page.locator("[data-toasts] p").first
        expect(note).to_contain_text(self.t(key))
        note.evaluate("note => note.remove()")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()


PHONE, COMPUTER = (LANGUAGES, LANGUAGES) if SOAK else (("zh",), ("en",))
on_a_phone = pytest.mark.parametrize("tab", PHONE, indirect=True)
on_a_computer = pytest.mark.parametrize("tab", COMPUTER, indirect=True)
"""What is the same in both languages and widths is tried in each only in `scripts/soak --tests`."""


@pytest.fixture(params=LANGUAGES)
def tab(request: pytest.FixtureRequest, chrome: Browser, sandbox: Sandbox) -> Generator[Tab]:
    """A tab in each of the languages: one at 1,400 pixels, one at 400."""
    language: Language = request.param
    size = {"width": 1400, "height": 900} if language == "en" else {"width": 400, "height": 820}
    context = chrome.new_context(locale="en-GB" if language == "en" else "zh-CN", viewport=size)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    tab = Tab(context.new_page(), sandbox, language)
    yield tab
    context.close()
    assert tab.problems == []


@pytest.fixture
def app(sandbox: Sandbox) -> Generator[DingTalkApp]:
    """The app. Playwright runs these tests within its event loop."""
    with sandbox.app(blocking_on_loop=True) as chosen:
        yield chosen
    chosen.close()


@pytest.fixture
def bot(app: DingTalkApp) -> Generator[DingTalkApp]:
    """The app, which answers in Stream mode."""
    app.use()

    @app.callback.on(ChatbotMessage)
    def answer(message: ChatbotMessage) -> None:
        message.reply(f"{message.sender_nick} said: {message.text}{[file.name for file in message.files]}")

    @app.callback.on(CardAction)
    def decide(action: CardAction) -> CardUpdate:
        return CardUpdate({"state": f"{action.action_ids[0]} by {action.user_id}"})

    app.callback.on(Event)(print)
    app.stream.start()
    yield app
    app.stream.stop()


def test_a_call_appears_and_is_opened(tab: Tab, app: DingTalkApp) -> None:
    page = tab.open("/")
    expect(page.get_by_text(tab.t("calls.none"))).to_be_visible()
    User.get("zhaolei")
    row = page.get_by_role("link", name=re.compile("查询用户详情"))
    row.click()
    expect(page.get_by_role("heading", name="查询用户详情")).to_be_visible()
    expect(page.get_by_text('"userid": "zhaolei"').first).to_be_visible()
    assert f"call={tab.sandbox.calls[-1].number}" in page.url
    page.go_back()
    expect(page.get_by_role("heading", name="查询用户详情")).to_have_count(0)
    page.get_by_role("searchbox").fill("gettoken nothing")
    expect(page.get_by_text(tab.t("calls.nothing"))).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_focused()
    User.get("heli")  # it does not pass the filter
    page.get_by_role("searchbox").fill("user/get")
    expect(page.locator("#rows li")).to_have_count(2)


def test_a_bot_is_talked_to(tab: Tab, bot: DingTalkApp) -> None:
    page = tab.open("/_page/phone?who=zhaolei&chat=robot")
    page.get_by_role("textbox", name=tab.t("phone.message")).fill("在吗 <b>?")
    tab.press(tab.t("send"))
    expect(page.locator("#messages")).to_contain_text("赵磊 said: 在吗 <b>?")
    expect(page.get_by_role("textbox", name=tab.t("phone.message"))).to_have_value("")
    page.locator("input[type=file]").set_input_files({"name": "报告.txt", "mimeType": "text/plain", "buffer": b"hello"})
    expect(page.locator("#messages")).to_contain_text("赵磊 said: ['报告.txt']")


@on_a_phone
def test_a_group_is_written_to(tab: Tab, bot: DingTalkApp) -> None:
    group = tab.sandbox.add_group(["zhaolei", "heli"], "研发群")
    page = tab.open("/_page/phone?who=heli")
    page.get_by_role("link", name=re.compile("研发群")).click()
    page.get_by_role("textbox", name=tab.t("phone.message")).fill("大家好")
    page.get_by_label(tab.t("phone.at")).uncheck()
    tab.press(tab.t("send"))
    expect(page.locator(".mine")).to_have_count(1)
    assert group.transcript[0].payload is None


@on_a_phone
def test_a_card_changes_when_its_button_is_pressed(tab: Tab, bot: DingTalkApp) -> None:
    template = tab.sandbox.cards.add_template(buttons={"agree": "同意发布"})
    Card.send(template, RobotSpace("zhaolei"), {"title": "发布 v2.1", "state": "waiting"})
    page = tab.open("/_page/phone?who=zhaolei&chat=robot")
    expect(page.get_by_text("waiting")).to_be_visible()
    tab.press("同意发布")
    expect(page.get_by_text("agree by zhaolei")).to_be_visible()


@on_a_phone
def test_a_card_of_an_unknown_template_is_pressed(tab: Tab, bot: DingTalkApp) -> None:
    Card.send(tab.sandbox.cards.add_template(), RobotSpace("zhaolei"), {"title": "发布 v2.1"})
    page = tab.open("/_page/phone?who=zhaolei&chat=robot")
    page.get_by_role("textbox", name=tab.t("phone.button")).fill("later")
    tab.press(tab.t("phone.press"))
    expect(page.get_by_text("later by zhaolei")).to_be_visible()
    expect(page.get_by_role("button", name="later", exact=True)).to_be_visible()


@on_a_phone
def test_an_answer_grows(tab: Tab, app: DingTalkApp) -> None:
    template = tab.sandbox.cards.add_template(buttons={"more": "more"})
    page = tab.open("/_page/phone?who=zhaolei&chat=robot")
    with app, Card.stream(template, RobotSpace("zhaolei"), interval=0.01) as card:
        for piece in ("杭州", "今天", "晴"):
            card.write(piece)
            expect(page.locator(".markdown").last).to_contain_text(piece)
        expect(page.get_by_text(tab.t("phone.card.inputting"))).to_be_visible()
    expect(page.get_by_text(tab.t("phone.card.inputting"))).to_have_count(0)


@on_a_phone
def test_a_notification_arrives(tab: Tab, app: DingTalkApp) -> None:
    page = tab.open("/_page/phone?who=heli&chat=notices")
    with app:
        WorkNotification.send("今晚升级", userids=["heli"])
    expect(page.locator("#messages").get_by_text("今晚升级")).to_be_visible()


def ask(app: DingTalkApp) -> ApprovalInstance:
    days = DateRange(("开始时间", "结束时间"), datetime(2026, 12, 3, tzinfo=UTC), datetime(2026, 12, 4, tzinfo=UTC))
    values: list[FormValue[Any]] = [Select("请假类型", "年假"), days, TextArea("请假事由", "搬家")]
    with app:
        return ApprovalInstance.create("PROC-LEAVE", "sunjing", values, dept_id=110)


@on_a_phone
@pytest.mark.parametrize("decision", ["agree", "refuse"])
def test_an_approval_is_decided(tab: Tab, app: DingTalkApp, decision: str) -> None:
    page = tab.open("/_page/phone?who=zhaolei&chat=approvals")
    approval = ask(app)
    page.get_by_label(tab.t("phone.remark")).fill("注意交接")
    ask(app)  # what is typed stays while something else arrives
    expect(page.locator(".approval")).to_have_count(2)
    form = page.locator(".approval").last
    expect(form.get_by_label(tab.t("phone.remark"))).to_have_value("注意交接")
    form.get_by_role("button", name=tab.t(f"phone.{decision}"), exact=True).click()
    expect(page.locator(".history q")).to_have_text("注意交接")
    done = tab.sandbox.company.workflow.instances[approval.process_instance_id].operations[-1]
    assert (done.userid, done.result, done.remark) == ("zhaolei", decision.upper(), "注意交接")


def test_the_tree_is_edited(tab: Tab, bot: DingTalkApp) -> None:
    company = tab.sandbox.company
    page = tab.open("/_page/company?dept=100")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_text(tab.t("company.add.department")).click()
    page.locator("details[open]").get_by_label(tab.t("company.name")).fill("架构组")
    page.locator("details[open]").get_by_role("button", name=tab.t("add")).click()
    expect(page.locator("#tree").get_by_text("架构组")).to_have_count(1)
    tab.told("done")
    made = next(each for each in company.departments.values() if each.name == "架构组")
    assert made.parent_id == 100

    tab.open(f"/_page/company?dept={made.dept_id}")
    page.get_by_text(tab.t("company.add.person")).click()
    form = page.locator("details[open]")
    form.get_by_label(tab.t("company.person.name")).fill("林小满")
    form.get_by_label(tab.t("company.mobile")).fill("13900009999")
    form.get_by_role("button", name=tab.t("add")).click()
    tab.told("done")
    page.get_by_role("link", name=re.compile("林小满")).click()
    expect(page.get_by_role("heading", name="林小满")).to_be_visible()
    page.get_by_label(tab.t("company.title")).fill("架构师")
    tab.press(tab.t("save"))
    tab.told("done")
    user = next(each for each in company.users.values() if each.name == "林小满")
    assert (user.title, list(user.departments)) == ("架构师", [made.dept_id])

    tab.press(tab.t("remove"))
    expect(page.get_by_text(tab.t("company.members.none"))).to_be_visible()
    tab.press(tab.t("remove"))
    expect(page.locator("#tree").get_by_text("架构组")).to_have_count(0)
    assert made.dept_id not in company.departments
    assert tab.sandbox.events.of("user_leave_org")


@on_a_computer
def test_a_refusal_is_told(tab: Tab) -> None:
    page = tab.open("/_page/company?dept=100")
    page.on("dialog", lambda dialog: dialog.accept())
    tab.problems.clear()
    tab.press(tab.t("remove"))
    tab.told("failed")
    assert 100 in tab.sandbox.company.departments
    tab.problems[:] = [each for each in tab.problems if "409" not in each]  # Chromium notes each refusal


@on_a_computer
def test_roles_and_forms_are_edited(tab: Tab) -> None:
    company = tab.sandbox.company
    page = tab.open("/_page/company?part=roles")
    page.get_by_text(tab.t("company.add.role")).click()
    page.locator("details[open]").get_by_label(tab.t("company.name")).fill("值班经理")
    page.locator("details[open]").get_by_role("button", name=tab.t("add")).click()
    role = page.locator(".line", has_text="值班经理")
    role.get_by_text(tab.t("company.change")).click()
    role.get_by_label(tab.t("company.role.members")).fill("heli, lvbo")
    role.get_by_role("button", name=tab.t("add")).click()
    expect(page.locator(".line", has_text="值班经理")).to_contain_text("何丽")
    assert list(next(each for each in company.roles.values() if each.name == "值班经理").members) == ["heli", "lvbo"]

    tab.open("/_page/company?part=forms")
    page.get_by_text(tab.t("company.add.form")).click()
    form = page.locator("details[open]")
    form.get_by_label(tab.t("company.name")).fill("用章")
    form.get_by_label(tab.t("company.labels")).fill("事由\n份数")
    form.get_by_label(tab.t("company.approvers")).fill("hanmei")
    form.get_by_role("button", name=tab.t("add")).click()
    expect(page.get_by_role("heading", name="用章")).to_be_visible()
    made = company.workflow.form_named("用章")
    assert made
    assert [each.label for each in made.components] == ["事由", "份数"]
    assert made.steps[0].users == ["hanmei"]


@on_a_computer
def test_an_event_is_sent_and_sent_again(tab: Tab, bot: DingTalkApp) -> None:
    page = tab.open("/_page/events?type=user_add_org")
    page.locator("textarea[name=fields]").fill('{"userId": ["heli"]}')
    tab.press(tab.t("send"))
    tab.told("done")
    [event] = tab.sandbox.events.of("user_add_org")
    assert event.fields == {"userId": ["heli"]}
    page.goto(f"{tab.sandbox.url}/_page/events")
    if tab.language == "en":
        page.get_by_role("link", name=re.compile("user_add_org")).last.click()
    else:
        tab.open("/_page/events?push=s0")
    assert event.message
    expect(page.locator("#push .history li")).to_have_count(len(event.message.answers))
    answered = len(event.message.answers)
    tab.press(tab.t("events.again"))
    expect(page.locator("#push .history li")).to_have_count(answered + 1)


@on_a_computer
def test_faults_and_time(tab: Tab, bot: DingTalkApp) -> None:
    page = tab.open("/_page/faults")
    page.get_by_label(tab.t("faults.path")).fill("/topapi/v2/user/get")
    page.get_by_label(tab.t("faults.times"), exact=True).fill("3")
    tab.press(tab.t("faults.add"))
    expect(page.locator("#faults li")).to_have_count(1)
    [fault] = tab.sandbox.faults
    assert (fault.path, fault.remaining, fault.how) == ("/topapi/v2/user/get", 3, {"status": 503})
    tab.press(tab.t("cancel"))
    expect(page.locator("#faults li")).to_have_count(0)
    tab.press(tab.t("faults.hour"))
    expect(page.locator("#clock")).to_contain_text("3600")
    page.get_by_label(tab.t("faults.qps")).fill("20")
    tab.press(tab.t("save"))
    tab.told("done")
    assert tab.sandbox.qps == 20
    opened = tab.sandbox.stream.opened
    tab.press(tab.t("faults.drop"))
    until(lambda: tab.sandbox.stream.opened > opened, seconds=20)
    User.get("heli")
    token, _ = tab.sandbox.company.credentials.issue_token()
    tab.press(tab.t("faults.revoke"))
    until(lambda: not tab.sandbox.company.credentials.accepts(token))


def test_the_switches(tab: Tab) -> None:
    page = tab.open("/_page/company?dept=100")
    other: Language = "zh" if tab.language == "en" else "en"
    page.get_by_role("button", name={"en": "English", "zh": "中文"}[other]).click()
    tab.language = other
    expect(page.get_by_role("heading", name=text("company.members", other))).to_be_visible()
    assert urlsplit(page.url).query == "dept=100"
    colours = set[str]()
    for theme in ("dark", "light"):
        tab.press(text(f"theme.{theme}", other))
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


def test_the_keyboard_is_enough(tab: Tab, app: DingTalkApp) -> None:
    page = tab.open("/")
    User.get("zhaolei")
    expect(page.locator("#rows li")).to_have_count(2)
    page.keyboard.press("Tab")
    expect(page.get_by_text(tab.t("skip"))).to_be_focused()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#rows a')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="查询用户详情")).to_be_visible()


def test_nothing_is_wider_than_the_window(tab: Tab, bot: DingTalkApp) -> None:
    long = "一个很长的名字" * 8 + "a" * 90
    tab.sandbox.company.departments[100].name = tab.sandbox.company.users["zhaolei"].name = long
    tab.sandbox.say("zhaolei", long)
    User.get("zhaolei")
    for address in (
        "/",
        "/?call=2",
        "/_page/phone?chat=robot&who=zhaolei",
        "/_page/company",
        "/_page/company?dept=100",
        "/_page/events",
        "/_page/events?push=s0",
        "/_page/faults",
    ):
        page = tab.open(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


@pytest.mark.parametrize("width", [900, 1400])
def test_nothing_is_torn_apart(chrome: Browser, sandbox: Sandbox, width: int) -> None:
    with chrome.new_context(locale="en-GB", viewport={"width": width, "height": 860}) as context:
        page = Tab(context.new_page(), sandbox, "en").open("/_page/phone?who=zhaolei")
        notice = page.locator(".detail .empty").bounding_box()
        assert notice
        assert notice["height"] < 250
        name, tabs = (page.locator(part).last.bounding_box() for part in (".brand *:visible", ".tabs"))
        assert name
        assert tabs
        assert name["x"] + name["width"] <= tabs["x"]


def test_many_tabs_are_live(chrome: Browser, sandbox: Sandbox, app: DingTalkApp) -> None:
    """A browser has six connections to one server: tabs that would take the last of them look now and then."""
    with chrome.new_context() as context:
        tabs = [context.new_page() for _ in range(9)]
        for each in tabs:
            each.goto(sandbox.url, timeout=10_000)
        User.get("zhaolei")
        for each in tabs:
            expect(each.locator("#rows li")).to_have_count(2)


def test_it_finds_the_sandbox_again(chrome: Browser) -> None:
    sandbox = Sandbox().start()
    port = urlsplit(sandbox.url).port or 0
    with chrome.new_context(locale="en-GB") as context:
        page = context.new_page()
        page.goto(sandbox.url)
        expect(page.locator("[data-lamp]")).to_have_text("live")
        sandbox.stop()
        expect(page.locator("[data-lamp]")).to_have_text("not connected")
        with Sandbox(port):
            expect(page.locator("[data-lamp]")).to_have_text("live", timeout=20_000)
