"""Departments (部门)."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict, Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, Refusal, api, operation
from dingtalk_models.call.paging import OFFSET, PageFlow, page_of
from dingtalk_models.core.steps import MAX_PARALLEL, Flow, Window
from dingtalk_models.core.wire import CommaInts, CommaStrs, Language, empty_list, wire
from dingtalk_models.first_generation.contact_fields import OLD_DEPARTMENT_FIELDS
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record, Saved
from dingtalk_models.resource.query import Listing, Query

if TYPE_CHECKING:
    from dingtalk_models.contact.user import User

ROOT = 1
"""The id of the root department, which stands for the company itself."""

DepartmentName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^-,，]*$")]
"""1 to 64 characters, none of them `-`, `,` or `，`."""

_FewDepartments = Annotated[CommaInts, Field(max_length=50)]
_FewUsers = Annotated[CommaStrs, Field(max_length=50)]


class DepartmentFields(TypedDict, total=False):
    """The fields of a department that can be set when it is created or changed."""

    hide_dept: bool
    """Hide it from others."""
    dept_permits: _FewDepartments
    """Departments that can see it even if it is hidden, at most 50 together with `user_permits`."""
    user_permits: _FewUsers
    """Users who can see it even if it is hidden."""
    outer_dept: bool
    """Hide the rest of the company from its members."""
    outer_dept_only_self: bool
    """Let its members see only their own department."""
    outer_permit_users: _FewUsers
    """Users whom its members can see in spite of this."""
    outer_permit_depts: _FewDepartments
    """Departments that its members can see in spite of this."""
    create_dept_group: bool
    """Create a group chat for it."""
    auto_approve_apply: bool
    """Let people join without a review."""
    order: int
    """Its order among its siblings, ascending."""
    source_identifier: str
    """Your own identifier, such as its id in another system."""


def _wire_fields(names: list[str]) -> list[str]:
    return ["dept_manager_userid_list" if each == "dept_manager_userids" else each for each in names]


class DepartmentChanges(DepartmentFields, total=False):
    """The fields of a department that can be changed."""

    name: DepartmentName
    """1 to 64 characters, none of them `-`, `,` or `，`."""
    parent_id: int
    """The new parent."""
    language: Language
    """The language of `name`."""
    auto_add_user: bool
    """Add new members to its group chat."""
    dept_manager_userids: Annotated[CommaStrs, wire("dept_manager_userid_list")]
    """Its managers, who must be members."""
    group_contain_sub_dept: bool
    """Include the departments below it in its group chat."""
    group_contain_outer_dept: bool
    """Include outer departments in its group chat."""
    group_contain_hidden_dept: bool
    """Include hidden departments in its group chat."""
    org_dept_owner: str
    """The owner of its group chat."""
    force_update_fields: Annotated[CommaStrs, AfterValidator(_wire_fields)]
    """Fields to clear if their given value is empty; only `dept_manager_userids` is possible."""
    code: Annotated[str, Field(max_length=30)]
    """A code, at most 30 characters."""


class _ParentPath(Record):
    parent_dept_id_list: list[int]


class DepartmentManager(Manager):
    """Departments (部门)."""

    @api(
        "dingtalk.oapi.v2.department.get",
        "POST /topapi/v2/department/get",
        Old("dingtalk.oapi.department.get", id="dept_id", lang="language"),
        idempotent=True,
    )
    def get(self, dept_id: int, *, language: Language = "zh_CN") -> Call[Department]:
        """Get a department (获取部门详情).

        Args:
            dept_id: its id; 1 is the root.
            language: the language of its name.

        Returns:
            The department with all fields that the app may see.

        Raises:
            NotFound: there is no such department.
            PermissionDenied: it is outside the app's contact scope.

        Source: query-department-details0-v2
        """
        return Call(Department)

    @api(
        "dingtalk.oapi.v2.department.listsub",
        "POST /topapi/v2/department/listsub",
        Old("dingtalk.oapi.department.list", id="parent_id", lang="language"),
        idempotent=True,
    )
    def list(
        self,
        parent_id: Annotated[int, wire("dept_id")] = ROOT,
        *,
        language: Language = "zh_CN",
        fetch_child: bool = False,
    ) -> Query[Department]:
        """List the direct children of a department (获取部门列表).

        Args:
            parent_id: the department; by default the root.
            language: the language of the names.
            fetch_child: whether to list all departments below, breadth first, with one call each.

        Returns:
            Departments with id, name, parent and group chat flags; `get` returns all fields.

        Raises:
            NotFound: there is no such department.

        Source: user-management-acquires-the-list-departments
        """
        if fetch_child:
            return Query(lambda: self._below(parent_id, language, MAX_PARALLEL))
        return Listing(Department, None, parent_id=parent_id, language=language)

    @api(
        "dingtalk.oapi.v2.department.listsubid",
        "POST /topapi/v2/department/listsubid",
        Old("dingtalk.oapi.department.list_ids", id="dept_id"),
        idempotent=True,
    )
    def list_ids(self, dept_id: int = ROOT) -> Call[builtins.list[int]]:
        """List the ids of a department's direct children (获取子部门ID列表).

        Args:
            dept_id: the department; by default the root. The app's contact scope does not limit this call.

        Raises:
            NotFound: there is no such department.

        Source: obtain-the-list-of-sub-department-ids
        """
        return Call(list[int], "result.dept_id_list")

    @api(
        "dingtalk.oapi.v2.department.create",
        "POST /topapi/v2/department/create",
        Old(
            "dingtalk.oapi.department.create",
            **OLD_DEPARTMENT_FIELDS,
        ),
    )
    def create(
        self, name: DepartmentName, parent_id: int = ROOT, **fields: Unpack[DepartmentFields]
    ) -> Call[Department]:
        """Create a department (创建部门).

        Args:
            name: 1 to 64 characters, none of them `-`, `,` or `，`; unique among its siblings.
            parent_id: the department above it; by default the root.
            fields: `order`, `hide_dept`, `create_dept_group` and the others of `DepartmentFields`.

        Returns:
            The department, with its new id and the given fields.

        Raises:
            InvalidArgument: a field exceeds its limit; nothing was sent.
            AlreadyExists: a sibling has this name.
            NotFound: there is no such parent.

        Source: address-book-creation-department-established-department
        """
        _check_permits(fields)
        call = Call(int, "result.dept_id")
        return call.then(
            lambda dept_id: Department.model_validate(
                {"dept_id": dept_id, "name": name, "parent_id": parent_id, **fields}, by_name=True
            )
        )

    @api(
        "dingtalk.oapi.v2.department.update",
        "POST /topapi/v2/department/update",
        Old(
            "dingtalk.oapi.department.update",
            **OLD_DEPARTMENT_FIELDS,
            id="dept_id",
            lang="language",
        ),
    )
    def update(self, dept_id: int, **fields: Unpack[DepartmentChanges]) -> Call[None]:
        """Change a department (更新部门).

        Args:
            dept_id: its id; the root cannot be changed.
            fields: `name`, `parent_id`, `order` and the others of `DepartmentChanges`. Absent fields stay.

        Raises:
            InvalidArgument: a field exceeds its limit; nothing was sent.
            NotFound: there is no such department, or no such parent.
            InvalidRequest: it is the root, or would be below itself, or a manager is not a member.

        Source: address-book-update-department
        """
        _check_permits(fields)
        return Call(None)

    @api(
        "dingtalk.oapi.v2.department.delete",
        "POST /topapi/v2/department/delete",
        Old("dingtalk.oapi.department.delete", id="dept_id"),
    )
    def delete(self, dept_id: int) -> Call[None]:
        """Delete a department (删除部门).

        Args:
            dept_id: its id. It must be empty, and not the root.

        Raises:
            NotFound: there is no such department.
            InvalidRequest: it is the root, or not empty.

        Source: address-book-deletion-department
        """
        return Call(None)

    @api(
        "dingtalk.oapi.v2.department.listparentbydept",
        "POST /topapi/v2/department/listparentbydept",
        Old("dingtalk.oapi.department.list_parent_depts_by_dept", id="dept_id"),
        idempotent=True,
    )
    def parents(self, dept_id: int) -> Call[builtins.list[int]]:
        """List a department and its ancestors up to the root (获取指定部门的所有父部门列表).

        Args:
            dept_id: the department.

        Returns:
            The ids of the department, its parent and so on up to 1.

        Raises:
            NotFound: there is no such department.

        Source: query-the-list-of-all-parent-departments-of-a-department
        """
        return Call(list[int], "result.parent_id_list")

    @api(
        "dingtalk.oapi.v2.department.listparentbyuser",
        "POST /topapi/v2/department/listparentbyuser",
        Old("dingtalk.oapi.department.list_parent_depts", userId="userid"),
        idempotent=True,
    )
    def of_user(self, userid: str) -> Call[builtins.list[builtins.list[int]]]:
        """List each department of a user with its ancestors up to the root (获取指定用户的所有父部门列表).

        Args:
            userid: the user.

        Returns:
            For each department of the user: its id, its parent's and so on up to 1.

        Raises:
            NotFound: there is no such user.

        Source: queries-the-list-of-all-parent-departments-of-a-user
        """
        paths = Call(list[_ParentPath], "result.parent_list")
        return paths.then(lambda found: [path.parent_dept_id_list for path in found])

    @api("contact_1_0.SearchDepartment", "POST /v1.0/contact/departments/search", idempotent=True)
    def search(
        self,
        query_word: Annotated[str, Field(min_length=1)],
        *,
        offset: Annotated[int, Field(ge=0)] = 0,
        size: Annotated[int, Field(ge=1)] = 20,
    ) -> Query[int]:
        """Search departments by name (搜索部门ID).

        Args:
            query_word: the words.
            offset: how many departments to skip.
            size: the page size.

        Returns:
            The departments' ids.

        Source: address-book-search-department-id
        """
        return Listing(int, OFFSET, items="list")

    @operation
    def tree(
        self,
        dept_id: int = ROOT,
        *,
        language: Language = "zh_CN",
        workers: Annotated[int, Field(ge=1, le=MAX_PARALLEL)] = 4,
    ) -> Query[Department]:
        """List a department and everything below it, breadth first, with one call per department.

        Args:
            dept_id: the department to begin with; by default the root.
            language: the language of the names.
            workers: how many calls to make at once.
        """

        def pages(at_once: int = workers) -> PageFlow[Department]:
            root = yield from self.get.call(dept_id, language=language)
            yield page_of([root])
            yield from self._below(dept_id, language, at_once)

        return Query(pages, at_once=lambda calls: pages(max(calls, workers)))

    @operation
    def walk_ids(self, dept_id: int = ROOT, *, workers: Annotated[int, Field(ge=1, le=MAX_PARALLEL)] = 4) -> Query[int]:
        """List the ids of a department and everything below it, breadth first, with one call per department.

        Args:
            dept_id: the department to begin with; by default the root. The app's contact scope does not limit this.
            workers: how many calls to make at once.
        """

        def pages(at_once: int = workers) -> PageFlow[int]:
            yield page_of([dept_id])
            with Window(self.list_ids.call, lambda ids: ids, [dept_id], workers=at_once) as window:
                while window:
                    yield page_of((yield from window.take()))

        return Query(pages, at_once=lambda calls: pages(max(calls, workers)))

    def _below(self, dept_id: int, language: Language, workers: int) -> PageFlow[Department]:
        def children(parent_id: int) -> Flow[builtins.list[Department]]:
            return self.list.call(parent_id, language=language).collect()

        def ids(departments: builtins.list[Department]) -> builtins.list[int]:
            return [department.dept_id for department in departments]

        with Window(children, ids, [dept_id], workers=workers) as window:
            while window:
                yield page_of((yield from window.take()))


class UnionDepartment(Record):
    """The counterpart of a department in an associated company."""

    dept_id: Annotated[int | None, wire("dept_id", "deptId")]
    corp_id: Annotated[str | None, wire("corp_id", "corpId")]


class Department(Model, Saved["Department"]):
    """A department (部门). Fields that the app may not see or that `list` does not return are `None`."""

    objects: ClassVar[DepartmentManager] = DepartmentManager()
    get = objects.get
    create = objects.create
    key: ClassVar = ("dept_id",)

    dept_id: int
    name: str = ""
    parent_id: int | None = None
    source_identifier: str | None = None
    create_dept_group: bool | None = None
    auto_add_user: bool | None = None
    auto_approve_apply: bool | None = None
    tags: str | None = None
    from_union_org: bool | None = None
    order: int | None = None
    dept_group_chat_id: str | None = None
    group_contain_sub_dept: bool | None = None
    group_contain_outer_dept: bool | None = None
    group_contain_hidden_dept: bool | None = None
    org_dept_owner: str | None = None
    dept_manager_userids: Annotated[list[str], wire("dept_manager_userid_list")] = empty_list()
    outer_dept: bool | None = None
    outer_dept_only_self: bool | None = None
    outer_permit_depts: list[int] = empty_list()
    outer_permit_users: list[str] = empty_list()
    hide_dept: bool | None = None
    user_permits: list[str] = empty_list()
    dept_permits: list[int] = empty_list()
    code: str | None = None
    member_count: int | None = None
    """The number of members, including those of the departments below."""
    owning_member_count: int | None = None
    """The number of direct members."""
    union_dept_ext: UnionDepartment | None = None

    @operation
    def update(self, **fields: Unpack[DepartmentChanges]) -> Flow[Department]:
        """Change fields of this department, and update this object.

        Args:
            fields: `name`, `parent_id`, `order` and the others of `DepartmentChanges`.
        """
        return self.updated(fields)

    @operation
    def children(self) -> Query[Department]:
        """List the departments directly below this one."""
        return self.objects.list.call(self.dept_id)

    @operation
    def parent(self) -> Flow[Department | None]:
        """Get the parent of this department; the root has none."""
        if self.dept_id == ROOT:
            return None
        known = self if self.parent_id is not None else (yield from self.objects.get.call(self.dept_id))
        return None if known.parent_id is None else (yield from self.objects.get.call(known.parent_id))

    @operation
    def users(self) -> Query[User]:
        """List the direct members of this department."""
        from dingtalk_models.contact.user import UserManager  # noqa: PLC0415 - users import departments

        return UserManager().list.call(self.dept_id)


def _check_permits(fields: DepartmentFields) -> None:
    if len(fields.get("dept_permits", [])) + len(fields.get("user_permits", [])) > 50:  # noqa: PLR2004
        raise Refusal("dept_permits", "together with user_permits at most 50 / 与 user_permits 合计最多 50 个")
