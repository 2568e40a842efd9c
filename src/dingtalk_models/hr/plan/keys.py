"""Normal forms of keys and names, so that they compare as equal however a spreadsheet or phone wrote them."""

from __future__ import annotations

import re
import unicodedata
from numbers import Number
from typing import Any

_UNSEEN = (
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]+"
)
"""Blanks and invisible characters: zero-width characters, direction marks, a byte order mark."""
_ALL_UNSEEN = re.compile(_UNSEEN)
_UNSEEN_AROUND = re.compile(rf"^{_UNSEEN}|{_UNSEEN}$")

_AS_TEXT = re.compile(r"""^="(.*)"$|^['\u2018\u2019]+(.*)$""", re.DOTALL)
"""The ways in which spreadsheets mark a cell as text."""
_WHOLE = re.compile(r"(\d+)\.0+")
_NORMAL_KEY = re.compile(r"[A-Za-z0-9]+|[A-Za-z][\w.@+-]*", re.ASCII)
"""Most job numbers, userids and e-mail addresses: `as_key` would change nothing in them."""
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))

_NOTHING = re.compile(
    r"#(n/a|getting_data|(ref|value|div/0|null|num|spill|calc|field|blocked|connect|busy|unknown)!|name\?)"
    r"|n/a|<na>|nan|nat|none|null|nil|无|没有|暂无|空|\(空白?\)|[-/_\\]+"
)

_MAINLAND = re.compile(r"1\d{10}")
_WITH_CODE = re.compile(r"(?:\+|00)?86(1\d{10})")
_ABROAD = re.compile(r"(?:\+|00)(\d{1,4})[-\s]+(.+)")
_FOREIGN = re.compile(r"\+\d{1,4}-\d{4,15}")
_MASK = re.compile("[*\u2022\u25cf\u2588]+")
_MOBILE_MASK = re.compile("[*\u2022\u25cf\u2588xX]+")
_ASIDE = re.compile(r"[(\[【].*?[)\]】]")


def _folded(text: str) -> str:
    """Replace characters that look alike by one form, dashes included."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_DASHES)


def trimmed(text: str) -> str:
    """Strip blanks and invisible characters from both ends."""
    return _UNSEEN_AROUND.sub("", text)


def is_nothing(text: str) -> bool:
    """Whether a text means “no value”: `#N/A`, `nan`, `None`, `-`, `无`, also in full-width characters."""
    plain = _ALL_UNSEEN.sub("", _folded(text)).casefold()
    return not plain or _NOTHING.fullmatch(plain) is not None


def as_text(value: Any) -> Any:
    """Convert a number to text: spreadsheets, pandas and databases hold job and mobile numbers as numbers."""
    if isinstance(value, str):  # nearly every cell: the checks below take longer than all the rest
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, bool) or not isinstance(value, Number) else _without_fraction(str(value))


def _without_fraction(text: str) -> str:
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def as_key(value: Any) -> Any:
    """Return a key in normal form, without blanks, invisible characters and a leading apostrophe; `12.0` becomes 12."""
    value = as_text(value)
    if not isinstance(value, str) or _NORMAL_KEY.fullmatch(value):
        return value
    text = _ALL_UNSEEN.sub("", _folded(value))
    if found := _AS_TEXT.match(text):
        text = found[1] or found[2] or ""
    return _without_fraction(text)


def without_zeros(key: str) -> str:
    """Strip the leading zeros of a key, because spreadsheets lose them."""
    return key.lstrip("0") or key


def as_number(value: Any) -> Any:
    """Return a mobile number in normal form: 11 digits, or `+xx-xxxxxx` for a foreign one."""
    value = as_text(value)
    if not isinstance(value, str) or _MAINLAND.fullmatch(value):
        return value
    text = trimmed(_folded(value))
    if found := _AS_TEXT.match(text):
        text = found[1] or found[2] or ""
    text = _ALL_UNSEEN.sub(" ", re.sub(r"[().,]", "", _without_fraction(text))).strip()
    together = re.sub(r"[-\s]", "", text)
    if found := _WITH_CODE.fullmatch(together):
        return found[1]
    if found := _ABROAD.fullmatch(text):
        rest = re.sub(r"[-\s]", "", found[2])
        return rest if found[1] == "86" else f"+{found[1]}-{rest}"
    return together


def is_number(mobile: str) -> bool:
    """Whether the platform accepts this mobile number."""
    return bool(_MAINLAND.fullmatch(mobile) or _FOREIGN.fullmatch(mobile))


def mask_of(field: str, value: str | None) -> tuple[str, str] | None:
    """Return the visible beginning and end of a masked value such as `138****0001`; `None` if it is not masked."""
    found = (_MOBILE_MASK if field == "mobile" else _MASK).search(value or "")
    if not value or not found:
        return None
    begins, ends = value[: found.start()], (_MOBILE_MASK if field == "mobile" else _MASK).split(value)[-1]
    return re.sub(r"^\+?86-", "", begins), ends


def number_of(mobile: str | None, state_code: str | None) -> str | None:
    """Return the mobile number of a user in normal form; `None` if it is absent or masked."""
    if not mobile or mask_of("mobile", mobile):
        return None
    number: str = as_number(mobile)
    foreign = state_code not in {None, "", "86"} and not number.startswith("+")
    return f"+{state_code}-{number}" if foreign else number


def name_form(name: str) -> str:
    """Return a name for comparison: without blanks, and without a remark in brackets at the end."""
    plain = _ALL_UNSEEN.sub("", _folded(name)).casefold()
    return _ASIDE.sub("", plain) or plain
