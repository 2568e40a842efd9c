"""The administrators of a company, as the admin console changes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from dingtalk_models.sandbox.callback.changes import announce
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import ROOT, Admin


class AdminConsole:
    """The administrators."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def set(self, userid: str, sys_level: Literal[1, 2] = 2, dept_ids: Sequence[int] = (ROOT,)) -> Admin:
        """Make a user an administrator (1 main, 2 sub) of these departments."""
        self._company.user(userid)
        for dept_id in dept_ids:
            self._company.department(dept_id)
        new = userid not in self._company.admins
        self._company.admins[userid] = Admin(sys_level, list(dept_ids))
        if new:
            announce(self._company, "org_admin_add", {"userId": [userid]})
        return self._company.admins[userid]

    def remove(self, userid: str) -> None:
        """Make an administrator an ordinary user.

        Raises:
            LookupError: the user is not an administrator.
        """
        if userid not in self._company.admins:
            raise LookupError(f"{userid} is not an administrator")
        del self._company.admins[userid]
        announce(self._company, "org_admin_remove", {"userId": [userid]})
