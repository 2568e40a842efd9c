"""The samples in the platform's facts, and checks of requests against the parameter tables.

Samples are converted to the form that their own table documents: some are percent-encoded, some numbers are quoted, and
some show one object instead of an array.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from dingtalk_models.call.call import WHOLE_BODY
from dingtalk_models.core.http import Request
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.wire import BEIJING
from generators import facts
from generators.facts import Page
from generators.platform.comma_lists import is_comma_list
from generators.platform.enumerations import closed_values
from generators.platform.rows import is_map

Row = dict[str, Any]
"""A parameter or field, as its table documents it."""

MENDED: dict[str, dict[str, Any]] = {
    # the table calls each kind of recipient optional, the text next to it requires one
    "asynchronous-sending-of-enterprise-session-messages": {"userid_list": "user123,user456"},
    # the sample keys are masked, and so too short
    "register-callback-events": {"aes_key": "hvnzd2y8jkhx8yoo4483" + "x" * 23},
    "update-event-interface": {"aes_key": "hvnzd2y8jkhx8yoo4483" + "x" * 23},
}
"""By page: values that its sample needs, or that replace values of its sample, to be a valid request."""
EXAMPLES = {"bgcolor": "FFBBBBBB", "status_bg": "0xFFF65E5E", "msgtype": "text", "msgcontent": '{"content": "1"}'}
"""By name: values of parameters without an example, if not every text is allowed."""
TOKENS = {"access_token", "x-acs-dingtalk-access-token"}


def rows(page: Page) -> list[Row]:
    """The parameters that an operation must have: not the token, and no headers."""
    return [row for row in page["params"] if row["in"] != "header" and row["name"] not in TOKENS]


# Samples


def as_documented(value: Any, row: Row) -> Any:
    """A sample in the form that its table documents, if that is possible."""
    kind = row["type"]
    if isinstance(value, str):
        value = decoded(value)
        if kind in {"array", "object"}:
            value = loaded(value)
    if kind == "array" and value is not None:
        return [as_documented(item, _element(row)) for item in listed(value)]
    if kind == "object" and is_object(value):
        return _object(value, row)
    return _scalar(value, kind)


def _scalar(value: Any, kind: str) -> Any:
    match kind:
        case "integer" | "number" if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
            return json.loads(value.lstrip("0") or "0")
        case "boolean" if isinstance(value, str):
            return {"true": True, "false": False}.get(value.lower(), value)
        case "file" if isinstance(value, str):
            return value.lstrip("@").strip('"')
        case "string" if value is not None and not isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        case _:
            return value


def sample_of(row: Row, shown: Any = None) -> Any:
    """A value for a parameter or field, with all its parts.

    Each part is the one in a sample, or else its documented example, or else any value of its type.
    """
    value = as_documented(row.get("example") if shown is None else shown, row)
    if row.get("children") and is_map(row, [value]):
        values: list[Any] = list(value.values()) if is_object(value) and value else [None]
        return {"key": sample_of({**row, "values": None}, values[0])}
    if row["type"] == "object" and row.get("children"):
        parts: dict[str, Any] = value if is_object(value) else {}
        kind: str | None = parts.get("msgtype")
        return {
            child["name"]: sample_of(child, parts.get(child["name"]))
            for child in row["children"]
            if kind is None or child["name"] in {"msgtype", kind}
        }
    if row["type"] == "array":
        items: list[Any] = listed(value) if value else [None]
        return [sample_of(_element(row), item) for item in items]
    if value is None or _contradicts(value, row):
        return _of_type(row) if shown is None else sample_of(row)
    return value


def variants(row: Row, shown: Any = None) -> list[Any]:
    """Values for a parameter. For a message, one of each type."""
    types = [child["name"] for child in row.get("children", []) if child["name"] != "msgtype"]
    if len(types) == len(row.get("children", [])):
        return [sample_of(row, shown)]
    return [sample_of(row, {"msgtype": kind}) for kind in types]


def _of_type(row: Row) -> Any:
    if allowed := _allowed(row):
        return allowed[0]
    if row["name"] in EXAMPLES:
        return EXAMPLES[row["name"]]
    if row["type"] == "string" and (text := _of_time(row["name"])):
        return text
    by_type: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "object": {}}
    return by_type.get(row["type"], "1")


def _of_time(name: str) -> str:
    """A text for what is called like a time; a zone of times, and a person who updates, are none."""
    if re.search(r"(?i)time_?zone", name):
        return "Asia/Shanghai"
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
    is_time = re.search(r"(?<!up)(?<!vali)(?<!candi)(time|date)(stamp)?$|^(gmt|created)$", words[-1])
    return "2026-01-31T01:00:00Z" if is_time or {"gmt", "time", "date"} & set(words[:1]) else ""


def request_sample(page: Page) -> dict[str, Any]:
    """Arguments for the endpoint of a page, by wire name: its own sample, and what the sample leaves out."""
    sample: dict[str, Any] = {}
    for part in ("request_query_example", "request_example"):
        if is_object(page.get(part)):
            sample |= page[part]
    if any(row["name"] == WHOLE_BODY for row in page["params"]) and page.get("request_example") is not None:
        sample[WHOLE_BODY] = page["request_example"]
    arguments: dict[str, Any] = {}
    for row in rows(page):
        if row["name"] in sample:
            value = as_documented(sample[row["name"]], row)
            arguments[row["name"]] = sample_of(row) if _contradicts(value, row) else value
        elif row.get("required") or row["in"] == "path":
            arguments[row["name"]] = sample_of(row)
    return arguments | MENDED.get(page["doc"], {})


def reply_from_table(page: Page) -> Any:
    """A reply with every documented field, from the sample if it has the field."""
    shown = next(iter(facts.sample_replies(page)), dict[str, Any]())
    if [row["name"] for row in page["returns"]] == [""]:
        # the table documents a value, and the sample shows under which name it is; without one, it is the reply
        return shown or sample_of(page["returns"][0])
    return {row["name"]: sample_of(row, shown.get(row["name"])) for row in page["returns"] if row["name"]}


def _contradicts(value: Any, row: Row) -> bool:
    """Whether a sample is no value: it is a placeholder, or contradicts its own table."""
    return bool(re.search("yyyy|YOUR_", str(value))) or any(True for _ in mismatches(value, [row], ""))


def decoded(text: str) -> str:
    """The text of a sample without percent-encoding and surrounding quotation marks."""
    text = unquote_plus(text) if re.search(r"%[0-9A-F]{2}", text) else text
    quoted = re.fullmatch(r'\\?"(.*?)\\?"', text, re.DOTALL) or re.fullmatch(r'({.*})"', text, re.DOTALL)
    return (quoted[1] if quoted else text).replace('\\"', '"')


def loaded(text: str) -> Any:
    """JSON, also without quotation marks: `{1:技术支持}`."""
    try:
        return json.loads(text)
    except ValueError:
        pairs = re.fullmatch(r"{([^{}\"]+)}", text)
        if not pairs or ":" not in text:
            return text
        return {name.strip(): value.strip() for name, _, value in (pair.partition(":") for pair in pairs[1].split(","))}


def listed(value: Any) -> list[Any]:
    """An array. A sample may show only one item, or text."""
    if is_array(value):
        return value
    return value.strip("[]").split(",") if isinstance(value, str) else [value]


def _element(row: Row) -> Row:
    kept: Row = {name: row[name] for name in ("children", "class") if name in row}
    inner = row.get("items_items", "object" if "children" in row else "any")
    return {"name": row["name"], "type": row.get("items", "any"), "items": inner, **kept}


def _object(value: dict[str, Any], row: Row) -> dict[str, Any]:
    children = {child["name"]: child for child in row.get("children", [])}
    if not children:
        return value
    if is_map(row, [value]):
        return {name: as_documented(part, {**row, "values": None}) for name, part in value.items()}
    return {name: as_documented(part, children[name]) for name, part in value.items() if name in children}


def _allowed(row: Row) -> list[Any]:
    allowed: list[Any] = row.get("constraints", {}).get("enum", [])
    return allowed


# Requests against parameter tables


def mismatches(value: Any, documented: list[Row], where: str) -> Iterator[str]:
    """How a value contradicts each of the rows that document it; nothing if one of them allows it."""
    found = [list(_mismatch(value, row, where)) for row in documented]
    if found and all(found):
        yield from found[0]


def _mismatch(value: Any, row: Row, where: str) -> Iterator[str]:
    kind: str = row["type"]
    fits = {
        "string": isinstance(value, str),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
        "array": is_array(value),
        "object": is_object(value),
    }
    if not fits.get(kind, True):
        yield f"{where} is {value!r}, documented as {kind}"
        return
    yield from (f"{where} is beyond its limit: {limit}" for limit in _beyond(value, row))
    if is_array(value):
        for item in value:
            yield from _mismatch(item, _element(row), f"{where}[]")
    elif is_object(value) and row.get("children") and is_map(row, [value]):
        for name, part in value.items():
            yield from _mismatch(part, {**row, "values": None}, f"{where}.{name}")
    elif is_object(value) and row.get("children"):
        yield from _table_problems(value, row["children"], row["children"], f"{where}.")
    elif (allowed := _allowed(row)) and str(value) not in map(str, allowed):
        yield f"{where} is {value!r}, documented as one of {allowed}"


def _beyond(value: Any, row: Row) -> Iterator[str]:
    """The documented limits that a value exceeds."""
    size = len(value) if isinstance(value, str) or is_array(value) else None
    count = len(value.split(",")) if isinstance(value, str) else size
    for limit, measure in (("max_length", size), ("max_items", count), ("max", value if size is None else None)):
        most = row.get("constraints", {}).get(limit)
        if most is not None and measure is not None and measure > most:
            yield f"{limit} {most}"


def over_limits(row: Row, product: str) -> Iterator[tuple[str, Any]]:
    """For each documented limit of a parameter, a value that just exceeds it.

    Args:
        row: the parameter.
        product: the product that it belongs to.
    """
    limits = row.get("constraints", {})
    if "max" in limits:
        yield f"max {limits['max']}", limits["max"] + 1
    if "max_length" in limits:
        yield f"max_length {limits['max_length']}", "1" * (limits["max_length"] + 1)
    if "max_items" in limits and (row["type"] == "array" or is_comma_list(product, row, [])):
        items = [str(number) for number in range(1, limits["max_items"] + 2)]
        value: Any = [sample_of(_element(row)) for _ in items] if row["type"] == "array" else ",".join(items)
        yield f"max_items {limits['max_items']}", value
    if values := closed_values(product, row):
        yield f"enum {values}", "none of them" if row["type"] == "string" else -12345
    yield from _over_limits_within(row, product)


def _over_limits_within(row: Row, product: str) -> Iterator[tuple[str, Any]]:
    """For each documented limit of a part of an object, or of the objects in an array, a value that exceeds it."""
    whole = sample_of(row)
    parts = listed(whole)[0]
    for child in row.get("children", []):
        for limit, value in over_limits(child, product):
            if is_object(parts) and child["name"] in parts:
                planted = {**parts, child["name"]: value}
                yield f"{limit.partition(' [')[0]} of {child['name']}", [planted] if is_array(whole) else planted


def _table_problems(values: dict[str, Any], known: list[Row], required: list[Row], where: str = "") -> Iterator[str]:
    for name, value in values.items():
        documented = [row for row in known if row["name"] == name]
        if documented:
            yield from mismatches(value, documented, where + name)
        else:
            yield f"{where}{name} is sent, and not documented"
    for row in required:
        if row.get("required") and row["name"] not in values:
            yield f"{where}{row['name']} is required, and not sent"


def request_problems(request: Request, page: Page, every: list[Page]) -> Iterator[str]:
    """How a request contradicts the parameter table of its page, or of another page of the same endpoint."""
    for place, values in (("query", request.query_params), ("body", named_body(request, page))):
        known = [row for other in every for row in rows(other) if row["in"] == place]
        yield from _table_problems(dict(values), known, [row for row in rows(page) if row["in"] == place])
    pattern = re.sub(r"{\w+}", "[^/]+", page["path"])
    if not re.fullmatch(pattern, request.path):
        yield f"it goes to {request.path}"


def named_body(request: Request, page: Page) -> dict[str, Any]:
    """The body of a request by the names of its parameters: one without a name is the body itself."""
    if any(row["name"] == WHOLE_BODY for row in page["params"]):
        return {} if request.body is None else {WHOLE_BODY: request.body}
    return dict(request.body) if is_object(request.body) else {}


def same(sample: Any, value: Any) -> bool:
    """Whether a value means the same as a sample, in whatever form."""
    if sample is None or sample == value:
        return True
    if isinstance(sample, str) and (is_object(value) or is_array(value)):
        sample = loaded(decoded(sample))
        if isinstance(sample, str):
            sample = [part for part in sample.split(",") if part]
    if isinstance(value, str) and (is_object(sample) or is_array(sample)):
        parsed = loaded(value)
        value = parsed if (is_object(parsed) or is_array(parsed)) else value.split(",")
    if isinstance(sample, str) and isinstance(value, str):
        sample, value = (loaded(decoded(text)) for text in (sample, value))
    if is_array(value):
        items = listed(sample)
        return len(items) == len(value) and all(map(same, items, value))
    if is_object(sample):
        return is_object(value) and all(name in value and same(part, value[name]) for name, part in sample.items())
    return text_of(sample) == text_of(value) or (is_day(value) and day_of(sample) == value)


def text_of(value: Any) -> str:
    """A scalar as text: `True` and "true" and 1 are one, and so are 1.0 and 1."""
    if isinstance(value, bool | float):
        value = int(value) if value == int(value) else value
    text = decoded(str(value)).strip()
    moment = moment_in(text)
    return moment.isoformat() if moment else {"true": "1", "false": "0"}.get(text, text)


def moment_in(text: str) -> datetime | None:
    """The moment that a text says, in whatever form; without a time zone, it is in Beijing."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?", text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)).astimezone(BEIJING)


def is_day(value: Any) -> bool:
    """Whether a value is a day as text."""
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None


def day_of(value: Any) -> str | None:
    """The day of a moment, in Beijing."""
    moment = moment_in(value) if isinstance(value, str) else None
    return moment.date().isoformat() if moment else None
