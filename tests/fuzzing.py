"""Mutated replies to every operation: each becomes an error of ours or the right value, and a refusal is an error.

Case number n is made from the seed n, so that `scripts/fuzz --random 1 n` shows it again.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel
from replies import models_in
from samples_of import CODES_OF_THEIR_OWN, Sample, Way, every_sample, respond
from sweeping import outcomes

from dingtalk_models import ApiError, DingTalkError, HttpResponse, Page
from dingtalk_models.call.paging import is_page
from dingtalk_models.call.repair import UNPARSED, Rows
from dingtalk_models.core.hints import fields_in, get_origin, is_model, wire_names
from dingtalk_models.core.json_values import is_array, is_object

MILLION = 1_000_000
ROWS = 3
DEEP = json.loads("[" * 60 + "]" * 60)


class Wrong(AssertionError):
    """A reply was read as something that it does not say."""


class Subject(NamedTuple):
    """What is mutated.

    Attributes:
        sample: the operation, and its reply with three rows where it has a list.
        rows: the path to the rows, if the result is a list or a page.
        parts: the result as it is read from the reply that is not mutated: the rows, or the object alone.
        ways: the path to each value in the reply.
        kinds: the models that the reply is read with.
    """

    sample: Sample
    rows: Way | None
    parts: list[Any]
    ways: list[Way]
    kinds: set[type[BaseModel]]


@cache
def subjects() -> list[Subject]:
    """One for each sample."""
    return [_subject(sample) for sample in every_sample() if sample.info.name not in CODES_OF_THEIR_OWN]


def _subject(sample: Sample) -> Subject:
    reply, into = copy.deepcopy(sample.reply), sample.call.into
    rows: Way | None = None
    if is_model(into) and issubclass(into, Page):
        rows = (*sample.way, *(into.model_fields["items"].serialization_alias or "").split("."))
    elif get_origin(into) is list:
        rows = tuple(sample.way)
    if rows is not None:
        holder: Any = _at(reply, rows[:-1])
        holder[rows[-1]] = [copy.deepcopy(row) for row in holder[rows[-1]][:1] for _ in range(ROWS)]
    sample = sample._replace(reply=reply)
    result = sample.call.read(respond(reply))
    parts = _parts(result)
    changes: Any = getattr(sample.call, "_then", None)
    if changes and not is_page(result):
        rows = None  # something else is made of the rows
    # what is made of a reply may have values from the call itself
    return Subject(sample, rows, parts, list(ways_in(reply)), set() if changes else set(models_in(into)))


def _at(value: Any, way: Way) -> Any:
    for key in way:
        value = value[key]
    return value


def ways_in(value: Any, way: Way = ()) -> Iterator[Way]:
    """The path to each value in JSON, at every depth."""
    if way:
        yield way
    if is_object(value):
        for name, part in value.items():
            yield from ways_in(part, (*way, name))
    elif is_array(value):
        for number, part in enumerate(value):
            yield from ways_in(part, (*way, number))


def _parts(result: Any) -> list[Any]:
    if result is None:
        return []
    if is_page(result):
        return [*result.items]
    return [*result] if is_array(result) else [result]


# -- mutations -----------------------------------------------------------------------------------------------------

ODD: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 1e15, float("nan"), float("inf"), 10**30, "", " ",
    "0", "-1", "odd", "null", "[", "{",
    "[1]", '["a"]', "{}", '{"a": 1}', "\ud83d", "\0", "²", "١", "2026-01-31",
    "2026-01-31 09:00:00", "2026-13-99T99:99Z",
    "9" * 400, [], [None], [[]], [1, "a", None], {}, {"": None}, {"odd": [1]}, {UNPARSED: 5}, DEEP,
]  # fmt: skip

NAMES = [
    "list",
    "result",
    "has_more",
    "hasMore",
    "next_cursor",
    "nextToken",
    "items",
    "unparsed",
    UNPARSED,
    "id",
    "new",
]

NO: list[dict[str, Any]] = [
    {"errcode": 60003, "errmsg": "部门不存在"},
    {"errcode": "60003"},
    {"errcode": -1, "errmsg": "系统繁忙"},
    {"errcode": 88, "sub_code": "40014", "sub_msg": "不合法的access_token", "errmsg": "ding talk error[…]"},
    {"errcode": 88, "errmsg": "ding talk error[subcode=60011,submsg=…]"},
    {"errcode": 404, "errmsg": "请求的URI地址不存在"},
    {"errcode": "isp.-1"},
    {"code": "invalidParameter.x", "message": "不合法", "requestid": "R-1"},
    {"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied", "message": "…", "accessdenieddetail": [None]},
    {"code": 500, "message": "…"},
    {"success": False},
    {"success": "false", "errorCode": "systemError", "errorMsg": "…"},
    {"status": 1111, "wait": 5, "punish": "deny"},
]
"""What says no on both hosts, whatever else there is."""


def _other_form(value: Any) -> Any:
    """The same value in another form that replies use."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else [value]
    if is_object(value) or is_array(value):
        return json.dumps(value)
    return str(value)


def _odd(chance: random.Random) -> Any:
    return copy.deepcopy(chance.choice(ODD))


def _mutate(chance: random.Random, reply: dict[str, Any], way: Way) -> None:
    """Change one value."""
    try:
        holder = _at(reply, way[:-1])
        value = holder[way[-1]]
    except (LookupError, TypeError):
        return  # an earlier mutation has removed it
    if not (is_object(holder) or is_array(holder)):
        return
    key: Any = way[-1]
    match chance.randrange(8):
        case 0:
            del holder[key]
        case 1:
            holder[key] = None
        case 2:
            holder[key] = _other_form(value)
        case 3:
            holder[key] = [value]
        case 4 if is_object(value):
            value[chance.choice(NAMES)] = _odd(chance)
        case 5 if is_array(value):
            value.insert(chance.randrange(len(value) + 1), _odd(chance))
        case _:
            holder[key] = _odd(chance)


def _spoilt(chance: random.Random, content: bytes) -> bytes:
    """A body changed in its bytes."""
    at = chance.randrange(len(content) + 1)
    match chance.randrange(4):
        case 0:
            return content[:at]
        case 1:
            return content[:at] + bytes([chance.randrange(256)]) + content[at:]
        case 2:
            return content[:at] + content[at + chance.choice([1, 2, 10]) :]
        case _:
            return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


# -- what has to come of it ----------------------------------------------------------------------------------------


def run(number: int) -> str:
    """Read the mutated reply of this number.

    Returns:
        The kind of outcome, to be counted.

    Raises:
        Wrong: the outcome is not what the reply says.
    """
    chance = random.Random(number)
    subject = chance.choice(subjects())
    sample = subject.sample
    reply = copy.deepcopy(sample.reply)
    touched = chance.choices(subject.ways, k=chance.choice([0, 1, 1, 1, 2, 4])) if subject.ways else []
    for way in touched:
        _mutate(chance, reply, way)
    dice = chance.random()
    if dice < 0.2:
        return _refused(sample, respond(reply | chance.choice(NO), chance.choice([200, 200, 400, 500])), coded=True)
    if dice < 0.25:
        flags = ["result"] if sample.call.into is None else ["success"]
        return _refused(sample, respond(reply | {chance.choice(flags): chance.choice([False, "false"])}), coded=True)
    if dice < 0.3:
        status = chance.choice([302, 400, 401, 403, 404, 429, 500, 502, 503])
        content = chance.choice([b"", b"<html>502</html>", b"null", respond(reply).content])
        return _refused(sample, respond(content, status), coded=False)
    if dice < 0.4:
        outcome = _outcome(sample, respond(_spoilt(chance, respond(reply).content)))
        return outcome if isinstance(outcome, str) else "spoilt, but read"
    response = respond(reply)
    outcome = _outcome(sample, response)
    if isinstance(outcome, str):
        if not touched:
            raise Wrong(f"a reply as documented is refused: {outcome}")
        return outcome
    _check(subject, json.loads(response.content), touched, *outcome)
    return "read"


def fuzz(numbers: Iterable[int], until: float = float("inf")) -> Counter[str]:
    """Run cases, until a time on the monotonic clock at the latest, and count their outcomes.

    Raises:
        Wrong: a case went wrong. It is told how to repeat it.
    """
    return Counter(outcome for _, outcome in outcomes(run, _told, numbers, until))


def _told(number: int) -> str:
    name = random.Random(number).choice(subjects()).sample.info.name
    return f"a reply of {name}; repeat it with: scripts/fuzz --random 1 {number}"


def _outcome(sample: Sample, response: HttpResponse) -> str | tuple[Any]:
    try:
        return (sample.call.read(response),)
    except DingTalkError as error:
        str(error)
        return type(error).__name__


def _refused(sample: Sample, response: HttpResponse, *, coded: bool) -> str:
    try:
        result = sample.call.read(response)
    except ApiError:
        return "refused"
    except DingTalkError as error:
        if coded:
            raise Wrong(f"{response.content!r} is refused without its cause: {error}") from None
        return "refused"
    raise Wrong(f"{response.status} {response.content!r} is a refusal, but was read as {result!r}")


def _check(subject: Subject, reply: dict[str, Any], touched: list[Way], result: Any) -> None:
    """Whether the parts that are not touched are as before, and those that are touched say what they have."""
    depth = len(subject.sample.way) if subject.rows is None else len(subject.rows)
    if any(len(way) <= depth and list(way) == [*(subject.rows or subject.sample.way)][: len(way)] for way in touched):
        return  # the result as a whole is another one
    parts = _parts(result)
    if subject.rows is None and len(parts) != len(subject.parts):
        return
    if subject.rows is None:
        row = _at(reply, tuple(subject.sample.way))
        for part, before in zip(parts, subject.parts, strict=True):
            _compare(row, part, before, _changed(touched, tuple(subject.sample.way)), subject.kinds)
        return
    unparsed: list[Any] = [*result.unparsed] if is_page(result) or isinstance(result, Rows) else []
    rows = _at(reply, subject.rows)
    if len(parts) + len(unparsed) != len(rows):
        raise Wrong(f"of {len(rows)} rows, {len(parts)} were read and {unparsed} kept")
    if len(rows) != len(subject.parts):
        return  # a row was removed
    for number, row in enumerate(rows):
        changed = _changed(touched, (*subject.rows, number))
        if changed != set() and unparsed and _text(unparsed[0]) == _text(row):
            unparsed.pop(0)
        else:
            _compare(row, parts.pop(0), subject.parts[number], changed, subject.kinds)


def _changed(touched: list[Way], way: Way) -> set[str | int] | None:
    """Which fields of the object at this place were changed; `None` if nobody can tell, since the whole object was."""
    here = [each for each in touched if each[: len(way)] == way]
    return None if way in here else {each[len(way)] for each in here}


def _compare(row: Any, part: Any, before: Any, changed: set[str | int] | None, kinds: set[type[BaseModel]]) -> None:
    """Whether an object has what its row says.

    Args:
        row: the row in the reply.
        part: the object.
        before: the object before the row was changed.
        changed: which fields were changed; `None` if the whole row was.
        kinds: the models that a reply is read with. Another is made from them, and has other names.
    """
    if not isinstance(part, BaseModel) or not isinstance(before, BaseModel):
        if changed == set() and part != before:
            raise Wrong(f"{before!r} was read as {part!r}")
        return
    if changed is None or (changed and type(part) not in kinds):
        return
    for field, names in _names(type(part)).items():
        now, then = vars(part).get(field), vars(before).get(field)
        if names.isdisjoint(changed):
            right = now == then
        else:
            right = any(_says(row, name, part, now) for name in names) or now == type(part).model_fields[field].default
        if not right:
            raise Wrong(f"{field} was {then!r}, and is {now!r} after a change of {changed}")


def _says(row: Any, name: str, part: BaseModel, now: Any) -> bool:
    """Whether a value is what a field says that was changed. Only texts and numbers are compared."""
    said = row.get(name)
    if name in getattr(part, "unparsed", {}) or type(now) not in {str, int, float, bool}:
        return True
    if isinstance(now, float) and re.fullmatch(r"\s*-?[0-9]+\s*", str(said)):
        return float(said) == now  # of a whole number with many digits, a float keeps the nearest
    return is_object(said) or is_array(said) or _plain(said) == _plain(now)


def _plain(value: Any) -> str:
    """A text, a number or a flag without what replies write in more than one form."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).encode(errors="replace").decode().strip().lower().removesuffix(".0")
    return {"true": "1", "false": "0", "infinity": "inf"}.get(text, text)


@cache
def _names(model: type[BaseModel]) -> dict[str, set[str]]:
    return {field: {field, *wire_names(hint)} for field, hint in fields_in(model).items()}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
