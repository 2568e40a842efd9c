"""`app.contact`: departments, users, roles."""

from __future__ import annotations

from functools import cached_property

from dingtalk_models.contact.department import DepartmentManager
from dingtalk_models.contact.role import RoleGroupManager, RoleManager
from dingtalk_models.contact.user import UserManager
from dingtalk_models.core.model import Module


class Contact(Module):
    """The managers of the contacts, bound to an app."""

    @cached_property
    def departments(self) -> DepartmentManager:
        """Departments."""
        return DepartmentManager(self.app)

    @cached_property
    def users(self) -> UserManager:
        """Users."""
        return UserManager(self.app)

    @cached_property
    def roles(self) -> RoleManager:
        """Roles."""
        return RoleManager(self.app)

    @cached_property
    def role_groups(self) -> RoleGroupManager:
        """Role groups."""
        return RoleGroupManager(self.app)
