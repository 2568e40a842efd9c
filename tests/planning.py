"""Companies and tables for the tests of plans, and what has to be true of a company after a plan."""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st
from refreshing import FAST

from dingtalk_models import DingTalkApp
from dingtalk_models.hr.plan.changes import PlanProblem
from dingtalk_models.sandbox import Behaviour, Company, Fault, Sandbox

Row = dict[str, Any]

NAMES = ["甲", "乙", "丙"]
PATHS = [*NAMES, "甲/甲", "甲/乙", "乙/甲", "甲/甲/乙"]
CODES = [f"c{number}" for number in range(6)]
PEOPLE = range(8)
MOBILES = [f"1380000000{number}" for number in range(10)]
EMAILS = [f"{number}@example.com" for number in range(4)]
TITLES = ["工程师", "经理"]


@contextmanager
def serving() -> Generator[tuple[Sandbox, DingTalkApp]]:
    """An empty sandbox, and its app, which tries again at once."""
    with Sandbox(org="empty") as sandbox, sandbox.app(retry=FAST) as app:
        yield sandbox, app
        app.close()


def path_of(company: Company, dept_id: int) -> str:
    """The names from below the root down to a department."""
    return "/".join(company.departments[each].name for each in reversed(company.path_up(dept_id)[:-1]))


def department(company: Company, path: str) -> int:
    """The department at a path, which is created if it is not there."""
    if not path:
        return 1
    above, _, name = path.rpartition("/")
    parent = department(company, above)
    there = [each.dept_id for each in company.children(parent) if each.name == name]
    return there[0] if there else company.add_department(name, parent).dept_id


def state(company: Company) -> tuple[Any, Any]:
    """Describe a company without the ids that it has generated."""
    people = sorted(
        (user.job_number or "", user.mobile or "", user.name, user.title or "", user.email or "", user.disabled,
         sorted(path_of(company, each) for each in user.departments))
        for user in company.users.values()
    )  # fmt: skip
    places = sorted((path_of(company, each), it.source_identifier or "") for each, it in company.departments.items())
    return people, places


def fill(company: Company, people: Mapping[int, Row], codes: Mapping[str, str]) -> None:
    """Put departments, some with a source identifier, and people into a company."""
    for path, code in codes.items():
        company.departments[department(company, path)].source_identifier = code or None
    for number, row in people.items():
        places = [department(company, path) for path in row["department"]]
        fields = {field: row[field] for field in ("title", "email", "job_number", "exclusive_account") if field in row}
        company.add_user(row["name"], places, userid=f"u{number}", mobile=MOBILES[number], **fields)


companies: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "people": st.dictionaries(
            st.sampled_from(PEOPLE),
            st.fixed_dictionaries(
                {
                    "name": st.sampled_from(NAMES),
                    "department": st.lists(st.sampled_from(["", *PATHS]), min_size=1, max_size=2, unique=True),
                },
                optional={
                    "title": st.sampled_from(TITLES),
                    "job_number": st.sampled_from([f"J{number}" for number in PEOPLE]),
                    "exclusive_account": st.booleans(),
                },
            ),
        ),
        "codes": st.dictionaries(st.sampled_from(PATHS), st.sampled_from(["", *CODES]), max_size=5),
        "emails": st.lists(st.sampled_from(PEOPLE), max_size=len(EMAILS), unique=True),
    }
)
"""People, departments with source identifiers, and whose e-mails the first ones are."""


def made(company: Company, drawn: Any) -> None:
    """Fill a company with what was drawn from `companies`."""
    for email, number in zip(EMAILS, drawn["emails"], strict=False):
        if number in drawn["people"]:
            drawn["people"][number] = drawn["people"][number] | {"email": email}
    fill(company, drawn["people"], drawn["codes"])


KEYS = {
    "userid": [f"u{number}" for number in PEOPLE],
    "job_number": [f"J{number}" for number in PEOPLE],
    "mobile": MOBILES[:8],
}


@st.composite
def people_rows(draw: st.DrawFn, key: str, places: st.SearchStrategy[Row]) -> list[Row]:
    """A table of people. One in a few has the mistakes that a table may have."""
    wrong = draw(st.booleans())
    named = draw(st.lists(st.sampled_from(KEYS[key]), max_size=7, unique=not wrong))
    rows: list[Row] = []
    for number, value in enumerate(named):
        own = int(value[-1])
        row: Row = {"name": draw(st.sampled_from(NAMES)), "mobile": MOBILES[own], "job_number": f"J{own}"}
        row |= draw(st.fixed_dictionaries({}, optional={
            "title": st.sampled_from([*TITLES, "", float("nan")]), "email": st.sampled_from([*EMAILS, None]),
        }))  # fmt: skip
        row |= draw(places)
        if wrong and draw(st.booleans()):
            row |= draw(st.fixed_dictionaries({}, optional={
                "name": st.just(""), "mobile": st.sampled_from([*MOBILES, "", "123"]),
                "job_number": st.sampled_from(KEYS["job_number"]),
                "department": st.sampled_from(["", "不-行", "x" * 65]),
            }))  # fmt: skip
        rows.append(row | {key: value if number or not wrong else draw(st.sampled_from([value, ""]))})
    return rows


def unmet(company: Company, rows: list[Row], key: str, problems: list[PlanProblem]) -> list[str]:
    """Return the differences between the rows without problems and the company."""
    wrong: list[str] = []
    for number, row in enumerate(rows, 1):
        about = [each for each in problems if each.table == "people" and number in (each.row, *each.rows)]
        refused = {each.field for each in about}
        found = [user for user in company.users.values() if getattr(user, key) == row[key]]
        if not found:
            wrong += [] if refused else [f"row {number}: nobody is {row[key]}"]
            continue
        if len(found) > 1 or key in refused or "" in refused:
            continue
        user = found[0]
        for field in ("name", "title", "email", "job_number", "mobile"):
            wanted = row.get(field)
            if wanted and wanted == wanted and field not in refused and getattr(user, field) != wanted:  # noqa: PLR0124
                wrong.append(f"row {number}: {field} is {getattr(user, field)!r} and not {wanted!r}")
        if row.get("department") and "department" not in refused:
            places = {path_of(company, each) for each in user.departments}
            if places != {*row["department"].split(",")}:
                wrong.append(f"row {number}: is in {places} and not in {row['department']}")
    return wrong


class Faults(Fault):
    """One request in ten misbehaves."""

    HOW: tuple[Behaviour, ...] = (
        {"status": 503},
        {"errcode": -1},
        {"drop": "before"},
        {"drop": "after"},
        {"truncate": 20},
    )

    def __init__(self, seed: int) -> None:
        super().__init__("*", 1 << 30, {})
        self._chance = random.Random(seed)

    def strikes(self, path: str) -> bool:
        """Whether this request misbehaves, and how."""
        self.how = self._chance.choice(self.HOW)
        return self.remaining > 0 and self._chance.random() < 0.1


def disturb(sandbox: Sandbox, seed: int) -> Faults:
    """Let one request in ten misbehave from now on."""
    fault = Faults(seed)
    vars(sandbox)["_app"].faults.append(fault)
    return fault


@st.composite
def department_rows(draw: st.DrawFn, key: str) -> list[Row]:
    """A table of departments by path or by source identifier, with mistakes: loops, names twice, unknown parents."""
    if key == "department":
        paths = st.lists(st.sampled_from([*PATHS, "丁", "丁/甲", "不-行"]), max_size=6, unique=draw(st.booleans()))
        return [{"department": path, "order": draw(st.integers(0, 3))} for path in draw(paths)]
    codes = draw(st.lists(st.sampled_from(CODES), max_size=6, unique=draw(st.booleans())))
    loops = draw(st.booleans())
    return [
        {
            "source_identifier": code,
            "name": draw(st.sampled_from([*NAMES, "丁"])),
            "parent_source_identifier": draw(st.sampled_from(["", *(CODES if loops else codes[:number])])),
        }
        for number, code in enumerate(codes)
    ]


def unmet_departments(company: Company, rows: list[Row], problems: list[PlanProblem]) -> list[str]:
    """Return the differences between the rows of departments without problems and the company."""
    refused = {each.row for each in problems if each.table == "departments"}
    wrong: list[str] = []
    for number, row in enumerate(rows, 1):
        if number in refused:
            continue
        if "department" in row:
            found = [each for each in company.departments if path_of(company, each) == row["department"]]
            right = len(found) == 1 and company.departments[found[0]].order == row["order"]
        else:
            code, above = row["source_identifier"], row["parent_source_identifier"]
            there = [each for each in company.departments.values() if each.source_identifier == code]
            parent = company.departments[there[0].parent_id or 1] if there else None
            right = bool(parent) and len(there) == 1 and there[0].name == row["name"]
            right = right and parent is not None and (parent.source_identifier or "") == above
            right = right and (parent is None or above != "" or parent.dept_id == 1)
        if not right:
            wrong.append(f"departments, row {number}: {row}")
    return wrong
