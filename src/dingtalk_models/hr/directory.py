"""Snapshots of the directory (通讯录): load the whole organisation, save it to a file, compare two snapshots."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dingtalk_models.call.operation import operation
from dingtalk_models.contact.department import ROOT, Department
from dingtalk_models.contact.user import User
from dingtalk_models.core.errors import UnusableFile
from dingtalk_models.core.steps import MAX_PARALLEL, Flow
from dingtalk_models.core.wire import Language
from dingtalk_models.hr.directory_changes import DirectoryChanges
from dingtalk_models.hr.directory_reading import read_company
from dingtalk_models.hr.plan.cells import State
from dingtalk_models.hr.plan.leaving import Missing
from dingtalk_models.hr.plan.plan import Plan, make_plan
from dingtalk_models.hr.plan.rows import Columns, Table
from dingtalk_models.moments import PlainTime
from dingtalk_models.process.atomic_file import write_whole
from dingtalk_models.resource.manager import Manager

VERSION = 1
"""The version of the files that `save` writes."""


class DirectoryManager(Manager):
    """The directory (通讯录)."""

    @operation
    def snapshot(
        self,
        *,
        language: Language = "zh_CN",
        workers: Annotated[int, Field(ge=1, le=MAX_PARALLEL)] = 4,
        progress: Callable[[int, int], None] | None = None,
    ) -> Flow[Directory]:
        """Load every department with all its fields, and every user with the fields of member lists.

        Each user appears once, with all their departments. This takes three calls per department, and one more for each
        further hundred members.

        Args:
            language: the language of the texts.
            workers: how many calls at once.
            progress: called with the number of people found so far, and their total.
        """
        read = yield from read_company(language=language, workers=workers, progress=progress)
        return Directory(read.taken, read.departments, read.users)

    @operation
    def plan(
        self,
        wanted: Table,
        *,
        departments: Table | None = None,
        key: Literal["userid", "job_number", "mobile"] | None = None,
        columns: Columns = None,
        department_columns: Columns = None,
        within: int | Sequence[int] = ROOT,
        missing: Missing = "keep",
        states: Mapping[str, State] | None = None,
        workers: Annotated[int, Field(ge=1, le=MAX_PARALLEL)] = MAX_PARALLEL,
        progress: Callable[[int, int], None] | None = None,
    ) -> Flow[Plan]:
        """Compare tables of people and departments with the company, and plan the changes that bring it in line.

        This only reads. A row that cannot be carried out is left out and listed in the plan's `problems`.

        Args:
            wanted: the people: dicts, a `csv.DictReader` or a DataFrame. Empty cells, NaN, `#N/A` and `无` are ignored.
            departments: the departments, in the same form. Without it, departments in people's paths are created.
            key: the column that identifies people; by default the first of userid, job number and mobile in the table.
            columns: the columns to read, and the field for each; by default all columns, matched by their headers.
            department_columns: the same for the table of departments.
            within: the departments that the tables own, with everything below them; by default the whole company.
            missing: what to do with people in these departments who are not in the table. `keep` leaves them alone.
                `remove` removes them, and also empty departments that are in no table. `disable` disables their company
                accounts (企业账号); other accounts cannot be disabled.
            states: your own words in a column of states (员工状态), and the meaning of each: `stays`, `leaves`, or
                `awaited` for people who have not started yet. 在职, 离职 and 待入职 are built in. People who leave are
                removed, or disabled with `missing="disable"`.
            workers: how many calls at once.
            progress: called with the number of people found so far, and their total.

        Raises:
            InvalidArgument: an argument is not a table, a header is unknown, or no column identifies the rows. Nothing
                was sent.
        """
        tops = [within] if isinstance(within, int) else [*within]
        return make_plan(
            wanted,
            departments,
            key=key,
            columns=columns,
            department_columns=department_columns,
            within=tops,
            missing=missing,
            states=states,
            workers=workers,
            progress=progress,
        )


@dataclass(frozen=True, repr=False)
class Directory:
    """The whole organisation at one moment.

    Attributes:
        taken: when it was loaded.
        departments: the departments by id, the root first, breadth first.
        users: the people by id. Their values per department are in `dept_id_list`, `dept_order_list` and
            `leader_in_dept`.
    """

    objects: ClassVar[DirectoryManager] = DirectoryManager()
    snapshot = objects.snapshot
    plan = objects.plan

    taken: datetime
    departments: Mapping[int, Department]
    users: Mapping[str, User]

    def __repr__(self) -> str:
        """Show the company, the time and the numbers of departments and users, in two lines."""
        name = self.departments[ROOT].name if ROOT in self.departments else None
        whose = f"Directory of {name}" if name else "Directory"
        counts = f"{len(self.departments)} departments, {len(self.users)} users"
        return f"{whose}, taken {self.taken.isoformat(timespec='seconds')}\n{counts}"

    def save(self, path: str | os.PathLike[str], /) -> None:
        """Write it to a file as JSON Lines: a header, then one department or user per line, as the platform sends them.

        The file is replaced only when the new one is complete. Only its owner may read it: it holds personal data.
        """
        write_whole(path, self._lines())

    def _lines(self) -> Iterator[str]:
        header = _Header(version=VERSION, taken=self.taken, departments=len(self.departments), users=len(self.users))
        yield f"{header.model_dump_json()}\n"
        for kind, items in (("department", self.departments), ("user", self.users)):
            for item in items.values():
                yield f'{{"{kind}":{item.model_dump_json(by_alias=True, exclude_unset=True)}}}\n'

    @classmethod
    def load(cls, path: str | os.PathLike[str], /) -> Directory:
        """Read a file that `save` wrote.

        Raises:
            UnusableFile: it is another kind of file, or from a later version, or incomplete or damaged. The error gives
                the line.
        """
        with Path(path).open("rb") as file:
            header = _header(path, file.readline())
            departments: dict[int, Department] = {}
            users: dict[str, User] = {}
            for number, text in enumerate(file, 2):
                line = _line(path, number, text)
                if line.department is not None:
                    departments[line.department.dept_id] = line.department
                if line.user is not None:
                    users[line.user.userid] = line.user
        if (len(departments), len(users)) != (header.departments, header.users):
            held = f"{len(departments)} departments and {len(users)} users"
            raise UnusableFile(path, f"has {held}, and not {header.departments} and {header.users}: it is damaged")
        return cls(header.taken, departments, users)

    def to_company(self, path: str | os.PathLike[str], /, *, anonymise: bool = True) -> None:
        """Write it as a company file (公司文件) for a sandbox: `Sandbox(company=path)`.

        The same directory always gives the same file. Only its owner may read it.

        Args:
            path: the YAML file.
            anonymise: whether to replace names, titles, numbers, addresses and ids by invented ones, and leave out
                remarks, custom fields and other values that tests do not need. If false, the real values are written.

        Raises:
            ModuleNotFoundError: the extra `sandbox` is missing.
        """
        # pydantic takes a while to make these models, and few programs need them
        from dingtalk_models.company_file import write_company  # noqa: PLC0415
        from dingtalk_models.hr.directory_company import anonymised, company_file  # noqa: PLC0415

        made = company_file(self.departments, self.users)
        if anonymise:
            made = anonymised(made, [*self.departments.values(), *self.users.values()])
            write_company(made, path, "made of the snapshot of a company; names, numbers and ids are not the real ones")
        else:
            write_company(made, path, "made of the snapshot of a company")

    @staticmethod
    def diff(old: Directory, new: Directory) -> DirectoryChanges:
        """Return the changes between two snapshots.

        The order of ids is ignored, and so are the numbers of members, which follow from the people.
        """
        changes = DirectoryChanges(
            joined=[user for userid, user in new.users.items() if userid not in old.users],
            left=[user for userid, user in old.users.items() if userid not in new.users],
            created=[each for dept_id, each in new.departments.items() if dept_id not in old.departments],
            removed=[each for dept_id, each in old.departments.items() if dept_id not in new.departments],
        )
        for userid, user in new.users.items():
            if userid in old.users:
                changes.add_user(old.users[userid], user)
        for dept_id, department in new.departments.items():
            if dept_id in old.departments:
                changes.add_department(old.departments[dept_id], department)
        return changes


class _Header(BaseModel):
    """The first line of a file."""

    format: Literal["dingtalk-models directory"] = "dingtalk-models directory"
    version: int
    taken: PlainTime
    departments: int
    users: int


class _Line(BaseModel):
    """Any other line: one department or one user."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    department: Department | None = None
    user: User | None = None


def _header(path: str | os.PathLike[str], text: bytes) -> _Header:
    try:
        header = _Header.model_validate_json(text)
    except ValidationError:
        raise UnusableFile(path, "is not a saved directory") from None
    if header.version > VERSION:
        raise UnusableFile(path, f"was written by a later version of this package ({header.version})")
    return header


def _line(path: str | os.PathLike[str], number: int, text: bytes) -> _Line:
    try:
        if text.endswith(b"\n"):
            return _Line.model_validate_json(text)
    except ValidationError:
        pass  # the text of this error would contain personal data
    raise UnusableFile(path, f"is damaged, or cut short, at line {number}")
