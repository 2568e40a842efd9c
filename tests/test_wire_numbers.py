"""Wire types of times in more forms, of how long something lasts, and of money: without loss, and never a guess."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pytest
from helpers import english
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from test_wire import moments, round_trip, seconds

from dingtalk_models import BEIJING, Call, DingTalkApp, HttpResponse, InvalidArgument, api
from dingtalk_models.core.quantities.amounts import Amount, AmountText
from dingtalk_models.core.quantities.spans import SpanDays, SpanHours, SpanMillis, SpanMinutes, SpanSeconds
from dingtalk_models.core.wire import CompactDate, IsoFraction, OffsetTime, Seconds, camel, empty_list
from dingtalk_models.resource.model import Shape
from dingtalk_models.resource.reply import Reply

MOMENT = datetime(2026, 1, 31, 9, tzinfo=BEIJING)


# times


@given(seconds)
def test_seconds(value: datetime) -> None:
    sent, read = round_trip(Seconds, value)
    assert type(sent) is int
    assert sent == (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    assert read == value
    assert TypeAdapter(Seconds).validate_json(f'"{sent}"') == TypeAdapter(Seconds).validate_python(str(sent)) == value


@given(moments)
def test_every_digit_of_a_second(value: datetime) -> None:
    sent, read = round_trip(IsoFraction, value)
    assert sent.endswith("Z")
    assert read == value
    assert read.utcoffset() == timedelta(hours=8)


@given(seconds)
def test_times_with_their_offset(value: datetime) -> None:
    sent, read = round_trip(OffsetTime, value)
    assert len(sent) == len("2026-01-31T09:00:00+08:00")
    assert (read, read.utcoffset()) == (value, value.utcoffset())


@pytest.mark.parametrize(
    ("hint", "sent", "read"),
    [
        (Seconds, 1769821200, MOMENT),
        (Seconds, -1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (IsoFraction, "2026-01-31T01:00:00.000Z", MOMENT),
        (IsoFraction, "2026-01-31T01:00:00.123Z", MOMENT.replace(microsecond=123_000)),
        (IsoFraction, "2026-01-31T01:00:00.123456Z", MOMENT.replace(microsecond=123_456)),
        (OffsetTime, "2026-01-31T09:00:00+08:00", MOMENT),
        (OffsetTime, "2026-01-31T01:00:00+00:00", MOMENT),
        (CompactDate, "20260131", date(2026, 1, 31)),
    ],
)
def test_known_times(hint: Any, sent: object, read: date) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(hint)
    assert adapter.validate_json(json.dumps(sent)) == adapter.validate_python(sent) == read
    assert adapter.dump_python(adapter.validate_python(sent), mode="json") == sent


@pytest.mark.parametrize(
    ("hint", "came", "read"),
    [
        (IsoFraction, "2026-01-31T09:00:00.5+08:00", MOMENT.replace(microsecond=500_000)),
        (IsoFraction, "2026-01-31T01:00Z", MOMENT),
        (IsoFraction, "2026-01-31T01:00:00.123456000Z", MOMENT.replace(microsecond=123_456)),
        (OffsetTime, "2026-01-31T01:00:00Z", MOMENT),
        (CompactDate, 20260131, date(2026, 1, 31)),
    ],
)
def test_other_forms_are_read_too(hint: Any, came: object, read: date) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(hint)
    assert adapter.validate_json(json.dumps(came)) == adapter.validate_python(came) == read


@pytest.mark.parametrize(
    ("hint", "wrong", "message"),
    [
        (Seconds, 1769821200000, "not a time"),
        (Seconds, True, "datetime"),
        (Seconds, "t0psecret", "datetime"),
        (IsoFraction, "2026-01-31T01:00:00.1234567Z", "more than 6 digits of a second / 秒的小数超过 6 位"),
        (IsoFraction, "2026-01-31T01:00:00.1234560001+08:00", "more than 6 digits of a second"),
        (IsoFraction, "t0psecret", "should be a time such as"),
        (OffsetTime, "", "should be a time such as"),
        (OffsetTime, MOMENT.replace(tzinfo=None), "needs a time zone"),
        (CompactDate, "2026131", "should be a day such as 20260131"),
        (CompactDate, 2026131, "should be a day such as 20260131"),
        (CompactDate, 20261301, "should be a day such as 20260131"),
        (SpanMinutes, timedelta(seconds=90), "should be a whole number of minutes / 须为整分钟"),
        (SpanHours, 1.5, "should be a whole number of hours / 须为整小时"),
        (SpanDays, 10**12, "too long / 时长过长"),
        (SpanSeconds, float("nan"), "too long / 时长过长"),
        (SpanSeconds, float("inf"), "too long / 时长过长"),
        (SpanSeconds, True, "valid timedelta"),
        (SpanSeconds, "t0psecret", "valid timedelta"),
        (SpanSeconds, "", "valid timedelta"),
        (Amount, True, "should be an amount / 须为金额"),
        (Amount, "t0psecret", "decimal"),
        (Amount, "NaN", "finite"),
        (Amount, float("inf"), "finite"),
        (Amount, Decimal("0.12345678901234567"), "has more digits than a number in JSON can carry / 位数过多"),
        (Amount, "1E+31", "no more than 30 digits"),
        (AmountText, "1E-31", "no more than 30 digits"),
        (AmountText, False, "should be an amount"),
        (AmountText, "", "decimal"),
    ],
)
def test_what_is_no_value_of_the_type(hint: Any, wrong: object, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(hint).validate_python(wrong)
    (error,) = caught.value.errors(include_input=False, include_url=False)
    assert message in error["msg"]
    assert "t0psecret" not in error["msg"]


# how long something lasts

UNITS = {SpanMillis: timedelta(milliseconds=1), SpanSeconds: timedelta(seconds=1), SpanMinutes: timedelta(minutes=1),
         SpanHours: timedelta(hours=1), SpanDays: timedelta(days=1)}  # fmt: skip


@pytest.mark.parametrize("hint", UNITS)
@given(number=st.integers(-10_000_000, 10_000_000))
def test_spans(hint: Any, number: int) -> None:
    span = UNITS[hint] * number
    assert round_trip(hint, span) == (number, span)
    adapter: TypeAdapter[Any] = TypeAdapter(hint)
    for came in (number, str(number)):
        assert adapter.validate_json(json.dumps(came)) == adapter.validate_python(came) == span


@pytest.mark.parametrize("hint", UNITS)
def test_a_reply_may_have_a_part_of_a_unit(hint: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(hint)
    for came in ("1.5", '"1.5"', "1.50"):
        half = adapter.validate_json(came)
        assert half == UNITS[hint] * 3 / 2
        assert adapter.dump_python(half, mode="json") == 1.5
        assert json.loads(adapter.dump_json(half)) == 1.5
    whole = adapter.validate_json("2.0")
    assert adapter.dump_json(whole) == b"2"
    assert adapter.dump_python(whole) is whole


# money

amounts = st.decimals(-(10**12), 10**12, places=2)


@given(amounts)
def test_amounts_as_numbers(value: Decimal) -> None:
    sent, read = round_trip(Amount, value)
    assert Decimal(repr(sent)) == read == value
    assert type(sent) is (int if value == int(value) else float)


@given(amounts | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=18))
def test_amounts_as_text(value: Decimal) -> None:
    sent, read = round_trip(AmountText, value)
    assert (type(sent), Decimal(sent)) == (str, value)
    assert "E" not in sent
    assert read == value


@given(st.integers(-(10**27), 10**27))
def test_whole_amounts_of_any_size(value: int) -> None:
    """In the smallest unit, they are whole numbers."""
    for hint in (Amount, AmountText):
        sent, read = round_trip(hint, Decimal(value))
        assert (sent, read) == (value if hint is Amount else str(value), value)


@pytest.mark.parametrize(
    ("hint", "came", "read", "sent"),
    [
        (Amount, "0.1", "0.1", "0.1"),
        (Amount, "12.30", "12.3", "12.3"),
        (Amount, "100", "100", "100"),
        (Amount, "100.0", "100.0", "100"),
        (Amount, '"12.30"', "12.30", "12.3"),
        (Amount, "1e2", "100", "100"),
        (AmountText, '"12.30"', "12.30", '"12.30"'),
        (AmountText, "12.3", "12.3", '"12.3"'),
        (AmountText, '"1E+2"', "100", '"100"'),
        (AmountText, '"0.00"', "0.00", '"0.00"'),
    ],
)
def test_known_amounts(hint: Any, came: str, read: str, sent: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(hint)
    amount = adapter.validate_json(came)
    assert amount == Decimal(read)
    assert adapter.dump_json(amount).decode() == sent


def test_a_float_counts_as_it_is_printed() -> None:
    for hint in (Amount, AmountText):
        assert TypeAdapter(hint).validate_python(0.1) == Decimal("0.1")
    assert sum(TypeAdapter(Amount).validate_json("[0.1]"[1:-1]) for _ in range(10)) == 1


# in what is sent and received


class Order(Reply, Shape, alias_generator=camel):
    price: Amount
    fee: AmountText | None = None
    lasts: SpanMinutes | None = None
    breaks: list[SpanSeconds] = empty_list()
    at: Annotated[Seconds | None, "a time"] = None
    day: CompactDate | None = None


class Orders:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.wire.orders", "POST /v1.0/orders")
    def send(
        self,
        order: Order | None = None,
        *,
        price: Amount | None = None,
        fee: AmountText | None = None,
        lasts: SpanMinutes | None = None,
        at: Seconds | None = None,
    ) -> Call[Order]:
        """Send some."""
        return Call(Order)


def test_they_are_sent_in_their_wire_form() -> None:
    send = Orders().send.call
    order = Order(
        price=Decimal("0.10"), fee=Decimal(5), lasts=timedelta(hours=1), breaks=[timedelta(minutes=1)], at=MOMENT
    )
    body = {"price": 0.1, "fee": "5", "lasts": 60, "breaks": [60], "at": 1769821200}
    assert send(order).request.body == {"order": body}
    assert send(price=Decimal("0.1"), fee=Decimal("1.50"), lasts=timedelta(minutes=5), at=MOMENT).request.body == {
        "price": 0.1, "fee": "1.50", "lasts": 5, "at": 1769821200,
    }  # fmt: skip
    assert send(price=0).request.body == {"price": 0}  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument) as refused:
        send(lasts=timedelta(seconds=1), price=True)  # type: ignore[arg-type]
    assert {problem.field: english(problem.message) for problem in refused.value.problems} == {
        "lasts": "should be a whole number of minutes", "price": "should be an amount",
    }  # fmt: skip


def test_a_reply_never_has_a_zero_for_what_is_unknown() -> None:
    def read(**fields: Any) -> Order:
        return Orders().send.call().read(HttpResponse(200, {}, json.dumps({"price": 1, **fields}).encode()))

    assert read(lasts=1.5, breaks=[0.5]).lasts == timedelta(seconds=90)
    for odd in ({"price": ""}, {"fee": ""}, {"lasts": ""}, {"at": "0x"}, {"day": 0}, {"fee": "12.30元"}):
        order = read(**odd)
        (name,) = odd
        assert order.unparsed == odd
        assert getattr(order, name, None) is None
    assert read(breaks=[1, "x", 2]).unparsed == {"breaks": [1, "x", 2]}
    assert read(price=None, lasts=None).lasts is None
