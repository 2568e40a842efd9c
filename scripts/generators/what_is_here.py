"""docs/what-is-here.md: what is here and what isn't, by task and by category. The tasks are in `topics.json`.

- `zh`, `en`: what the task is called; `words`: what people search for; `page`: where it is explained
- `here`: what does it: an operation, a class, or an attribute of `app`
- `missing`: endpoints that are not here yet; `note_en`, `note_zh`: what else there is to say
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dingtalk_models import operations
from generators import facts
from generators.marked import Part, in_languages, linked, row

PAGES = in_languages("what-is-here.md")


class Topic(NamedTuple):
    """A task."""

    zh: str
    en: str
    words: list[str]
    page: str = ""
    here: list[str] = []
    missing: list[str] = []
    note_en: str = ""
    note_zh: str = ""


@cache
def topics() -> list[Topic]:
    """The tasks, in their order on the page."""
    return [Topic(**each) for each in json.loads((Path(__file__).parent / "topics.json").read_text("utf-8"))]


def by_task(language: str) -> str:
    """A row for each task."""
    english = language == "en"
    head = ("task", "words", "here", "not here yet") if english else ("要做什么", "相关说法", "已提供", "暂未提供")
    return row(*head) + row(*["---"] * 4) + "".join(_row(topic, english=english) for topic in topics())


def _row(topic: Topic, *, english: bool) -> str:
    title = topic.en if english else topic.zh
    comma = ", " if english else "、"
    missing = comma.join(map(linked, topic.missing))
    note = topic.note_en if english else topic.note_zh
    return row(
        f"[{title}]({topic.page if english else _from_chinese(topic.page)})" if topic.page else title,
        "、".join(topic.words),
        comma.join(f"`{each}`" for each in topic.here),
        "; ".join(filter(None, [missing, note])) if english else "；".join(filter(None, [missing, note])),
    )


def _from_chinese(page: str) -> str:
    """A page as the Chinese pages link to it: in Chinese, where it is there."""
    return page if (facts.ROOT / "docs" / "zh" / page).exists() else f"../{page}"


def by_category(language: str) -> str:
    """How many of the documented endpoints of each category are here."""
    here = {(info.http, info.path) for info in operations()}
    documented, supported = Counter[str](), Counter[str]()
    for page in facts.endpoints():
        if not page["archived"]:
            category: str = page["category"][0]
            documented[category] += 1
            supported[category] += (page["http"], page["path"]) in here
    head = ("category", "documented", "here") if language == "en" else ("文档分类", "接口数", "已提供")
    total = "all" if language == "en" else "合计"
    rows = [row(name, str(count), str(supported[name])) for name, count in documented.most_common()]
    return (
        row(*head)
        + row("---", "---:", "---:")
        + "".join(rows)
        + row(total, str(documented.total()), str(supported.total()))
    )


PARTS: dict[str, Part] = {"by-task": by_task, "by-category": by_category}
