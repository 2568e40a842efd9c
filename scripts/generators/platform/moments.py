"""Times, spans and amounts of money: which fields are one, and in which form they are sent.

The name says what it is, every sample the form; a unit or a note may stand in for the samples. What contradicts itself
stays what the table says: a wrong unit is worse than a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from dingtalk_models.core.json_values import is_array, is_object
from generators.platform.rows import Row

FORMS = (
    ("Millis", r"1\d{12}"),
    ("Seconds", r"1[3-9]\d{8}"),
    ("OffsetTime", r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?[+-]\d\d:\d\d"),
    ("IsoTime", r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z"),
    ("IsoFraction", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z"),
    ("BeijingTime", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    ("Day", r"\d{4}-\d\d-\d\d"),
    ("CompactDate", r"20\d{6}"),
)
"""The wire types of times, and how a value of each looks."""

NUMBERS = {"Millis", "Seconds"}
"""The forms that are numbers."""

IS_TIME = re.compile(r"(time|date|gmt|stamp|deadline|expire|birthday|moment)", re.IGNORECASE)
TIME_LABEL = re.compile(r"(时间|日期)")
IS_BOUND = re.compile(r"(^|[a-z_])(start|end|from|to|begin|min|max)$|^(start|end)[A-Z_]", re.IGNORECASE)
"""Names that are a time if every sample is one: `start`, `timeMin`."""

NO_TIME = re.compile(
    r"(times$|time_?zone|time_?type|time_?unit|flag|timely|runtime|_?type$|count$|format$|name$|text$|desc$|status$|"
    r"realtime|candidate|validate|updated?$|mandate|time_?result|num$|id$|ids$)",
    re.IGNORECASE,
)
IS_SPAN = re.compile(
    r"(duration|timeout|interval|cost_?time|minutes?$|seconds?$|hours?$|expires?_?in|ttl$)", re.IGNORECASE
)
SPANS = {
    "毫秒": "SpanMillis",
    "秒": "SpanSeconds",
    "分": "SpanMinutes",
    "分钟": "SpanMinutes",
    "小时": "SpanHours",
    "天": "SpanDays",
}
"""By unit: the wire type of a span."""

IS_MONEY = re.compile(r"(amount|price|money|salary|balance|_fee$|fee$|^fee|cost$|payment$|tax$)", re.IGNORECASE)
NO_MONEY = re.compile(r"(type|status|count|unit|currency|id$|name|time|date|no$|code|title|num$|flag)", re.IGNORECASE)


class Reading(NamedTuple):
    """What a field is.

    Attributes:
        form: its wire type; `None` if it stays what the table says.
        doubt: why it stays so, although its name says that it is a time, a span or money.
    """

    form: str | None = None
    doubt: str = ""

    @property
    def kind(self) -> str:
        """The Python type that it is read as; empty if it stays what the table says."""
        if self.form is None:
            return ""
        if self.form in {"Day", "CompactDate"}:
            return "date"
        return "timedelta" if self.form.startswith("Span") else "Decimal" if "Amount" in self.form else "datetime"


PLAIN = Reading()


def read(row: Row, samples: Iterable[Any], *, sent: bool) -> Reading:
    """Whether a field is a time, a span or money, and in which form.

    Args:
        row: its row of a table.
        samples: the values that pages show for it.
        sent: whether it is sent: then its documented type has to be kept.
    """
    kind = row["type"]
    if kind not in {"string", "integer", "number"}:
        return PLAIN
    shown = [
        str(value)
        for value in (*samples, row.get("example"))
        if value not in (None, "", 0, "0") and not (is_array(value) or is_object(value) or isinstance(value, bool))
    ]
    forms = {_form(text, kind) for text in shown}
    if _is_span(row, forms):
        return _span(row, kind, forms)
    if _is_time(row, forms):
        return _time(row, kind, shown, forms, sent=sent)
    if IS_MONEY.search(row["name"]) and not NO_MONEY.search(row["name"]):
        return _money(row, kind, shown)
    return PLAIN


def _form(text: str, kind: str) -> str:
    found = next((form for form, looks in FORMS if re.fullmatch(looks, text)), "other")
    # eight digits may be any number; a text of digits is a time as well as a number is one
    return "other" if kind == "integer" and found not in NUMBERS else found


def _is_span(row: Row, forms: set[str]) -> bool:
    if IS_SPAN.search(row["name"]):
        return not forms & {form for form, _ in FORMS}
    return row.get("unit") in SPANS and not forms & NUMBERS and not _is_time(row, forms)


def _span(row: Row, kind: str, forms: set[str]) -> Reading:
    unit = row.get("unit")
    if row.get("constraints", {}).keys() & {"min", "max"}:
        return Reading(doubt="a span with a limit, which is a number")
    if unit in SPANS and kind == "integer":
        return Reading(SPANS[unit])
    return Reading(doubt="a span without a unit") if forms and kind != "string" else PLAIN


def _is_time(row: Row, forms: set[str]) -> bool:
    name = row["name"]
    if NO_TIME.search(name):
        return False
    called = IS_TIME.search(name) or TIME_LABEL.search(row.get("label", ""))
    return bool(called) or (bool(IS_BOUND.search(name)) and bool(forms) and "other" not in forms)


def _time(row: Row, kind: str, shown: list[str], forms: set[str], *, sent: bool) -> Reading:
    note = f"{row.get('note', '')} {row.get('label', '')}"
    if not forms:
        if kind == "integer" and (row.get("unit") == "毫秒" or "毫秒" in note):
            return Reading("Millis")
        if kind == "string" and "yyyy-MM-ddTHH:mmZ" in note:
            return Reading("IsoTime")
        return Reading(doubt="a time by its name, without a sample")
    if len(forms) > 1:
        return Reading(doubt=f"samples of several forms: {', '.join(sorted(forms))}")
    form = next(iter(forms))
    doubt = {
        form == "other": f"called a time, shows {shown[0][:20]}",
        form in NUMBERS and sent and kind == "string": "a number that is sent as text",
        kind == "number": "a time as a number with a fraction",
    }.get(True)
    return Reading(doubt=doubt) if doubt else Reading(form)


def _money(row: Row, kind: str, shown: list[str]) -> Reading:
    if kind == "integer" or row.get("unit") == "分":
        return Reading(doubt="an amount as a whole number: yuan or fen?")
    if kind == "number":
        return Reading("Amount")
    if shown and all(re.fullmatch(r"-?\d+(\.\d+)?", text) for text in shown):
        return Reading("AmountText")
    return Reading(doubt="an amount as text, without a sample that is a number")
