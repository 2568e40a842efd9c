"""What the type checkers know of objects that the platform's facts show to be entities. Never run."""

from __future__ import annotations

from typing import assert_type

from dingtalk_models import Call, DingTalkApp, Flow, Query
from dingtalk_models.platform.calendar_1_0 import Acl, Attendee, Event, EventDetail, EventManager
from dingtalk_models.platform.notable_1_0 import NotableField, NotableRecord
from dingtalk_models.platform.rooms_1_0 import MeetingRoom
from dingtalk_models.platform.wiki_2_0 import Workspace

app = DingTalkApp(appkey="…", appsecret="…")


async def of_a_calendar() -> None:
    """A single event, events of a list, and what belongs to one."""
    events = app.platform.calendar_1_0.events
    assert_type(events, EventManager)
    event = events.get("u1", "primary", "e1")
    assert_type(event, Event)
    assert_type(await events.get.aio("u1", "primary", "e1"), Event)
    assert_type(events.list("u1", "primary"), Query[EventDetail])
    assert_type(event.calendar_id, str)
    assert_type(event.refresh(), Event)
    assert_type(event.update(summary="周会"), Event)
    assert_type(event.update.call(summary="周会"), Flow[Event])
    assert_type(event.save(), Event)
    assert_type(event.delete(push_notification=True), None)
    assert_type(event.delete.call(), Call[None])
    assert_type(event.list_attendees(), Query[Attendee])
    assert_type(event.knowing(user_id="u1").using(app), Event)
    for each in events.list("u1", "primary"):
        assert_type(each.refresh(), EventDetail)
        assert_type(await each.update.aio(summary="周会"), EventDetail)


def of_others() -> None:
    """Those that have only some of the methods."""
    assert_type(app.platform.calendar_1_0.acls.list("u1", "primary"), list[Acl])
    assert_type(app.platform.wiki_2_0.workspaces.create("u1", name="知识库"), Workspace | None)
    for sheet in app.platform.notable_1_0.sheets.list("b1", "u1"):
        assert_type(sheet.list_records(), Query[NotableRecord])
        for field in sheet.get_all_fields():
            assert_type(field.update(name="名称"), NotableField)
    for room in app.platform.rooms_1_0.meeting_rooms.list("u1"):
        assert_type(room.update(room_name="一号会议室"), MeetingRoom)
