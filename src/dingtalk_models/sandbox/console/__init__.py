"""The admin console (管理后台) of a company: changes by its rules, which push the events that such changes push.

`sandbox.company` is the state as it is; what is written there is not checked, and nobody hears of it.
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
    """The admin console of a company. What its rules refuse raises `Refused`, and what is no such value `ValueError`.

    Attributes:
        users, departments, roles, role_groups, admins, forms, groups: what can be added, changed and removed.
    """

    def __init__(self, company: Company) -> None:
        self.users = UserConsole(company)
        self.departments = DepartmentConsole(company)
        self.roles = RoleConsole(company)
        self.role_groups = RoleGroupConsole(company)
        self.admins = AdminConsole(company)
        self.forms = FormConsole(company)
        self.groups = GroupConsole(company)
