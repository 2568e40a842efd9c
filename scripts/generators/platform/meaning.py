"""What a parameter or a field means, in words: what the platform calls it, its unit, its limits, a sample.

The words are those of docstrings, of the texts below fields, of the reference and of the command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dingtalk_models.core.json_values import is_array
from generators.platform.rows import Row, enforced

WIDTH = 40
"""How many characters of a sample are shown at most."""

LIMITS = {
    "min_length": "≥ {} 字符 characters",
    "max_length": "≤ {} 字符 characters",
    "max_items": "≤ {} 项 items",
    "min": "≥ {}",
    "max": "≤ {}",
}
IN_BYTES = "≤ {} 字节 bytes"

NO_LABEL = re.compile(r"[\[{\d]|(true|false)$")
"""How a label begins that the table does not mean as one: it is a sample, or a condition."""


def label(row: Row) -> str:
    """What the platform calls a parameter or field, on one line; empty if it has no name for it."""
    if not row["name"] and "label" not in row:
        return "请求体 the whole body"
    visible = (letter if letter.isprintable() else " " for letter in str(row.get("label", "")))
    text = " ".join("".join(visible).split()).replace(" (", "(")  # a bracket after a space begins the notes
    return "" if NO_LABEL.match(text) else text


def described(row: Row, shown: list[Any]) -> str:
    """A parameter or field in words; empty if nothing is known but its type.

    Args:
        row: the parameter.
        shown: the values that the page shows for it.
    """
    said = [*notes(row, shown)]
    default = row.get("default")
    if (sample := sample_shown(row, shown)) and not row.get("constraints", {}).get("enum") and sample != str(default):
        said.append(f"例 e.g. `{sample}`")
    return " ".join(part for part in (label(row), f"({'; '.join(said)})" if said else "") if part)


def notes(row: Row, shown: list[Any]) -> Iterator[str]:
    """The unit of a parameter, its form, its limits, its values, its default."""
    limits = row.get("constraints", {})
    if row.get("evidence") == "sdk":
        yield "仅见于官方 SDK only in the official SDK"
    if unit := row.get("unit"):
        yield f"单位 unit {unit}"
    if note := row.get("note"):
        yield str(note)
    texts = {**LIMITS, "max_length": IN_BYTES} if limits.get("length_unit") == "byte" else LIMITS
    yield from (text.format(limits[name]) for name, text in texts.items() if name in limits)
    if values := limits.get("enum", row.get("enum")):
        listed = " ".join(f"`{value}`" for value in values)
        yield listed if enforced(row, shown) or "enum" not in limits else f"{listed} 等 or others"
    if row.get("default") not in (None, ""):
        yield f"默认 default `{row['default']}`"


def of_reply(row: Row) -> str:
    """A field of a reply in words: limits and samples of a parameter do not hold there."""
    kept: Row = {name: row[name] for name in ("name", "label", "unit", "note", "evidence", "enum") if name in row}
    return described({**kept, "type": "any"}, [])


def below(text: str) -> Iterator[str]:
    """The line below a field that says what it is: an editor shows it, and it costs nothing at import."""
    if text:
        yield f"    {quoted(text)}"


def quoted(text: str) -> str:
    """A text as the source of a string in three quotes, whatever is in it."""
    escaped = re.sub(r'"(?="")|"$', r'\\"', text.replace("\\", "\\\\"))
    return f'"""{escaped}"""'


FITS = {
    "integer": re.compile(r"-?\d+"),
    "number": re.compile(r"-?\d+(\.\d+)?"),
    "boolean": re.compile("true|false", re.IGNORECASE),
}
ZONE, TIME = re.compile(r"(?i)time_?zone"), re.compile(r"(Time|_time|Date|_date)$|^(time|date)$")


def sample_shown(row: Row, shown: list[Any]) -> str:
    """A sample of the field's own kind: a time zone is no time, and a text is no number; empty if there is none."""
    for value in (row.get("example"), *shown):
        if value in (None, "") or is_array(value) or isinstance(value, dict):
            continue
        text = " ".join(str(value).split())
        plain = 0 < len(text) <= WIDTH and "`" not in text and "\\" not in text
        if plain and _of_its_kind(text, row):
            return text
    return ""


def _of_its_kind(text: str, row: Row) -> bool:
    form = FITS.get(row["type"])
    if form and not form.fullmatch(text):
        return False
    if ZONE.search(row["name"]):
        return not re.match(r"\d{4}-|\d{10}", text)
    return not TIME.search(row["name"]) or bool(re.search(r"\d|yyyy|HH", text))
