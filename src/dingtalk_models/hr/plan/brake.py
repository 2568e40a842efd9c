"""The brake of a plan: what removes many has to be confirmed with the number."""

from __future__ import annotations

from typing import NamedTuple

from dingtalk_models.call.arguments import Refusal
from dingtalk_models.core.language import parts

_FREELY_REMOVED = 10
"""One in so many may be removed without a confirmation."""


class _Words(NamedTuple):
    """What a brake counts, and the argument that confirms it."""

    argument: str
    english: str
    chinese: str


PEOPLE_BRAKE = _Words("allow", "removes or disables {} of {} people", "移除或停用 {1} 人中的 {0} 人")
DEPARTMENTS_BRAKE = _Words("allow_departments", "removes {} of {} departments", "删除 {1} 个部门中的 {0} 个")


class Brake(NamedTuple):
    """How many may be removed without a word.

    Attributes:
        words: what is counted.
        among: how many the plan looks at.
        doubt: why none may be removed without a word, as "English / 中文"; `""` if a tenth may.
    """

    words: _Words
    among: int
    doubt: str

    def check(self, removed: int, allow: int | None) -> None:
        """Let a plan go on.

        Args:
            removed: how many it removes.
            allow: how many may be removed, if that was said.

        Raises:
            Refusal: it removes more.
        """
        freely = 0 if self.doubt else self.among // _FREELY_REMOVED
        if removed <= (freely if allow is None else allow):
            return
        argument, english, chinese = self.words
        english, chinese = (text.format(removed, self.among) for text in (english, chinese))
        why, chinese_why = (f"{text}{comma}" for text, comma in zip(parts(self.doubt), (", and ", "，"), strict=True))
        if not self.doubt:
            why = chinese_why = ""
        raise Refusal(
            argument,
            f"{why}the plan {english}: confirm it with {argument}={removed} / "
            f"{chinese_why}计划将{chinese}，确认请传 {argument}={removed}",
        )
