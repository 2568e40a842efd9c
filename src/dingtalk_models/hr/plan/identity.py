"""Finds the person whom a row means, and the people whom it may mean. Nothing else decides this."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dingtalk_models.contact.user import User
from dingtalk_models.hr.plan.keys import as_key, mask_of, name_form, number_of, without_zeros
from dingtalk_models.hr.plan.rows import PlanRow, ReadTable

_NAMES = ("userid", "job_number", "mobile", "email", "org_email", "login_id", "name")
"""The fields that identify a person. A telephone extension is not one: it belongs to the desk."""


@dataclass
class Meant:
    """The userids of the people whom a row may mean: those whose key the app can see, and those whose key it cannot."""

    seen: set[str] = field(default_factory=set[str])
    hidden: set[str] = field(default_factory=set[str])

    def __bool__(self) -> bool:
        return bool(self.seen or self.hidden)


class Identities:
    """Matches rows to people.

    Args:
        users: the existing people, by userid.
        table: the table of people.

    Attributes:
        hidden: the people whose key is masked or absent, so that no row can be matched to them for certain.
        matched: the person of each row for somebody who stays.
        leaving: the person of each row for somebody who leaves.
        unclear: the candidates of each row whose key fits several people, or fits only after adding leading zeros.
        by_zeros: the rows whose key has more or fewer leading zeros than the person's.
    """

    def __init__(self, users: Mapping[str, User], table: ReadTable) -> None:
        self.users = users
        self.table = table
        # each person is compared several times, and normal forms take time
        self._shown = {each.userid: {name: _shown(each, name) for name in _NAMES} for each in users.values()}
        self._forms = {userid: dict(_signs(shown)) for userid, shown in self._shown.items()}
        self.hidden = {each.userid for each in users.values() if not self.key_of(each)}
        self.matched: dict[PlanRow, User] = {}
        self.leaving: dict[PlanRow, User] = {}
        self.unclear: dict[PlanRow, list[User]] = {}
        self.by_zeros: set[PlanRow] = set()
        self._with_key = _grouped(users.values(), self.key_of)
        self._without_zeros = _grouped(users.values(), lambda user: without_zeros(self.key_of(user) or "") or None)
        self._rivals = Counter(without_zeros(row.key) for row in table.rows)
        self._signs: defaultdict[tuple[str, str], list[User]] = defaultdict(list)
        for user in users.values():
            for sign in self._forms[user.userid].items():
                self._signs[sign].append(user)
        self._masks = _Masks(users.values())
        self._taken: dict[str, PlanRow] = {}
        stay = [row for row in table.rows if row.state != "leaves"]
        keys = {row.key for row in stay}
        by_key = [self._by_key, self._by_zeros]
        self._match(stay, self.matched, [*by_key, lambda row: self.by_other_means(row, keys)])
        self._match([row for row in table.rows if row.state == "leaves"], self.leaving, by_key)

    def key_of(self, user: User) -> str | None:
        """Return a person's value in the table's key column, in normal form; `None` if the app cannot see it."""
        return self._shown[user.userid][self.table.key]

    def person(self, key: str) -> User | None:
        """Return the only person with a key, whether or not a row means them."""
        found = self._with_key.get(as_key(key)) or self._without_zeros.get(without_zeros(as_key(key)), [])
        return found[0] if len(found) == 1 else None

    # -- who a row means -----------------------------------------------------------------------------------------

    def _match(
        self, rows: list[PlanRow], matched: dict[PlanRow, User], steps: Iterable[Callable[[PlanRow], User | None]]
    ) -> None:
        for step in steps:
            for row in rows:
                user = None if row in matched or row in self.unclear else step(row)
                if user is not None and user.userid not in self._taken:
                    matched[row], self._taken[user.userid] = user, row

    def _by_key(self, row: PlanRow) -> User | None:
        found = self._with_key.get(row.key, [])
        if len(found) > 1:
            self.unclear[row] = found
        return found[0] if len(found) == 1 else None

    def _by_zeros(self, row: PlanRow) -> User | None:
        """Return the person whose key differs only in leading zeros, if there is just one and no cell contradicts."""
        if self.table.key == "mobile":
            return None
        found = self._without_zeros.get(without_zeros(row.key), [])
        if not found:
            return None
        rivals = self._rivals[without_zeros(row.key)]
        if len(found) > 1 or rivals > 1 or self.contradicts(row, found[0]):
            self.unclear[row] = found
            return None
        self.by_zeros.add(row)
        return found[0]

    def by_other_means(self, row: PlanRow, keys: Collection[str] = ()) -> User | None:
        """Find a person who has none of these keys, by userid, or by mobile or job number if the name agrees."""
        if self.table.key == "userid":  # other keys may have changed, a userid never does
            return None
        values = row.values
        user = self.users.get(values.get("userid", ""))
        if user is None:
            ways = ("mobile", "job_number") if self.table.key == "mobile" else ("mobile",)
            found = [self._signs.get((way, _form(way, values[way])), []) for way in ways if way in values]
            user = next((each[0] for each in found if len(each) == 1), None)
            # the number may belong to somebody else now
            if user is not None and "name" in values and name_form(values["name"]) != name_form(user.name):
                return None
        return None if user is None or self.key_of(user) in keys else user

    def contradicts(self, row: PlanRow, user: User) -> list[tuple[str, str]]:
        """Return the values of a row that differ from a person's identity, as far as the app can see it."""
        said, known = dict(_signs(row.values)), self._forms[user.userid]
        both = [name for name in ("userid", "job_number", "mobile", "name") if name in said and name in known]
        return [(name, said[name]) for name in both if not _agree(name, said[name], known[name])]

    # -- who a row may mean --------------------------------------------------------------------------------------

    def named_by(self, signs: Iterable[tuple[str, str]]) -> set[str]:
        """Return the userids of people who have one of these values and are matched to no row."""
        return {user.userid for sign in signs for user in self._signs.get(sign, ()) if user.userid not in self._taken}

    def may_mean(self, row: PlanRow, *, wrong: bool) -> Meant:
        """Return the people whom a row may mean and who are matched to no other row.

        Args:
            row: the row.
            wrong: whether something is wrong with the row. Then it may also mean somebody who leaves according to
                another row, for example because they were hired again.
        """
        signs = [*_signs(row.values)]
        found = [user for sign in signs for user in self._signs.get(sign, ())]
        found += self.unclear.get(row, [])
        if self.table.key != "mobile" and row.key:
            found += self._without_zeros.get(without_zeros(row.key), [])
        userids = {user.userid for user in found}
        if "mobile" in row.values:
            userids |= self._masks.fitting(row.values["mobile"])
        for userid in [*userids]:
            taken = self._taken.get(userid)
            if taken is not None and not (wrong and taken.state == "leaves"):
                userids.discard(userid)
        return Meant(userids - self.hidden, userids & self.hidden)

    def tells_more(self, row: PlanRow) -> bool:
        """Whether more than one cell of a row identifies its person."""
        return len([*_signs(row.values)]) > 1


class _Masks:
    """The people with masked mobile numbers, by the visible beginning and end."""

    def __init__(self, users: Iterable[User]) -> None:
        self._with: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for user in users:
            if mask := mask_of("mobile", user.mobile):
                self._with[mask].add(user.userid)
        self._shapes = {(len(begins), len(ends)) for begins, ends in self._with}

    def fitting(self, number: str) -> set[str]:
        """Return the people whose masked number this may be."""
        number = number.rpartition("-")[2]
        return {
            userid
            for begins, ends in self._shapes
            if begins + ends <= len(number)
            for userid in self._with.get((number[:begins], number[len(number) - ends :]), ())
        }


def _shown(user: User, name: str) -> str | None:
    """Return a field in normal form; `None` if the app cannot see it."""
    if name == "mobile":
        return number_of(user.mobile, user.state_code)
    value: str | None = getattr(user, name)
    if name == "name" or not value:
        return value or None
    return None if mask_of(name, value) else as_key(value)


def _signs(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((name, _form(name, values[name])) for name in _NAMES if values.get(name))


def _form(name: str, value: str) -> str:
    return name_form(value) if name == "name" else str(as_key(value)).casefold()


def _agree(name: str, one: str, other: str) -> bool:
    return one == other or (name in {"userid", "job_number"} and without_zeros(one) == without_zeros(other))


def _grouped(users: Iterable[User], value: Callable[[User], str | None]) -> dict[str, list[User]]:
    """Group people by a value."""
    found: defaultdict[str, list[User]] = defaultdict(list)
    for user in users:
        if own := value(user):
            found[own].append(user)
    return found
