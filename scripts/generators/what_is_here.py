"""docs/what-is-here.md: what is here and what isn't, by task. The tasks are in `topics.json`.

- `zh`, `en`: what the task is called; `words`: what people search for; `page`: where it is explained
- `here`: what does it: an operation, a class, or an attribute of `app`
- `platform`: endpoints that are methods of `app.platform`; `note_en`, `note_zh`: what else there is to say
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from generators import facts
from generators.marked import Part, in_languages, row
from generators.places import place

PAGES = in_languages("what-is-here.md")


class Topic(NamedTuple):
    """A task."""

    zh: str
    en: str
    words: list[str]
    page: str = ""
    here: list[str] = []
    platform: list[str] = []
    note_en: str = ""
    note_zh: str = ""


@cache
def topics() -> list[Topic]:
    """The tasks, in their order on the page."""
    return [Topic(**each) for each in json.loads((Path(__file__).parent / "topics.json").read_text("utf-8"))]


def by_task(language: str) -> str:
    """A row for each task."""
    english = language == "en"
    head = (
        ("task", "words", "objects with methods", "methods of `app.platform`")
        if english
        else ("要做什么", "相关说法", "对象和方法", "`app.platform` 的方法")
    )
    return row(*head) + row(*["---"] * 4) + "".join(_row(topic, english=english) for topic in topics())


def _row(topic: Topic, *, english: bool) -> str:
    title = topic.en if english else topic.zh
    here = (", " if english else "、").join(f"`{each}`" for each in topic.here)
    note = topic.note_en if english else topic.note_zh
    return row(
        f"[{title}]({topic.page if english else _from_chinese(topic.page)})" if topic.page else title,
        "、".join(topic.words),
        (": " if english else "：").join(filter(None, [here, note])),
        "<br>".join(_method(each, english=english) for each in topic.platform),
    )


def _method(endpoint: str, *, english: bool) -> str:
    """A method of `app.platform` with the Chinese title of the API, and a link to the reference."""
    found = place(endpoint)
    return f"[{found.info.title}]({'' if english else '../'}{found.page}) `{found.call}`"


def _from_chinese(page: str) -> str:
    """A page as the Chinese pages link to it: in Chinese, where it is there."""
    return page if (facts.ROOT / "docs" / "zh" / page).exists() else f"../{page}"


PARTS: dict[str, Part] = {"by-task": by_task}
