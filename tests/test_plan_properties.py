"""Plans of random companies and random tables: afterwards the company is as wanted, and a second plan is empty."""

from __future__ import annotations

import copy
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import planning
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from planning import PATHS, Row
from soaking import tries

from dingtalk_models import DingTalkError, Directory, Plan
from dingtalk_models.hr.plan import apply as plan_apply
from dingtalk_models.hr.plan.changes import UserChange
from dingtalk_models.sandbox import Company, Department

by_path = st.fixed_dictionaries({"department": st.lists(st.sampled_from(PATHS), max_size=2, unique=True).map(",".join)})
keys = st.sampled_from(["userid", "job_number", "mobile"])


@pytest.fixture(scope="module")
def hasty() -> Generator[None]:
    """Tries again at once."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plan_apply, "_WAITS", (0.0, 0.0))
        yield


patient = settings(
    max_examples=tries(15),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[Row]]:
    key = draw(keys)
    return key, draw(planning.people_rows(key, by_path))


def planned(rows: list[Row], key: Any, **options: Any) -> Plan:
    fields = dict.fromkeys(field for row in rows for field in row)
    return Directory.plan([dict.fromkeys(fields) | row for row in rows], key=key, **options)


@given(drawn=planning.companies, table=tables(), missing=st.sampled_from(["keep", "remove", "disable"]))
@patient
def test_the_company_is_as_wanted_and_a_second_plan_is_empty(
    drawn: Any, table: tuple[str, list[Row]], missing: Any
) -> None:
    key, rows = table
    with planning.serving() as (sandbox, _):
        company = sandbox.company
        planning.made(company, drawn)
        before = {userid: copy.deepcopy(vars(user)) for userid, user in company.users.items()}
        plan = planned(rows, key, missing=missing)
        outcome = plan.apply(allow=100, allow_departments=100)
        assert outcome, f"{plan}\n{outcome}"
        assert planning.unmet(company, rows, key, list(plan.problems)) == [], plan
        again = planned(rows, key, missing=missing)
        assert not again, f"{plan}\n-- again\n{again}"
        assert [(p.row, p.field) for p in again.problems] == [(p.row, p.field) for p in plan.problems]
        changed = {each.userid for each in plan if isinstance(each, UserChange)}
        for userid, was in before.items():
            if userid not in changed:
                assert vars(company.users[userid]) == was


def named(rows: list[Row], people: list[Row], company: Company) -> set[str]:
    """The paths that the tables name or people are in, and those above them."""
    codes = {row.get("source_identifier") for row in rows}
    found = {
        planning.path_of(company, each) for each, it in company.departments.items() if it.source_identifier in codes
    }
    found |= {row["department"] for row in rows if "department" in row}
    found |= {planning.path_of(company, each) for user in company.users.values() for each in user.departments}
    found |= {path for row in people for path in row["department"].split(",")}
    return {path[:end] for path in found for end in range(len(path) + 1) if path[end : end + 1] in ("", "/")} | {""}


@given(data=st.data(), drawn=planning.companies, missing=st.sampled_from(["keep", "remove"]))
@patient
def test_the_departments_are_as_wanted(data: st.DataObject, drawn: Any, missing: Any) -> None:
    kind = data.draw(st.sampled_from(["department", "source_identifier"]))
    departments, people = data.draw(planning.department_rows(kind)), data.draw(planning.people_rows("userid", by_path))
    with planning.serving() as (sandbox, _):
        company = sandbox.company
        planning.made(company, drawn)
        plan = planned(people, "userid", departments=departments, missing=missing)
        outcome = plan.apply(allow=100, allow_departments=100)
        assert outcome, f"{plan}\n{outcome}"
        problems = list(plan.problems)
        assert planning.unmet(company, people, "userid", problems) == [], plan
        assert planning.unmet_departments(company, departments, problems) == [], plan
        again = planned(people, "userid", departments=departments, missing=missing)
        assert not again, f"{plan}\n-- again\n{again}"
        if missing == "remove" and not problems and departments:
            assert {planning.path_of(company, each) for each in company.departments} <= named(
                departments, people, company
            )


@given(
    drawn=planning.companies, table=tables(), missing=st.sampled_from(["keep", "remove"]), top=st.sampled_from(PATHS)
)
@patient
def test_nothing_changes_beyond_what_the_table_owns(
    drawn: Any, table: tuple[str, list[Row]], missing: Any, top: str
) -> None:
    key, rows = table
    with planning.serving() as (sandbox, _):
        company = sandbox.company
        planning.made(company, drawn)
        within = planning.department(company, top)

        def beyond() -> dict[int, Department]:
            return {each: it for each, it in company.departments.items() if within not in company.path_up(each)}

        outside = copy.deepcopy(beyond())
        kept = {userid: outside.keys() & user.departments.keys() for userid, user in company.users.items()}
        plan = planned(rows, key, missing=missing, within=within)
        assert plan.apply(allow=100, allow_departments=100), plan
        assert not planned(rows, key, missing=missing, within=within)
        assert beyond() == outside
        for userid, places in kept.items():
            assert not places or places == outside.keys() & company.users[userid].departments.keys()


class Killed(BaseException):
    """Ends a run in the middle."""


def run(plan: Plan, after: int) -> None:
    """Apply a plan, and end it when some changes are done."""

    def kill(done: int, _: int) -> None:
        if done > after:
            raise Killed

    with suppress(Killed):
        plan.apply(allow=100, allow_departments=100, progress=kill)


@given(data=st.data(), drawn=planning.companies, missing=st.sampled_from(["keep", "remove", "disable"]))
@settings(patient, max_examples=tries(10))
def test_faults_and_a_kill_change_nothing_once_it_is_run_again(
    data: st.DataObject, drawn: Any, missing: Any, hasty: None
) -> None:
    kind = data.draw(st.sampled_from(["department", "source_identifier"]))
    departments, (key, people) = data.draw(planning.department_rows(kind)), data.draw(tables())
    options: dict[str, Any] = {"departments": departments or None, "missing": missing}
    ends: list[Any] = []
    for disturbed in (False, True):
        with planning.serving() as (sandbox, _):
            planning.made(sandbox.company, copy.deepcopy(drawn))
            if disturbed:
                faults = planning.disturb(sandbox, data.draw(st.integers(0, 99)))
                for after in (data.draw(st.integers(0, 5)), 1 << 30):
                    with suppress(DingTalkError):  # the company could not even be read
                        run(planned(people, key, **options), after)
                faults.cancel()
            planned(people, key, **options).apply(allow=100, allow_departments=100)
            assert not planned(people, key, **options)
            ends.append(planning.state(sandbox.company))
    assert ends[0] == ends[1]
