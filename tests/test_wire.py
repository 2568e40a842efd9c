"""Wire types: from Python to the platform's form and back, without loss."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from dingtalk_models import BEIJING, Call, DingTalkApp, InvalidArgument, api
from dingtalk_models.core.wire import (
    BeijingTime,
    CommaInts,
    CommaStrs,
    CompactDate,
    Day,
    DayMillis,
    DayTime,
    Flag,
    IsoTime,
    JsonObject,
    JsonText,
    Millis,
    wire,
)

offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=offsets)  # noqa: DTZ001 - hypothesis's own
seconds = moments.map(lambda moment: moment.replace(microsecond=0))
milliseconds = moments.map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
ids = st.text(st.characters(exclude_characters=",", exclude_categories=["Cs"]), min_size=1, max_size=6)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def round_trip(hint: Any, value: object) -> tuple[Any, Any]:
    """The wire form of a value, and what is read from it."""
    adapter: TypeAdapter[Any] = TypeAdapter(hint)
    checked = adapter.validate_python(value)
    assert checked == value
    sent = adapter.dump_python(checked, mode="json")
    text = adapter.dump_json(checked)
    assert adapter.validate_json(text) == value
    return sent, adapter.validate_python(sent)


@given(st.lists(st.integers(), min_size=0, max_size=6))
def test_numbers_joined_by_commas(value: list[int]) -> None:
    assert round_trip(CommaInts, value) == (",".join(map(str, value)), value)


@given(st.lists(ids, max_size=6))
def test_texts_joined_by_commas(value: list[str]) -> None:
    assert round_trip(CommaStrs, value) == (",".join(value), value)


def test_a_comma_in_an_id_is_refused() -> None:
    with pytest.raises(ValidationError, match="may not contain a comma"):
        TypeAdapter(CommaStrs).validate_python(["a,b"])
    with pytest.raises(ValidationError):
        TypeAdapter(CommaInts).validate_python("1,x")


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_objects_inside_a_text(value: dict[str, JsonValue]) -> None:
    sent, read = round_trip(JsonObject, value)
    assert isinstance(sent, str)
    assert read == value


@given(st.lists(json_values, max_size=4))
def test_lists_inside_a_text(value: list[JsonValue]) -> None:
    sent, read = round_trip(JsonText[list[JsonValue]], value)
    assert isinstance(sent, str)
    assert read == value


def test_json_inside_a_text_is_compact_in_no_way_that_loses_chinese() -> None:
    assert round_trip(JsonObject, {"爱好": "旅游"})[0] == '{"爱好": "旅游"}'
    for wrong in ("{", "[1]", "1"):
        with pytest.raises(ValidationError):
            TypeAdapter(JsonObject).validate_python(wrong)


@given(milliseconds)
def test_milliseconds(value: datetime) -> None:
    sent, read = round_trip(Millis, value)
    assert type(sent) is int
    assert sent == round((value - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
    assert read == value
    assert TypeAdapter(Millis).validate_python(str(sent)) == value
    assert read.utcoffset() == timedelta(hours=8)


@given(st.integers(-62_135_000_000_000, 253_402_000_000_000))
def test_milliseconds_as_they_come(value: int) -> None:
    read = TypeAdapter(Millis).validate_python(value)
    assert TypeAdapter(Millis).dump_python(read, mode="json") == value


def test_milliseconds_known() -> None:
    assert TypeAdapter(Millis).validate_python(1577808000000) == datetime(2020, 1, 1, tzinfo=BEIJING)
    assert TypeAdapter(Millis).validate_python(-1) < datetime(1970, 1, 1, tzinfo=UTC)


@given(seconds)
def test_beijing_time(value: datetime) -> None:
    sent, read = round_trip(BeijingTime, value)
    assert isinstance(sent, str)
    assert len(sent) == len("2026-01-31 09:00:00")
    assert read == value


def test_beijing_time_known() -> None:
    adapter = TypeAdapter(BeijingTime)
    noon = datetime(2026, 1, 31, 12, tzinfo=BEIJING)
    assert adapter.validate_python("2026-01-31 12:00:00") == noon
    assert adapter.validate_python("2026-01-31T04:00:00+00:00") == noon
    assert adapter.dump_python(noon.astimezone(UTC), mode="json") == "2026-01-31 12:00:00"
    assert adapter.dump_python(noon) is noon


@given(st.dates())
def test_days(value: date) -> None:
    sent, read = round_trip(CompactDate, value)
    assert len(sent) == 8
    assert read == value


@given(seconds)
def test_iso_times(value: datetime) -> None:
    sent, read = round_trip(IsoTime, value)
    assert isinstance(sent, str)
    assert sent.endswith("Z")
    assert read == value
    assert read.utcoffset() == timedelta(hours=8)


@given(st.dates(date(2, 1, 1)))
def test_days_by_their_beginning(value: date) -> None:
    midnight = datetime(value.year, value.month, value.day, tzinfo=BEIJING)
    assert round_trip(Day, value) == (value.isoformat(), value)
    assert round_trip(DayTime, value) == (f"{value.isoformat()} 00:00:00", value)
    assert round_trip(DayMillis, value) == (TypeAdapter(Millis).dump_python(midnight, mode="json"), value)


def test_a_day_is_beijings() -> None:
    for moment in ("2026-01-31 23:59:59", 1769875199000, "2026-01-31T15:59:59+00:00", date(2026, 1, 31)):
        assert TypeAdapter(Day).validate_python(moment) == date(2026, 1, 31)
    with pytest.raises(ValidationError, match="needs a time zone"):
        TypeAdapter(Day).validate_python(datetime(2026, 1, 31))  # noqa: DTZ001 - the mistake that is refused


@given(st.booleans())
def test_flags(value: bool) -> None:
    assert round_trip(Flag, value) == ("Y" if value else "N", value)


@pytest.mark.parametrize("hint", [Millis, BeijingTime])
def test_a_time_without_a_zone_is_refused(hint: Any) -> None:
    with pytest.raises(ValidationError, match="needs a time zone"):
        TypeAdapter(hint).validate_python(datetime(2026, 1, 31))  # noqa: DTZ001 - the mistake that is refused


@pytest.mark.parametrize(
    ("hint", "wrong", "message"),
    [
        (Millis, 10**20, "not a time in milliseconds"),
        (Millis, "t0psecret", "datetime"),
        (Millis, True, "datetime"),
        (BeijingTime, "t0psecret", "should be a time such as"),
        (BeijingTime, "", "should be a time such as"),
        (CompactDate, "2026-01-31", "should be a day such as 20260131"),
        (CompactDate, "t0psecret", "should be a day such as 20260131"),
        (Flag, "t0psecret", "boolean"),
    ],
)
def test_what_is_no_value_of_the_type(hint: Any, wrong: object, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(hint).validate_python(wrong)
    (error,) = caught.value.errors(include_input=False, include_url=False)
    assert message in error["msg"]
    assert "t0psecret" not in error["msg"]


class Sample(BaseModel):
    """A reply with names of its own."""

    sample_id: Annotated[int, wire("sampleId", "sample_id", "id")]
    moment: Millis | None = None


@pytest.mark.parametrize("name", ["sampleId", "sample_id", "id"])
def test_a_field_is_read_under_each_of_its_names(name: str) -> None:
    sample = Sample.model_validate({name: 1, "moment": 0})
    assert sample.model_dump(mode="json", by_alias=True) == {"sampleId": 1, "moment": 0}


class Everything:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.wire.everything", "POST /topapi/wire/{name}?flag")
    def send(
        self,
        name: str,
        *,
        numbers: Annotated[CommaInts, wire("numberList")],
        texts: CommaStrs | None = None,
        fields: JsonObject | None = None,
        time: BeijingTime | None = None,
        moment: Annotated[Millis | None, wire("momentMillis")] = None,
        day: CompactDate | None = None,
        flag: Flag | None = None,
    ) -> Call[None]:
        """Everything at once."""
        return Call(
            None, name=name, numbers=numbers, texts=texts, fields=fields, moment=moment, time=time, day=day, flag=flag,
            constant=5,
        )  # fmt: skip


class Options:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.wire.options", "POST /v1.0/options")
    def send(
        self,
        name: str,
        *,
        size: Annotated[int | None, wire("option.size")] = None,
        moment: Annotated[Millis | None, wire("option.moment")] = None,
    ) -> Call[None]:
        """Some of it in an object."""
        return Call(None, name=name, size=size, moment=moment)


def test_arguments_that_travel_inside_an_object() -> None:
    send: Any = Options().send.call
    moment = datetime(2026, 1, 31, 9, tzinfo=BEIJING)
    body = {"name": "n", "option": {"size": 5, "moment": 1769821200000}}
    assert send("n", size=5, moment=moment).request.body == body
    assert send("n", option={"size": 5, "moment": moment}).request.body == body
    assert send("n", option='{"size": 5, "moment": 1769821200000}').request.body == body
    assert send("n").request.body == {"name": "n"}
    for wrong in ({"sise": 5}, "{", 5):
        with pytest.raises(InvalidArgument, match="option"):
            send("n", option=wrong)


def test_arguments_travel_in_their_wire_form() -> None:
    send = Everything().send
    moment = datetime(2026, 1, 31, 9, tzinfo=BEIJING)
    request = send.call(
        "a b", numbers=[1, 2], texts=["x", "y"], fields={"k": [1]}, moment=moment, time=moment, day=date(2026, 1, 31),
        flag=False,
    ).request  # fmt: skip
    assert request.path == "/topapi/wire/a%20b"
    assert request.query_params == {"flag": "N"}
    assert request.body == {
        "numberList": "1,2", "texts": "x,y", "fields": '{"k": [1]}', "momentMillis": 1769821200000,
        "time": "2026-01-31 09:00:00", "day": "20260131", "constant": 5,
    }  # fmt: skip
    again: Any = send.call  # callers who move over may pass the platform's own form and names
    assert again(
        "a b", numberList="1,2", texts="x,y", fields='{"k": [1]}', momentMillis=1769821200000,
        time="2026-01-31 09:00:00", day="20260131", flag="N",
    ).request == request  # fmt: skip
    assert send.call("a", numbers=[]).request.body == {"numberList": "", "constant": 5}
