"""Random companies and the tables that an HR system, a spreadsheet and an accident make of them.

Each case knows who has really left. What nobody could tell apart is not among them: a table that has lost less than a
tenth of the people it is about, at the end of a row, and a row in which everything that says whose it is looks right
and is that of nobody.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dingtalk_models import BEIJING, Department, User
from dingtalk_models.hr.directory_reading import Organisation

Row = dict[str, Any]

NOTHING = ["", None, "#N/A", "#REF!", "nan", "None", "-", "—", "无", "＃Ｎ／Ａ", "Ｎ／Ａ", "\u200b", float("nan")]
SURNAMES, GIVEN = (
    "王李张刘陈杨赵黄周吴",
    ["伟", "芳", "敏", "静", "强", "磊", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超"],
)
FULL_WIDTH = {each: each + 0xFEE0 for each in range(0x21, 0x7F)}
AS_LEFT: list[Callable[[str], Any]] = [
    lambda key: int(key) if key.isdigit() else key,
    lambda key: float(key) if key.isdigit() else key,
    lambda key: f"{key}.0" if key.isdigit() else key,
    lambda key: key.translate(FULL_WIDTH),
    lambda key: f"\u200b{key}",
    lambda key: f"{key[:3]}\u00a0{key[3:]}",
    lambda key: f"'{key}",
    lambda key: f"\ufeff {key}\u3000",
    lambda key: f'="{key}"',
]
MOBILE_LEFT: list[Callable[[str], Any]] = [
    *AS_LEFT,
    lambda key: f"+86 {key[:3]}-{key[3:7]}-{key[7:]}",
    lambda key: f"0086{key}",
    lambda key: f"{key[:3]} {key[3:7]} {key[7:]}",
]
_WRONG_CODES: list[Callable[[str], Any]] = [
    lambda code: f"x{code}",
    lambda code: code[:-1],
    lambda _: "#N/A",
    lambda _: "",
]
KINDS = ("clean", "unseen", "empty cells", "wrong keys", "spreadsheet", "doubled", "truncated", "cut", "empty", "mixed")


@dataclass
class Case:
    """A company, a table of it, and the truth.

    Attributes:
        kind: what has happened to the table.
        company: the company, as the app sees it.
        rows: the table of people.
        units: the table of departments.
        options: the other arguments of a plan.
        left: the userids of those who have really left.
        closed: the departments that are really closed.
        new: the names of those who are really new.
    """

    kind: str
    company: Organisation
    rows: list[Row]
    units: list[Row] | None
    options: dict[str, Any]
    left: set[str]
    closed: set[int]
    new: set[str] = field(default_factory=set[str])


@dataclass
class Person:
    """The identity of a person."""

    userid: str
    name: str
    job_number: str
    mobile: str
    places: list[int]
    boss: bool = False


def case(chance: random.Random, kind: str) -> Case:
    """Make a company and a table."""
    units = _units(chance)
    people = _people(chance, [1, *units])
    least = len(people) // 10
    left = {each.userid for each in chance.sample(people[1:], chance.randint(0, chance.choice([least // 2, least])))}
    key = chance.choice(["userid", "job_number", "mobile"])
    staying = [each for each in people if each.userid not in left]
    seen = _seen(chance, people, key if kind in {"unseen", "mixed"} else "")
    within = 1 if kind in {"clean", "truncated"} else chance.choice([1, 1, 1, *units])
    table = _Table(chance, key, staying, people)
    if chance.random() < 0.5:
        table.with_states([each for each in people if each.userid in left])
    newcomers = table.add_newcomers({each.name for each in people})
    table.spoil(kind)
    closed = {each for each in units if not any(each in person.places for person in people) and chance.random() < 0.1}
    closed = {each for each in closed if not any(parent == each for parent, _ in units.values())}
    closed = set(sorted(closed)[: (len(units) + 1) // 10])
    listed = _listed(chance, units, closed, kind)
    options: dict[str, Any] = {"key": key, "within": [within], "missing": "remove"}
    return Case(kind, _company(units, seen), table.rows, listed, options, left, closed, newcomers)


# -- a company -----------------------------------------------------------------------------------------------------


def _units(chance: random.Random) -> dict[int, tuple[int, str]]:
    """The parents and names of departments, by id."""
    units: dict[int, tuple[int, str]] = {}
    for number in range(chance.randint(3, 24)):
        units[100 + number] = (chance.choice([1, 1, *units]), f"部门{number}")
    return units


def _people(chance: random.Random, places: list[int]) -> list[Person]:
    written = chance.choice(["{:05}", "DF{:04}", "{}", "{:07}"])
    peopled = chance.sample(places, chance.randint(1, len(places)))
    return [
        Person(
            f"u{number}" if written != "{:05}" else f"0{number:06}",
            chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(["", *GIVEN]),
            written.format(number * 7 + 3),
            f"13{chance.randint(0, 9)}{number:04}{number * 37 % 10000:04}",
            chance.sample(peopled, chance.choice([1, 1, 1, min(2, len(peopled))])),
            boss=not number,
        )
        for number in range(chance.randint(12, 70))
    ]


def _seen(chance: random.Random, people: list[Person], hidden: str) -> list[User]:
    """The people as the app sees them. It may not see a key of all, of many or of a few."""
    share = chance.choice([0.04, 0.08, 0.5, 1]) if hidden else 0
    found: list[User] = []
    for each in people:
        fields: dict[str, Any] = {"userid": each.userid, "name": each.name, "dept_id_list": each.places}
        fields |= {"job_number": each.job_number, "mobile": each.mobile, "state_code": "86", "boss": each.boss}
        if hidden in fields and hidden != "userid" and chance.random() < share:
            masked = f"{each.mobile[:3]}{chance.choice(['****', 'xxxx'])}{each.mobile[-4:]}"
            fields[hidden] = masked if hidden == "mobile" and chance.random() < 0.5 else None
        found.append(User.model_validate(fields))
    return found


def _company(units: dict[int, tuple[int, str]], users: list[User]) -> Organisation:
    departments = {1: Department.model_validate({"dept_id": 1, "name": "公司"})}
    for dept_id, (parent, name) in units.items():
        fields = {"dept_id": dept_id, "name": name, "parent_id": parent, "source_identifier": f"0{dept_id}"}
        departments[dept_id] = Department.model_validate(fields)
    taken = datetime(2026, 3, 1, tzinfo=BEIJING)
    return Organisation(taken, departments, {each.userid: each for each in users}, {}, {})


def _listed(chance: random.Random, units: dict[int, tuple[int, str]], closed: set[int], kind: str) -> list[Row] | None:
    """A table of departments; it may lack some, or have wrong codes."""
    if chance.random() < 0.3:
        return None
    rows: list[Row] = [
        {
            "source_identifier": f"0{dept_id}",
            "name": name,
            "parent_source_identifier": f"0{parent}" if parent != 1 else "",
        }
        for dept_id, (parent, name) in units.items()
        if dept_id not in closed
    ]
    if kind == "empty":
        return []
    if kind == "truncated":
        return rows[: chance.randint(0, int(len(units) * 0.85) - len(closed))]
    for row in rows if kind in {"wrong keys", "spreadsheet", "empty cells", "mixed"} else []:
        if chance.random() < 0.1:
            ways: list[Callable[[str], Any]] = [*AS_LEFT]
            if kind != "spreadsheet":
                ways += _WRONG_CODES
            row["source_identifier"] = chance.choice(ways)(row["source_identifier"])
    return rows


# -- a table -------------------------------------------------------------------------------------------------------


class _Table:
    """A table of those who stay, before and after something has happened to it."""

    def __init__(self, chance: random.Random, key: str, staying: list[Person], people: list[Person]) -> None:
        self.chance = chance
        self.key = key
        self.keys = {getattr(each, key) for each in people}
        self.gone = [each for each in people if each not in staying]
        more = [each for each in ("name", "mobile", "job_number") if each != key and chance.random() < 0.75]
        self.columns = [key, *more]
        self.rows: list[Row] = [self._row(each) for each in staying]
        chance.shuffle(self.rows)

    def _row(self, person: Person) -> Row:
        return {each: getattr(person, each) for each in self.columns} | {"title": self.chance.choice(GIVEN)}

    def with_states(self, left: list[Person]) -> None:
        """Add a column of states, with those who have left or without them."""
        for row in self.rows:
            row["状态"] = self.chance.choice(["在职", "试用期", "正式", "待离职", ""])
        self.rows += [self._row(each) | {"状态": "离职"} for each in left if self.chance.random() < 0.7]
        self.chance.shuffle(self.rows)

    def add_newcomers(self, known: set[str]) -> set[str]:
        """Add some who are new; only whole rows, and names that nobody has."""
        if not {"name", "mobile"} <= {*self.columns}:
            return set()
        new = {f"新{surname}{self.chance.choice(GIVEN)}" for surname in SURNAMES[: self.chance.randint(0, 3)]} - known
        for number, name in enumerate(sorted(new)):
            person = Person(f"n{number}", name, f"N{number}", f"1999999{number:04}", [1])
            self.rows.append(self._row(person) | {"状态": "在职"} if "状态" in self.rows[0] else self._row(person))
        return new

    def spoil(self, kind: str) -> None:
        """Let something happen to the table."""
        few = [row for row in self.rows if self.chance.random() < self.chance.choice([0.02, 0.08, 0.3])]
        if kind in {"empty cells", "mixed"}:
            for row in few:
                row[self.key if self.chance.random() < 0.6 else self.chance.choice(self.columns)] = self.chance.choice(
                    NOTHING
                )
        if kind in {"wrong keys", "mixed"}:
            for row in few[::2]:
                self._spoil_key(row)
        if kind in {"spreadsheet", "mixed"}:
            self._pass_through_a_spreadsheet()
        if kind in {"doubled", "mixed"} and self.rows:
            for _ in range(self.chance.randint(1, 3)):
                self._double()
        if kind == "truncated":
            del self.rows[self.chance.randint(0, int(len(self.rows) * 0.8)) :]
        if kind == "cut":
            self._cut()
        if kind == "empty":
            self.rows = []

    def _pass_through_a_spreadsheet(self) -> None:
        for row in self.rows:
            for column in ("userid", "job_number", "mobile"):
                if isinstance(row.get(column), str) and row[column] and self.chance.random() < 0.1:
                    ways = MOBILE_LEFT if column == "mobile" else AS_LEFT
                    row[column] = self.chance.choice(ways)(row[column])

    def _spoil_key(self, row: Row) -> None:
        """A key that is wrong: of nobody, or of one who has left. Something else tells whose row it is."""
        spare = [each for each in self.columns if each != self.key and row[each] not in NOTHING]
        if self.gone and spare and self.chance.random() < 0.3:
            other = self.chance.choice(self.gone)
            if all(row[each] != getattr(other, each) for each in spare):
                row[self.key] = getattr(other, self.key)
                return
        key = str(row[self.key])
        wrong = [f"9{key}", key[:-1], f"{key}1", key[::-1], "1.38E+10", "待定", key.replace("0", "O")]
        usable = [each for each in wrong if each and each not in self.keys]
        row[self.key] = self.chance.choice(usable)
        if len(spare) > 1 and self.chance.random() < 0.3:
            row[self.chance.choice(spare)] = self.chance.choice(["???", "#N/A", "乱码"])

    def _double(self) -> None:
        """A row twice, or the key of one copied over that of the next."""
        at = self.chance.randrange(len(self.rows))
        if self.chance.random() < 0.5 or at + 1 == len(self.rows):
            self.rows.insert(at, {**self.rows[at]})
        else:
            self.rows[at + 1][self.key] = self.rows[at][self.key]

    def _cut(self) -> None:
        """Cut within a row: csv has None for what the row lacks."""
        del self.rows[self.chance.randint(2, max(2, len(self.rows) - 2)) :]
        cut = self.chance.randint(1, len(self.rows[0]))
        self.rows = [dict[str, Any]((name, str(cell)) for name, cell in row.items()) for row in self.rows]
        last = self.rows[-1]
        names = [*last]
        for name in names[cut:]:
            last[name] = None
        if self.chance.random() < 0.5:
            last[names[cut - 1]] = last[names[cut - 1]][:-1]
        if cut == len(names):
            last[names[-1]] = None
