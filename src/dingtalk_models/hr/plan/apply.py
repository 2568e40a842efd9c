"""Carries out a plan: each change after those it depends on, with every API at its full rate."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from dingtalk_models.call.call import Call
from dingtalk_models.contact.department import DepartmentManager
from dingtalk_models.contact.user import UserManager
from dingtalk_models.core.errors import (
    AlreadyExists,
    AuthenticationError,
    ConfigurationError,
    DingTalkError,
    NotFound,
    PlatformBusy,
    QuotaExhausted,
    TransportError,
)
from dingtalk_models.core.steps import Flow, Progress, Sleep, Window
from dingtalk_models.hr.plan.changes import (
    DepartmentChange,
    DepartmentRef,
    PlannedChange,
    UserChange,
    UserRef,
)
from dingtalk_models.hr.plan.outcome import ChangeResult

T = TypeVar("T")

_WAITS = (0.2, 1.0)
"""The seconds before each new try of a change whose outcome is unknown."""

_INVITED = "40103"

_ENDS_THE_RUN = (AuthenticationError, QuotaExhausted, ConfigurationError)
"""Errors that every other change would get, too."""


def carry_out(changes: Sequence[PlannedChange], workers: int, progress: Progress | None) -> Flow[Run]:
    """Make the changes. If one fails, its error becomes its result, and the changes that depend on it are skipped."""
    run = Run(changes, workers)
    with Window(run.perform_next, run.note, range(run.begin()), workers=workers) as window:
        while window:
            yield from window.take()
            if progress:
                progress(len(run.results), len(changes))
    return run


class Run:
    """Keeps track of the changes that are ready, those that wait, and the results.

    Attributes:
        results: the results so far.
        stopped: the error that ended the run. Nothing is sent after it.
    """

    def __init__(self, changes: Sequence[PlannedChange], workers: int) -> None:
        self.results: dict[PlannedChange, ChangeResult] = {}
        self.stopped: DingTalkError | None = None
        self._changes = changes
        self._ready: defaultdict[tuple[str, str], deque[PlannedChange]] = defaultdict(deque)
        self._open = {change: len(set(change.after)) for change in changes}
        self._dependents: defaultdict[PlannedChange, list[PlannedChange]] = defaultdict(list)
        for change in changes:
            for needed in set(change.after):
                self._dependents[needed].append(change)
        self._lost, self._most_lost = 0, 2 * workers

    def begin(self) -> int:
        """Make the changes that depend on nothing ready, and return their number."""
        return sum(self._make_ready(change) for change in self._changes if not self._open[change])

    def _make_ready(self, change: PlannedChange) -> int:
        self._ready[change.noun, change.kind].append(change)
        return 1

    def perform_next(self, _: object) -> Flow[ChangeResult]:
        """Perform the next change."""
        # departments first, because people wait for them; then the API with the longest queue, because each API has its
        # own rate limit and the longest queue decides when the run ends
        ready = max(self._ready.values(), key=lambda them: (bool(them) and them[0].noun == "department", len(them)))
        return self._result(ready.popleft())

    def _result(self, change: PlannedChange) -> Flow[ChangeResult]:
        if self.stopped:
            return ChangeResult(change, "skipped", error=self.stopped)
        try:
            made = yield from perform(change, self.results)
        except DingTalkError as error:
            if isinstance(error, AlreadyExists) and error.cause == _INVITED:
                return ChangeResult(change, "invited", error=error)
            return ChangeResult(change, "failed", error=error)
        return ChangeResult(change, "done", made)

    def note(self, result: ChangeResult) -> Iterator[int]:
        """Store a result. Yields once for each change that has become ready."""
        self.results[result.change] = result
        error = result.error
        self._lost = self._lost + 1 if isinstance(error, TransportError) else 0
        if isinstance(error, _ENDS_THE_RUN) or self._lost >= self._most_lost:
            self.stopped = self.stopped or error
        if result.status != "done":
            self._skip_dependents(result)
            return
        for change in self._dependents[result.change]:
            self._open[change] -= 1
            if not self._open[change] and change not in self.results:
                yield self._make_ready(change)

    def _skip_dependents(self, result: ChangeResult) -> None:
        ahead = [*self._dependents[result.change]]
        while ahead:
            change = ahead.pop()
            if change not in self.results:
                self.results[change] = ChangeResult(change, "skipped", error=result.error)
                ahead += self._dependents[change]


def perform(change: PlannedChange, made: Mapping[PlannedChange, ChangeResult]) -> Flow[int | str | None]:
    """Make one change, and return the id of the created user or department.

    Args:
        change: the change.
        made: the results of the changes that it depends on.
    """

    def id_of(ref: DepartmentRef | UserRef) -> Any:
        return made[ref].id if isinstance(ref, PlannedChange) else ref

    if isinstance(change, DepartmentChange):
        return (yield from _department(change, id_of))
    assert isinstance(change, UserChange)  # noqa: S101 - there is no third kind
    return (yield from _user(change, id_of))


def _department(change: DepartmentChange, id_of: Callable[[Any], Any]) -> Flow[int | None]:
    departments, fields = DepartmentManager(), {**change.sent}
    if change.parent is not None:
        fields["parent_id"] = id_of(change.parent)
    if change.managers is not None:
        fields["dept_manager_userids"] = [id_of(each) for each in change.managers]
    if change.kind == "create":

        def find() -> Flow[int | None]:
            siblings = yield from departments.list.call(fields["parent_id"]).collect()
            return next((each.dept_id for each in siblings if each.name == fields["name"]), None)

        created = departments.create.call(**fields).then(lambda department: department.dept_id)
        return (yield from _until_known(created, find))
    dept_id = id_of(change.dept_id if change.made_by is None else change.made_by)
    if change.kind == "remove":
        yield from _gone(_until_known(departments.delete.call(dept_id), _unknown))
    else:
        yield from _until_known(departments.update.call(dept_id, **fields), _unknown)
    return None


def _user(change: UserChange, id_of: Callable[[Any], Any]) -> Flow[str | None]:
    users, fields = UserManager(), {**change.sent}
    if change.places is not None:
        fields["dept_id_list"] = [id_of(each) for each in change.places]
    if change.manager is not None:
        fields["manager_userid"] = id_of(change.manager)
    if change.kind == "create":
        created = users.create.call(**fields).then(lambda user: user.userid)
        return (yield from _until_known(created, lambda: _find_user(fields)))
    userid: str = id_of(change.userid if change.made_by is None else change.made_by)
    match change.kind:
        case "remove":
            yield from _gone(_until_known(users.delete.call(userid), _unknown))
        case "disable":
            yield from _gone(_until_known(users.disable.call(userid), _unknown))
        case "enable":
            yield from _until_known(users.enable.call(userid), _unknown)
        case _:
            yield from _until_known(users.update.call(userid, **fields), _unknown)
    return None


def _find_user(fields: Mapping[str, Any]) -> Flow[str | None]:
    """Find a person who may have been created by a call whose reply was lost."""
    users = UserManager()
    try:
        if userid := fields.get("userid"):
            return (yield from users.get.call(userid)).userid
        if mobile := fields.get("mobile"):
            return (yield from users.by_mobile.call(mobile)).userid
    except NotFound:
        pass
    return None


def _unknown() -> Flow[None]:
    """Look for nothing: an update or removal can simply be sent again, since doing it twice does no harm."""
    yield from ()


def _until_known(call: Call[T], find: Callable[[], Flow[T | None]]) -> Flow[T]:
    """Make a change. If its outcome is unknown, look for the created object, and try again only if it is not there."""
    for seconds in _WAITS:
        try:
            return (yield from call)
        except (TransportError, PlatformBusy):
            yield Sleep(seconds)
            if (found := (yield from find())) is not None:
                return found
    return (yield from call)


def _gone(removal: Flow[None]) -> Flow[None]:
    """Remove something, and count it as removed if it is already gone."""
    with suppress(NotFound):
        yield from removal
