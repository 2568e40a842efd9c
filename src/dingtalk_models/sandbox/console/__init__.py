"""The admin console (管理后台) of a company: changes by the platform's rules, which push the same events.

`sandbox.company` is the plain state: changes there are neither checked nor pushed.
"""

from __future__ import annotations

from dingtalk_models.sandbox.console.admins import AdminConsole
from dingtalk_models.sandbox.console.departments import DepartmentConsole
from dingtalk_models.sandbox.console.forms import FormConsole
from dingtalk_models.sandbox.console.groups import GroupConsole
from dingtalk_models.sandbox.console.roles import RoleConsole, RoleGroupConsole
from dingtalk_models.sandbox.console.users import UserConsole
from dingtalk_models.sandbox.state.company import Company


class Console:
    """The admin console of a company. It raises `Refused` for what the rules forbid, and `ValueError` for wrong values.

    Attributes:
        users, departments, roles, role_groups, admins, forms, groups: the parts that can be changed.
    """

    def __init__(self, company: Company) -> None:
        self.users = UserConsole(company)
        self.departments = DepartmentConsole(company)
        self.roles = RoleConsole(company)
        self.role_groups = RoleGroupConsole(company)
        self.admins = AdminConsole(company)
        self.forms = FormConsole(company)
        self.groups = GroupConsole(company)
