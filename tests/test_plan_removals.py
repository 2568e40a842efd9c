"""Random companies and tables: a plan removes nobody who has not left, and removes those who have.

`COMPANIES=10000` makes so many of them, in some minutes.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import planning
import pytest
from hr_tables import KINDS, Case, case

from dingtalk_models import Directory, InvalidArgument, Plan
from dingtalk_models.hr.plan import people as plan_people
from dingtalk_models.hr.plan.leaving import Leaving
from dingtalk_models.hr.plan.plan import Comparison
from dingtalk_models.sandbox import Company

COMPANIES = int(os.environ.get("COMPANIES", "200"))


def cases(how_many: int, *kinds: str) -> Iterator[Case]:
    for seed in range(how_many):
        yield case(random.Random(seed), (kinds or KINDS)[seed % len(kinds or KINDS)])


def plan_of(made: Case) -> Plan:
    """The plan for a company that is in memory."""
    flow = Comparison.of(made.rows, made.units, **made.options).plan(made.company, workers=1)
    try:
        next(flow)
    except StopIteration as ended:
        plan: Plan = ended.value
        return plan
    raise AssertionError("it asked the platform for something")


class Removed(NamedTuple):
    """How many a plan removes."""

    people: set[str]
    departments: set[int]


def removed(plan: Plan, allow: int | None = None) -> Removed:
    """Whom a plan removes when it is applied: nobody, if it has to be confirmed."""
    people: set[str] = set()
    departments: set[int] = set()
    try:
        plan.apply.call(allow=allow, allow_departments=allow)
    except InvalidArgument:
        return Removed(people, departments)
    people = {str(each.userid) for each in plan.leaving}
    departments = {int(vars(each)["dept_id"]) for each in plan if (each.noun, each.kind) == ("department", "remove")}
    return Removed(people, departments)


def wrongly(made: Case, allow: int | None = None) -> tuple[int, int]:
    """How many people and departments a plan removes that should stay."""
    gone = removed(plan_of(made), allow)
    return len(gone.people - made.left), len(gone.departments - made.closed)


def test_nobody_is_removed_who_has_not_left() -> None:
    people, departments, removals, problems = Counter[str](), Counter[str](), Counter[str](), 0
    for seed, made in enumerate(cases(COMPANIES)):
        plan = plan_of(made)
        gone = removed(plan)
        people[made.kind] += len(gone.people - made.left)
        departments[made.kind] += len(gone.departments - made.closed)
        removals[made.kind] += len(gone.people)
        problems += len(plan.problems)
        assert not gone.people - made.left, f"{seed}: {made.kind}\n{plan}\n{gone.people - made.left}"
        assert not gone.departments - made.closed, f"{seed}: {made.kind}\n{plan}"
    print(f"\n{COMPANIES} companies, {problems} problems; removed of those who had left: {dict(removals)}")
    print(f"{people.total()} people and {departments.total()} departments removed that should have stayed")
    assert removals.total() > COMPANIES // 5
    assert (people.total(), departments.total()) == (0, 0)


def test_those_who_have_left_are_removed() -> None:
    count = 0
    for seed, made in enumerate(cases(COMPANIES // 4, "clean")):
        gone = removed(plan_of(made))
        assert gone.people == made.left, seed
        assert gone.departments == (made.closed if made.units else set()), seed
        count += len(gone.people)
    print(f"\n{COMPANIES // 4} clean tables: all {count} removed who had left")
    assert count


def test_nobody_is_created_whom_the_app_cannot_see() -> None:
    for seed, made in enumerate(cases(COMPANIES // 4, "unseen")):
        created = {each.name for each in plan_of(made) if (each.noun, each.kind) == ("user", "create")}
        assert created <= made.new, seed


class Unheld(Leaving):
    """Holds nobody: whoever is in no row is missing."""

    def kept(self, unnamed: AbstractSet[str]) -> AbstractSet[str]:
        return frozenset[str]()


def test_without_the_holds_people_are_removed_who_have_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_people, "Leaving", Unheld)
    braked, people = 0, Counter[str]()
    for made in cases(min(COMPANIES, 200)):
        braked += wrongly(made)[0]
        people[made.kind] += wrongly(made, 10_000)[0]
    print(f"\nwithout holds: {braked} removed by mistake; without brakes too: {people.total()} {dict(people)}")
    assert braked > 0
    assert min(people[kind] for kind in ("unseen", "empty cells", "wrong keys", "doubled", "mixed")) > 0


def test_without_the_brakes_people_and_departments_are_removed() -> None:
    people, departments = Counter[str](), Counter[str]()
    for made in cases(min(COMPANIES, 200)):
        found = wrongly(made, 10_000)
        people[made.kind] += found[0]
        departments[made.kind] += found[1]
    print(f"\nwithout brakes: {people.total()} people and {departments.total()} departments removed by mistake")
    assert min(people["truncated"], people["empty"], people["cut"]) > 0
    assert min(departments["truncated"], departments["empty"]) > 0
    assert {kind for kind, times in people.items() if times} == {"truncated", "cut", "empty"}


def fill(company: Company, made: Case) -> None:
    """Put a company into a sandbox, as the app is to see it."""
    for dept_id, each in made.company.departments.items():
        if dept_id != 1:
            added = company.add_department(each.name, each.parent_id or 1, dept_id)
            added.source_identifier = each.source_identifier
    for user in made.company.users.values():
        fields: dict[str, Any] = {"job_number": user.job_number, "mobile": user.mobile, "boss": user.boss}
        company.add_user(user.name, list(user.dept_id_list), userid=user.userid, **fields)


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_has_not_left_is_there_when_it_was_applied(kind: str) -> None:
    for seed in range(2):
        made = case(random.Random(f"{kind} {seed}"), kind)
        with planning.serving() as (sandbox, _):
            fill(sandbox.company, made)
            plan = Directory.plan(made.rows, departments=made.units, **made.options)
            expected = removed(plan)
            try:
                outcome = plan.apply()
            except InvalidArgument:
                assert expected == Removed(set(), set())
            else:
                assert outcome, outcome
            there = sandbox.company.users.keys()
            assert made.company.users.keys() - there == {each for each in expected.people if each not in there}, (
                f"{seed}: {plan}"
            )
            assert made.company.users.keys() - made.left <= there
            assert made.company.departments.keys() - made.closed <= sandbox.company.departments.keys()
