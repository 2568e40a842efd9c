"""What a person sees: the `repr` of lists, flows and objects, tracebacks, and `help()`."""

from __future__ import annotations

import asyncio
import inspect
import logging
import pydoc
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from helpers import awaited, unchecked

import dingtalk_models
from dingtalk_models import (
    BEIJING,
    AttendanceRecord,
    Department,
    DingTalkApp,
    DingTalkError,
    Directory,
    Flow,
    HttpRequest,
    HttpResponse,
    InvalidArgument,
    Model,
    NotFound,
    Query,
    Role,
    TransportError,
    User,
    operation,
    operations,
)
from dingtalk_models.call.paging import PageFlow, page_of

PACKAGE = str(Path(dingtalk_models.__file__).parent)


# -- lists and flows -------------------------------------------------------------------------------------------------


def test_a_list_says_what_it_is(app: DingTalkApp) -> None:
    users = User.objects.list(110, size=2)
    assert repr(users) == "<User.list: a lazy list, not read yet>"
    assert repr(users[1:3]) == "<User.list[1:3]: a lazy list, not read yet>"
    assert repr(users.prefetch(8)[::2]) == "<User.list.prefetch(8)[::2]: a lazy list, not read yet>"


READ: list[tuple[Callable[[Query[int]], object], str]] = [
    (list, "[0, 1, 2, …]"),
    (lambda query: next(iter(query)), "[0, 1, …]"),
    (lambda query: query.first(), "[0, 1, …]"),
    (lambda query: query.all(), "[0, 1, 2, …]"),
    (lambda query: asyncio.run(query.all.aio()), "[0, 1, 2, …]"),
    (lambda query: list(query.pages()), "[0, 1, 2, …]"),
]


@pytest.mark.parametrize(("read", "shown"), READ)
def test_a_list_that_was_read_shows_its_first_items(read: Callable[[Query[int]], object], shown: str) -> None:
    def pages() -> PageFlow[int]:
        yield page_of([0, 1])
        yield page_of([2, 3])

    query = Query(pages)
    with DingTalkApp():
        read(query)
    assert repr(query) == f"<Query: {shown}>"


def test_a_short_list_is_shown_whole_and_a_long_item_in_part(app: DingTalkApp) -> None:
    few = User.objects.list(110, size=2)[:2]
    assert len(few.all()) == 2
    assert repr(few).startswith("<User.list[:2]: [User(userid='sunjing', ")
    assert repr(few).endswith("…]>")
    assert len(repr(few)) < 2 * 80 + 30
    none = User.objects.list(110)[:0]
    assert none.all() == []
    assert repr(none) == "<User.list[:0]: []>"


def test_a_flow_names_its_operation(app: DingTalkApp) -> None:
    assert "flow of User.departments" in repr(User(userid="u1").departments.call())
    assert "flow of WorkNotification.send" in repr(app.message.work_notifications.send.call("hi", userids=["u1"]))


# -- objects ---------------------------------------------------------------------------------------------------------


class Stamped(Model):
    at: datetime
    day: date | None
    both: list[datetime] = []


def test_times_are_iso_text() -> None:
    at = datetime(2026, 1, 5, 9, 30, tzinfo=BEIJING)
    stamped = Stamped(at=at, day=at.date(), both=[at, at.astimezone(UTC)])
    assert repr(stamped) == (
        "Stamped(at=2026-01-05T09:30:00+08:00, day=2026-01-05, "
        "both=[2026-01-05T09:30:00+08:00, 2026-01-05T01:30:00+00:00])"
    )
    assert "datetime" not in str(stamped) + repr(Stamped.model_validate({"at": at, "more": at}))


def test_a_directory_is_two_lines(app: DingTalkApp) -> None:
    directory = Directory.snapshot()
    taken = directory.taken.isoformat(timespec="seconds")
    assert str(directory) == f"Directory of 钉峰科技有限公司, taken {taken}\n11 departments, 27 users"
    assert repr(Directory(directory.taken, {}, {})) == f"Directory, taken {taken}\n0 departments, 0 users"


# -- tracebacks ------------------------------------------------------------------------------------------------------


def frames(failing: Callable[[], object], error: type[DingTalkError]) -> list[traceback.FrameSummary]:
    """The frames of a traceback, from this function on."""
    with pytest.raises(error) as caught:
        failing()
    return traceback.extract_tb(caught.value.__traceback__)


def machinery(summary: list[traceback.FrameSummary]) -> list[str]:
    return [frame.name for frame in summary if frame.filename.startswith(PACKAGE)]


FAILING: list[tuple[Callable[[DingTalkApp], object], type[DingTalkError]]] = [
    (lambda app: User.get("nobody"), NotFound),
    (lambda app: awaited(app, lambda: User.get.aio("nobody")), NotFound),
    (lambda app: app.send(User.get.call("nobody")), NotFound),
    (lambda app: app.run("dingtalk.oapi.v2.user.get", userid="nobody"), NotFound),
    (lambda app: app.contact.get_user("nobody"), NotFound),
    (lambda app: list(Department.objects.list(404)), NotFound),
    (lambda app: list(User.objects.all(404, workers=4)), NotFound),
    (lambda app: Department.objects.list(404)[0], NotFound),
    (lambda app: User(userid="nobody").refresh(), NotFound),
    (lambda app: app.run(unchecked("dingtalk.oapi.v2.user.get")), InvalidArgument),
    (lambda app: User.create("x" * 99, "13800000000", [1]), InvalidArgument),
]


@pytest.mark.parametrize(("failing", "error"), FAILING)
def test_a_traceback_shows_little_of_the_machinery(
    app: DingTalkApp, failing: Callable[[DingTalkApp], object], error: type[DingTalkError]
) -> None:
    summary = frames(lambda: failing(app), error)
    assert len(machinery(summary)) <= 3
    assert summary[1].filename == __file__


class Owners:
    """Not a `Manager`, which would be registered for good."""

    def __init__(self, app: DingTalkApp) -> None:
        self.app = app

    @operation
    def of(self, userid: str) -> Flow[User]:
        """A flow of one's own."""
        return (yield from User.objects.get.call(userid))


def test_the_caller_s_own_flow_stays_in_the_traceback(app: DingTalkApp) -> None:
    summary = frames(lambda: Owners(app).of("nobody"), NotFound)
    assert [frame.name for frame in summary if frame.filename == __file__][-1] == "of"
    assert len(machinery(summary)) <= 3


def test_a_call_inside_a_handler_stays_in_the_traceback(app: DingTalkApp) -> None:
    def told(done: int, total: int) -> None:
        User.get("nobody")

    summary = frames(lambda: Directory.snapshot(progress=told), NotFound)
    assert "told" in [frame.name for frame in summary]


class Broken:
    """A transport of a user's own, which does not work."""

    def send(self, request: HttpRequest) -> HttpResponse:
        try:
            raise ConnectionResetError("the proxy is gone")
        except OSError as error:
            raise TransportError("no proxy") from error

    def close(self) -> None: ...


def test_the_cause_stays() -> None:
    app = DingTalkApp(appkey="k", appsecret="s", transport=Broken(), retry=None)
    with pytest.raises(TransportError) as caught:
        app.contact.users.get("u1")
    assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][-1] == "send"
    cause = caught.value.__cause__
    assert isinstance(cause, ConnectionResetError)
    assert [frame.name for frame in traceback.extract_tb(cause.__traceback__)] == ["send"]


def test_with_debug_logs_the_whole_way_is_shown(app: DingTalkApp, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "dingtalk_models"):
        names = machinery(frames(lambda: User.get("nobody"), NotFound))
    assert len(names) > 8
    assert {"exchange", "read_reply"} <= set(names)


# -- help() ----------------------------------------------------------------------------------------------------------


def helped(thing: object) -> str:
    return pydoc.plain(pydoc.render_doc(thing))


@pytest.mark.parametrize(
    ("use", "signature"),
    [
        (
            User.get,
            "get(userid: str, *, language: Literal['zh_CN', 'en_US'] = 'zh_CN', login_id: str | None = None) -> User",
        ),
        (Department.objects.list_ids, "list_ids(dept_id: int = 1) -> list[int]"),
        (User(userid="u1").departments, "departments() -> list[Department]"),
        (User(userid="u1").save, "save() -> Self"),
        (Role.objects.list, "list() -> Query[Role]"),
        (Department.objects.update, "update(dept_id: int, *, "),
        (Department.objects.update, "dept_manager_userids: list[str] = ..., "),
        (AttendanceRecord.objects.results, " -> Query[AttendanceResult]"),
    ],
)
def test_help_shows_the_result_and_each_field(use: object, signature: str) -> None:
    shown = helped(use)
    assert signature in shown
    assert "'str'" not in shown
    assert "Unpack" not in shown


def test_help_of_a_class_shows_its_operations() -> None:
    shown = helped(User)
    assert " update(*, hide_mobile: bool = ..., " in shown
    assert " manager() -> User | None" in shown


def test_every_operation_has_a_signature() -> None:
    hidden = ("Call[", "Flow[", "Unpack[", "Annotated[", "dingtalk_models", "typing.")
    shown = {info.name: str(inspect.signature(getattr(info.manager, info.method))) for info in operations()}
    assert len(shown) > 1000
    assert {name: text for name, text in shown.items() if any(each in text for each in hidden)} == {}


def test_an_operation_of_an_object_is_no_function_of_its_class() -> None:
    with pytest.raises(TypeError, match=r"User\.update is called on an object, not on its class"):
        getattr(User, "update")(title="经理")  # noqa: B009 - type checkers report it
