"""What may be said of a field in replies: that it is there, that it is empty if it is not, or that it may be missing.

Samples show whatever exists, so that a field is in each of them says little. The meaning counts first: lists are empty,
texts for people are empty, a thing has its own id and says who created it, and what is required where it is written is
there when it is read. Samples count only where they do leave things out, or where two operations show the field.
"""

from __future__ import annotations

import re
from enum import Enum

from generators.platform import moments
from generators.platform.joining import Thing
from generators.platform.rows import is_secret
from generators.platform.shapes import Keyed, Many, Plain, Shape, Use
from generators.platform.words import noun_of


class Promise(Enum):
    """What may be said of a field in replies."""

    THERE = "promised"
    EMPTY = "empty"
    MISSING = "may be missing"


FOR_PEOPLE = re.compile(
    r"(name|title|desc|description|remark|text|content|summary|subject|label|reason|comment|message|msg|address|nick|"
    r"note|tips?|memo|brief|avatar|icon|email|mobile|phone|position|signature|introduction|motto|placeholder|hint|"
    r"opinion|suggestion|detail|info)$",
    re.IGNORECASE,
)
"""Texts for people. Missing, null and empty mean the same there."""

OF_CREATION = re.compile(
    r"^(gmt_?create(d)?|creat(e|ed|ion)_?(time|at|date|on)|creator(_?id|_?union_?id|_?user_?id)?)$", re.IGNORECASE
)
"""What everything has that was created."""

SOMETIMES = re.compile(
    r"(parent|next|last|finish|end|cancel|delet|error|err|series|expire|previous|prev|reject|fail|origin|reply|quote|"
    r"stop|quit|leave|remove|complete|confirm|approve|close|old|extra|ext|attach)",
    re.IGNORECASE,
)
"""What only some have, by its name."""

SEVERAL = 2
"""How many samples, or operations that show one, say that a field is always there."""

ID = re.compile(r"(^id$|Id$|_id$|Ids$|_ids$|^userid$|^unionid$|^uuid$|uid$|Uuid$|userid$|UUID$|ID$)")


def is_id(name: str) -> bool:
    """Whether a name on the wire is that of an id, or of several."""
    return ID.search(name) is not None


def promise(thing: Thing, name: str) -> Promise:
    """What may be said of a field of a thing in replies."""
    uses = thing.uses[name]
    if any(isinstance(use.kind, Many | Keyed) for use in uses):
        return Promise.EMPTY
    if _is_there(thing, name, uses):
        return Promise.THERE
    plain = {use.kind.type if isinstance(use.kind, Plain) else "" for use in uses}
    if plain == {"string"} and FOR_PEOPLE.search(name) and not is_id(name) and not any(map(_has_form, uses)):
        return Promise.EMPTY
    return Promise.MISSING


def _is_there(thing: Thing, name: str, uses: list[Use]) -> bool:
    received = [shape for shape in thing.objects if not shape.sent]
    samples = [sample for shape in received for sample in shape.samples]
    if not all(name in shape.uses for shape in received) or any(sample.get(name) is None for sample in samples):
        return False
    is_object = any(isinstance(use.kind, Shape) for use in uses)
    sent = [shape.uses[name] for shape in thing.shapes if shape.sent and name in shape.uses]
    if _is_own_id(thing, name) or any(use.required for use in sent):
        return True
    if OF_CREATION.search(name) and not is_object and not sent:
        return True
    shown = sum(bool(shape.samples) for shape in received)
    return (
        not sent
        and not is_object
        and len(samples) >= SEVERAL
        and not SOMETIMES.search(name)
        and (shown >= SEVERAL or _leave_things_out(received))
    )


def _is_own_id(thing: Thing, name: str) -> bool:
    nouns = {shape.api.meaning.noun for shape in thing.objects if shape.is_result}
    nouns |= {tuple(noun_of(shape.key)) for shape in thing.objects if shape.key}
    own = {"id", *("".join(noun[start:]) + "id" for noun in nouns for start in range(len(noun)))}
    return name.lower().replace("_", "") in own and (is_id(name) or name == _first_field(thing))


def _first_field(thing: Thing) -> str:
    return next(iter(min(thing.objects, key=lambda shape: shape.place).uses))


def _leave_things_out(shapes: list[Shape]) -> bool:
    """Whether samples leave out what is not there: else they show whatever exists, and prove little."""
    return any(name not in sample for shape in shapes for sample in shape.samples for name in shape.uses)


def _has_form(use: Use) -> bool:
    """Whether a text is one of a few values, a secret, or a time."""
    row = use.row
    listed = row.get("enum") or row.get("constraints", {}).get("enum")
    return bool(listed or is_secret(row) or moments.read(row, use.samples, sent=use.sent).form)
