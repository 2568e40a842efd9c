"""Suggestions for a name that `run()` does not know: names with similar letters, and those that are near in meaning."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from math import log, sqrt
from typing import get_args

from dingtalk_models.core.documentation.endpoints import titles
from dingtalk_models.resource.method_names import SdkName

MOST = 3
"""How many names are suggested."""

_A_SLIP, _SIMILAR = 0.85, 0.6
"""How similar the letters of two names are if one is a misspelling of the other, and at least."""

_NEAR = 0.3
"""How much of the meaning of two names is the same, at least."""

_UNDOCUMENTED = 0.75
"""How much the likeness of a name counts that only the official SDK has."""

_SAME = {
    word: words[0]
    for words in (
        ("create", "add", "new", "insert", "save", "新增", "添加", "新建", "创建"),
        ("delete", "remove", "删除", "移除"),
        ("update", "modify", "change", "edit", "patch", "set", "修改", "更新", "编辑"),
        ("get", "query", "list", "search", "find", "detail", "info", "查询", "获取", "列表", "详情", "搜索"),
        ("user", "employee", "staff", "member", "person", "emp", "用户", "员工", "成员", "人员"),
        ("department", "dept", "部门"),
        ("event", "schedule", "日程"),
        ("calendar", "日历"),
        ("conference", "meeting", "会议"),
        ("todo", "workrecord", "待办"),
        ("approval", "workflow", "process", "bpms", "审批"),
        ("message", "msg", "消息"),
        ("group", "chat", "群聊", "群组"),
        ("attendance", "attend", "考勤"),
        ("report", "日志"),
        ("robot", "bot", "机器人"),
        ("announcement", "blackboard", "公告"),
    )
    for word in words
}
"""Words that mean the same in the platform's names and titles, by each of them."""

_EVERYWHERE = frozenset({"dingtalk", "oapi", "corp", "api", "by", "of", "for", "app", "platform", "run"})
"""Words that say nothing about what a method does."""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The known names that are similar to a name or near in meaning, best first.

    Args:
        name: a name, or words in English or Chinese that say what a method should do.
        known: the names that there are.
    """
    names = list(known)
    found = [
        *get_close_matches(name, names, n=MOST, cutoff=_A_SLIP),
        *_near_in_meaning(name, names),
        *get_close_matches(name, names, n=MOST, cutoff=_SIMILAR),
    ]
    return [*dict.fromkeys(found)][:MOST]


def _near_in_meaning(name: str, names: list[str]) -> list[str]:
    weights, known = _weights(), titles()
    asked = words(name) & weights.keys()
    counts = dict.fromkeys(get_args(SdkName), _UNDOCUMENTED)
    scores = {
        each: _likeness(asked, words(f"{each} {known.get(each, '')}"), weights) * counts.get(each, 1.0)
        for each in names
    }
    near = [each for each in names if scores[each] >= _NEAR]
    return sorted(near, key=lambda each: (-scores[each], len(each)))[:MOST]


def _likeness(one: frozenset[str], other: frozenset[str], weights: Mapping[str, float]) -> float:
    """How much two sets of words share, from 0 to 1. A rare word counts more."""
    shared, sizes = _weight(one & other, weights), (_weight(one, weights), _weight(other, weights))
    return shared / sqrt(sizes[0] * sizes[1]) if shared else 0.0


def _weight(some: Iterable[str], weights: Mapping[str, float]) -> float:
    return sum(weights.get(word, 1.0) for word in some)


@cache
def _weights() -> Mapping[str, float]:
    undocumented = {*get_args(SdkName)}
    every = [words(f"{name} {title}") for name, title in titles().items() if name not in undocumented]
    counted = Counter(word for each in every for word in each)
    return {word: log(len(every) / count) + 1 for word, count in counted.items()}


@cache
def words(text: str) -> frozenset[str]:
    """The words of a name or a title: in English each word, in Chinese each pair of neighbouring characters."""
    english: list[str] = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)
    found = [word.lower().removesuffix("s") if len(word) > _SHORT else word.lower() for word in english]
    runs: list[str] = re.findall(r"[\u4e00-\u9fff]{2,}", text)
    found += [run[at : at + 2] for run in runs for at in range(len(run) - 1)]
    return frozenset(_SAME.get(word, word) for word in found) - _EVERYWHERE


_SHORT = 3
"""How long a word is at most whose last letter is no plural: `is`, `sms`."""
