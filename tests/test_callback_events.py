"""Events: every documented sample, in each of its forms."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from generators import facts
from hypothesis import given
from hypothesis import strategies as st
from replies import wire_fields

from dingtalk_models import CallbackError
from dingtalk_models.callback import Event, event_types, on, read_event
from dingtalk_models.callback.events.approval import BpmsInstanceChange
from dingtalk_models.callback.events.attendance import AttendanceCheckRecord, AttendBossCheckChange
from dingtalk_models.callback.events.contact import (
    LabelConfModify,
    LabelUserChange,
    OrgDeptCreate,
    UserAddOrg,
    UserModifyOrg,
)
from dingtalk_models.callback.events.table import classes

FORMS = [(page, form) for page in facts.events() for form in ("http", "stream") if form in page["samples"]]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("page", "form"), FORMS, ids=[f"{page['event_type']}-{page['doc']}-{form}" for page, form in FORMS]
)
def test_every_sample_is_read_without_loss(page: dict[str, Any], form: str) -> None:
    sample = page["samples"][form]
    event = read_event(sample)
    assert event.type == page["event_type"]
    assert isinstance(event, classes().get(event.type, Event))
    assert event.unparsed == {}
    assert event.payload == sample
    assert event.title == event_types()[event.type].title != ""
    if form == "stream":
        assert (event.corp_id, event.event_id, event.data) == (sample["eventCorpId"], sample["eventId"], sample["data"])
    else:
        own = {"EventType", "EventTime", "CorpId", "BizId", "eventId", "TimeStamp"}
        assert event.data == {name: value for name, value in sample.items() if name not in own}
        assert event.event_id == sample.get("eventId")


def test_every_documented_type_is_known() -> None:
    assert event_types().keys() >= {page["event_type"] for page in facts.events()}
    assert len(event_types()) == 241
    assert event_types()["user_add_org"].fields["userId"] == "array<string>"


@pytest.mark.parametrize("kind", classes().values(), ids=classes().keys())
def test_the_documented_fields_are_declared(kind: type[Event]) -> None:
    pages = [page for page in facts.events() if page["event_type"] == kind.TYPE and not page["archived"]]
    for samples in (page["samples"] for page in pages if {"http", "stream"} <= page["samples"].keys()):
        documented = samples["stream"]["data"].keys() - {"eventType", "corpId", "corpid"}
        assert documented <= wire_fields(kind).keys()
    assert (kind.__doc__ or "").partition("\n")[0].endswith(").")


def test_one_event_in_three_forms() -> None:
    flat = {
        "EventType": "user_add_org", "EventTime": 1663143335567, "CorpId": "ding1", "BizId": "1", "eventId": "e1",
        "timeStamp": "1608017258073", "userId": ["u1", "u2"],
    }  # fmt: skip
    stream = {
        "eventType": "user_add_org", "eventBornTime": 1663143335567, "eventCorpId": "ding1", "eventId": "e1",
        "eventUnifiedAppId": "app", "data": {"timeStamp": 1608017258073, "userId": ["u1", "u2"]},
    }  # fmt: skip
    older = {"EventType": "user_add_org", "TimeStamp": 1663143335567, "CorpId": "ding1", "UserId": ["u1", "u2"]}
    for payload in (flat, stream, older):
        event = read_event(payload)
        assert isinstance(event, UserAddOrg)
        assert (event.userids, event.corp_id) == (["u1", "u2"], "ding1")
        assert event.time == datetime(2022, 9, 14, 8, 15, 35, 567000, UTC)
    assert [read_event(payload).event_id for payload in (flat, stream, older)] == ["e1", "e1", None]
    stamps = [event.timestamp for event in map(UserAddOrg.read, (flat, stream))]
    assert stamps == [datetime(2020, 12, 15, 7, 27, 38, 73000, UTC)] * 2


def frame(kind: str, data: str, **headers: Any) -> dict[str, Any]:
    """A frame as a client of Stream mode receives it."""
    every = {"appId": "a", "connectionId": "c", "contentType": "application/json", "messageId": "m", "topic": "*"}
    return {"specVersion": "1.0", "type": kind, "headers": {**every, "time": "1690362102194", **headers}, "data": data}


STREAMED = frame(
    "EVENT",
    json.dumps({"timeStamp": 1608017258073, "userId": ["u1", "u2"]}),
    eventType="user_add_org",
    eventId="e1",
    eventBornTime="1663143335567",
    eventCorpId="ding1",
    eventUnifiedAppId="app",
)


@pytest.mark.parametrize("received", [STREAMED, json.dumps(STREAMED), json.dumps(STREAMED).encode()])
def test_a_frame_of_stream_mode(received: Any) -> None:
    event = read_event(received)
    assert isinstance(event, UserAddOrg)
    assert (event.userids, event.corp_id, event.event_id) == (["u1", "u2"], "ding1", "e1")
    assert event.time == datetime(2022, 9, 14, 8, 15, 35, 567000, UTC)
    assert event.timestamp == datetime(2020, 12, 15, 7, 27, 38, 73000, UTC)
    assert event.data == {"timeStamp": 1608017258073, "userId": ["u1", "u2"]}
    assert (event.payload, event.unparsed) == (STREAMED, {})


@pytest.mark.parametrize(("page", "form"), [each for each in FORMS if each[1] == "stream"])
def test_every_stream_sample_in_its_frame(page: dict[str, Any], form: str) -> None:
    sample = page["samples"][form]
    headers = {name: str(value) for name, value in sample.items() if name != "data"}
    event = read_event(frame("EVENT", json.dumps(sample["data"]), **headers))
    plain = read_event(sample)
    assert (type(event), event.type, event.data) == (type(plain), plain.type, plain.data)
    assert event.time == plain.time


def test_a_frame_without_an_event_is_one_of_no_type() -> None:
    ping = read_event(frame("SYSTEM", '{"opaque":"x"}', topic="ping"))
    assert (type(ping), ping.type, ping.data) == (Event, "", {"opaque": "x"})
    with pytest.raises(CallbackError, match="not a JSON object"):
        read_event("[]")


def test_typed_fields() -> None:
    diff = {"prev": {"name": "甲"}, "curr": {"name": "乙", "jobNumber": "7"}, "userid": "u1"}
    changed = UserModifyOrg.read({"EventType": "user_modify_org", "userId": "u1", "diffInfo": diff})
    assert (changed.diff.prev.name, changed.diff.curr.job_number, changed.userids) == ("甲", "7", ["u1"])
    role = LabelUserChange.read(
        {"EventType": "label_user_change", "userIdList": ["u"], "labelIdList": ["7"], "action": "add"}
    )
    assert (role.userids, role.role_ids, role.action) == (["u"], [7], "add")
    renamed = LabelConfModify.read(
        {
            "EventType": "label_conf_modify",
            "preLabelList": ['{"id":1,"name":"a"}'],
            "postLabelList": ['{"id":1,"name":"b"}'],
        }
    )
    assert (renamed.before[0].name, renamed.after[0].name) == ("a", "b")
    assert OrgDeptCreate.read({"EventType": "org_dept_create", "deptId": [4]}).dept_ids == [4]
    punch = {"userId": "u", "checkTime": 1570791880000, "latitude": 30.2}
    record = AttendanceCheckRecord.read({"EventType": "attendance_check_record", "dataList": [punch]})
    assert record.punches[0].time == datetime(2019, 10, 11, 11, 4, 40, tzinfo=UTC)
    check = AttendBossCheckChange.read({"EventType": "attend_bossCheck_change", "workDate": "2020-11-10 00:00:00"})
    assert check.work_date == date(2020, 11, 10)
    approval = BpmsInstanceChange.read(
        {"EventType": "bpms_instance_change", "type": "finish", "title": "请假", "result": "agree"}
    )
    assert (approval.change, approval.subject, approval.result) == ("finish", "请假", "agree")
    assert approval.title == "审批实例开始、结束、终止、删除"


def test_an_odd_field_does_not_cost_the_event() -> None:
    payload = {"EventType": "user_add_org", "EventTime": "soon", "userId": {"a": 1}, "CorpId": "ding1"}
    event = UserAddOrg.read(payload)
    assert (event.userids, event.time, event.corp_id) == ([], None, "ding1")
    assert event.unparsed == {"userId": {"a": 1}, "EventTime": "soon"}
    assert event.payload == payload


def test_an_unknown_type_is_an_event_too() -> None:
    event = read_event({"EventType": "brand_new", "CorpId": "ding1", "eventId": "e", "type": "a", "data": 1, "time": 2})
    assert type(event) is Event
    assert (event.type, event.title, event.corp_id) == ("brand_new", "", "ding1")
    assert event.data == {"type": "a", "data": 1, "time": 2}


@given(st.sampled_from([*classes(), "else"]), st.booleans(), st.data())
def test_any_object_is_an_event(name: str, stream: bool, data: st.DataObject) -> None:
    own = list(wire_fields(classes().get(name, Event)))
    fields = data.draw(st.dictionaries(st.sampled_from(own) | st.text(max_size=5), JSON, max_size=4))
    payload = {"eventType": name, "data": fields} if stream else {**fields, "EventType": name}
    event = read_event(payload)
    assert event.type == name
    assert event.payload == payload
    assert event.model_dump(mode="json")
    assert repr(event)


def test_each_name_is_typed_as_its_class() -> None:
    text = Path(on.__file__).read_text(encoding="utf-8")
    typed = re.findall(r'event: Literal\["(\w+)"\], /\s*\) -> Decorator\[(\w+)\]', text)
    assert typed == [(name, kind.__name__) for name, kind in sorted(classes().items())]
