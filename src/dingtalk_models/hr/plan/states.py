"""The state of a person (员工状态) in a table: who leaves, and who is not there yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dingtalk_models.hr.plan.keys import name_form

State = Literal["stays", "leaves", "awaited"]
"""Whoever `stays` works here; whoever `leaves` is removed; whoever is `awaited` comes later, and is not created."""

_WORDS: dict[State, str] = {
    "stays": "在职 在岗 正式 正式员工 已转正 待转正 试用 试用期 实习 实习生 待离职 返聘 employed",
    "leaves": "离职 已离职 離職 已離職 辞职 已辞职 解聘 辞退 left resigned terminated",
    "awaited": "待入职 未入职 待报到 待到岗",
}


def state_words(own: Mapping[str, State] | None) -> dict[str, State]:
    """The state that each word stands for.

    Args:
        own: words of the company's own, or other meanings of these.
    """
    known: dict[str, State] = {name_form(word): state for state, words in _WORDS.items() for word in words.split()}
    known.update({name_form(word): state for word, state in (own or {}).items()})
    return known
