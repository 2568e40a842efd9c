"""The outcome of a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from dingtalk_models.call.operation import Refusal
from dingtalk_models.core.errors import DingTalkError
from dingtalk_models.core.language import either, parts
from dingtalk_models.hr.plan.changes import PlannedChange, PlanProblem

Status = Literal["done", "invited", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """The outcome of one change.

    Attributes:
        change: the change.
        status: `done`; `invited` if the person has to accept an invitation first; `failed`; or `skipped`, because a
            change that it depends on failed or the run was stopped.
        id: the userid or department id; `None` if nothing was created.
        error: the error that made it fail, or because of which it was skipped.
    """

    change: PlannedChange
    status: Status
    id: int | str | None = None
    error: DingTalkError | None = None

    def __str__(self) -> str:
        status = either(f"{self.status}: ", f"{_CHINESE[self.status]}：")
        return f"{status}{self.change}" + (f"\n    {self.error}" if self.error else "")


@dataclass(frozen=True)
class Outcome:
    """The outcome of a plan.

    Attributes:
        results: the result of each change.
        problems: the problems of the plan.
        stopped: the error that ended the run early, if any: a wrong credential, a used-up quota, no connection.
    """

    results: Sequence[ChangeResult]
    problems: Sequence[PlanProblem]
    stopped: DingTalkError | None = None

    @property
    def done(self) -> list[ChangeResult]:
        """The changes that were carried out."""
        return self._with("done")

    @property
    def invited(self) -> list[ChangeResult]:
        """The people who were invited. They join when they accept."""
        return self._with("invited")

    @property
    def failed(self) -> list[ChangeResult]:
        """The changes that failed, each with its error."""
        return self._with("failed")

    @property
    def skipped(self) -> list[ChangeResult]:
        """The changes that were not tried. Plan and apply again to make them."""
        return self._with("skipped")

    def __bool__(self) -> bool:
        """Whether everything was carried out."""
        return not (self.failed or self.skipped or self.stopped)

    def _with(self, status: Status) -> list[ChangeResult]:
        return [each for each in self.results if each.status == status]

    def __str__(self) -> str:
        counts = Counter(each.status for each in self.results)
        told = either(", ", "，").join(_counted(each, counts[each]) for each in _CHINESE if counts[each])
        total = len(self.results)
        lines = [either(f"{total} changes: ", f"{total} 项改动：") + told if told else either("no changes", "没有改动")]
        lines += [either("stopped: ", "已中止：") + str(self.stopped)] if self.stopped else []
        lines += [str(each) for each in (*self.failed, *self.invited)]
        return "\n".join([*lines, *map(str, self.problems)])


_CHINESE: dict[Status, str] = {"done": "完成", "invited": "已邀请", "failed": "失败", "skipped": "跳过"}


def _counted(status: Status, times: int) -> str:
    return either(f"{times} {status}", f"{times} 项{_CHINESE[status]}")


_FREELY_REMOVED = 10
"""One in this many may be removed without confirmation."""


class _Words(NamedTuple):
    """The wording of a brake, and the argument that confirms the removals."""

    argument: str
    english: str
    chinese: str


PEOPLE_BRAKE = _Words("allow", "removes or disables {} of {} people", "移除或停用 {1} 人中的 {0} 人")
DEPARTMENTS_BRAKE = _Words("allow_departments", "removes {} of {} departments", "删除 {1} 个部门中的 {0} 个")


class Brake(NamedTuple):
    """Stops a plan that removes an unusual number, until the caller confirms it.

    Attributes:
        words: the wording for people or departments.
        among: the number of people or departments that the plan looks at.
        doubt: the reason why even one needs confirmation, as "English / 中文"; `""` if a tenth may be removed.
    """

    words: _Words
    among: int
    doubt: str

    def check(self, removed: int, allow: int | None) -> None:
        """Check the number of removals.

        Args:
            removed: how many the plan removes.
            allow: how many the caller allows, if given.

        Raises:
            Refusal: the plan removes more.
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
