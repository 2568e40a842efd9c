"""`dingtalk-models tree` and `user find`: show departments, find people."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dingtalk_models.cli import profiles
from dingtalk_models.cli.failures import CommandFailure, ExitCode
from dingtalk_models.cli.groups import AsForm, AsJson, group
from dingtalk_models.cli.help import Commands
from dingtalk_models.cli.output import As, line, plain, show, show_json
from dingtalk_models.core.language import said

if TYPE_CHECKING:
    from dingtalk_models import Department, DingTalkApp, User

app = Commands()
user = group("user", "People of the company. / 企业成员。")
app.add_typer(user)


class By(StrEnum):
    """The ways to search for a person."""

    ANY = "any"
    USERID = "userid"
    UNIONID = "unionid"
    MOBILE = "mobile"
    NAME = "name"


@app.command("tree", help=said("Show the departments as a tree. / 以树形显示部门。"))
def tree(
    dept_id: Annotated[int, typer.Argument(help=said("Where to begin. / 起始部门。"))] = 1,
    people: Annotated[bool, typer.Option("--people", help=said("With their members. / 同时显示成员。"))] = False,
    depth: Annotated[int, typer.Option(min=0, help=said("How many levels; 0 for all. / 层数，0 为全部。"))] = 0,
    as_json: AsJson = False,
) -> None:
    """Print the departments below a department."""
    found = _Tree(profiles.open_app(), people=people, depth=depth)
    top = found.app.contact.departments.get(dept_id)
    if as_json:
        show_json(found.as_json(top))
    else:
        found.show(top)


class _Tree:
    """Reads departments while they are shown: one call each, and with people one more per hundred members."""

    def __init__(self, app: DingTalkApp, *, people: bool, depth: int) -> None:
        self.app = app
        self._people = people
        self._depth = depth

    def _below(self, department: Department, level: int) -> list[Department]:
        if self._depth and level >= self._depth:
            return []
        return self.app.contact.departments.list(department.dept_id, fetch_child=False).all()

    def _members(self, department: Department) -> list[User]:
        return self.app.contact.users.list(department.dept_id).all() if self._people else []

    def show(self, department: Department, before: str = "", level: int = 0, *, mark: str = "") -> None:
        """Print a department and everything below it, each line as soon as it is loaded."""
        line(f"{before}{mark}{department.name} ({department.dept_id})")
        below = self._below(department, level)
        members = self._members(department)
        inner = before + {"": "", "├── ": "│   ", "└── ": "    "}[mark]
        for number, member in enumerate(members, 1):
            last = number == len(members) and not below
            title = f" · {member.title}" if member.title else ""
            line(f"{inner}{'└── ' if last else '├── '}{member.name} <{member.userid}>{title}")
        for number, each in enumerate(below, 1):
            self.show(each, inner, level + 1, mark="└── " if number == len(below) else "├── ")

    def as_json(self, department: Department, level: int = 0) -> dict[str, object]:
        """Return a department with everything below it."""
        found: dict[str, object] = {"dept_id": department.dept_id, "name": department.name}
        if self._people:
            found["people"] = [
                {"userid": each.userid, "name": each.name, "title": each.title} for each in self._members(department)
            ]
        found["departments"] = [self.as_json(each, level + 1) for each in self._below(department, level)]
        return found


@user.command(
    "find",
    help=said("Find people by userid, unionid, mobile number or name. / 按 userid、unionid、手机号或姓名查找成员。"),
)
def find(
    words: Annotated[list[str], typer.Argument(metavar="WHO…", help=said("Whom to find. / 要查找的人。"))],
    by: Annotated[By, typer.Option(help=said("What to search by. / 按什么查找。"))] = By.ANY,
    form: AsForm = As.TABLE,
) -> None:
    """Print the people who are found."""
    dingtalk = profiles.open_app()
    found = {each.userid: each for word in words for each in people_of(dingtalk, word, by)}
    if form is As.TABLE:
        shown = ("userid", "name", "title", "mobile", "dept_id_list", "unionid")
        show([{name: plain(getattr(each, name)) for name in shown} for each in found.values()], form)
    else:
        show([*found.values()], form)


def people_of(app: DingTalkApp, word: str, by: By = By.ANY) -> list[User]:
    """Find people: the only one with an id or number, or all with a name.

    Raises:
        CommandFailure: nobody was found.
    """
    from dingtalk_models import InvalidRequest, NotFound  # noqa: PLC0415 - slow to import

    users = app.contact.users
    ways = {
        By.MOBILE: lambda: [users.get(users.by_mobile(word).userid)],
        By.USERID: lambda: [users.get(word)],
        By.UNIONID: lambda: [users.get(users.by_unionid(word).userid)],
        By.NAME: lambda: [users.get(each) for each in users.search(word)],
    }
    tried = (
        [by] if by is not By.ANY else [*(() if not word.isdecimal() else (By.MOBILE,)), By.USERID, By.UNIONID, By.NAME]
    )
    for way in tried:
        try:
            if found := ways[way]():
                return found
        except (NotFound, InvalidRequest):
            if by is not By.ANY:
                raise
    raise CommandFailure(f"there is nobody named {word!r} / 找不到 {word!r}", ExitCode.NOT_FOUND)


def person_of(app: DingTalkApp, word: str) -> User:
    """Find one person. Several are an error, so that nothing is sent to the wrong one or decided for them.

    Raises:
        CommandFailure: nobody or several people were found.
    """
    found = people_of(app, word)
    if len(found) > 1:
        listed = ", ".join(f"{each.name} <{each.userid}>" for each in found)
        raise CommandFailure(f"{word!r} names several people: {listed} / {word!r} 对应多人：{listed}")
    return found[0]
