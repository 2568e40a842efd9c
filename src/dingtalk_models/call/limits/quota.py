"""The monthly quota: how many calls a company may make, and which calls are free."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from dingtalk_models.core.wire import BEIJING
from dingtalk_models.process.forking import after_fork
from dingtalk_models.process.turns import Turns

if TYPE_CHECKING:
    from dingtalk_models.call.limits.shared import SharedStore

_LIFE_OF_A_MONTH = 32 * 24 * 3600

_FREE = re.compile(
    r"/(topapi/)?(v2/|inactive/)?(user|department|role|extcontact|auth|sns|sso|service)/"
    r"|/(gettoken|get_jsapi_ticket)$"
    r"|/v1\.0/(contact|oauth2)/"
)
"""Paths of calls that are free: tokens, logins, contacts, roles and external contacts."""


def is_free(path: str) -> bool:
    """Whether calls to a path are known not to count against the monthly quota."""
    return _FREE.match(path) is not None


class Quota:
    """Counts the calls of this month."""

    def __init__(self, monthly: int, store: SharedStore | None, key: str) -> None:
        self.monthly = monthly
        self.blocks = store is not None
        self._store = store
        self._key = key
        self._turns = Turns()
        self._month, self._count = "", 0
        after_fork(self, Quota._after_fork)

    def _after_fork(self) -> None:
        self._turns = Turns()

    def covers(self, path: str) -> bool:
        """Whether calls to a path count."""
        return not is_free(path)

    def count(self, calls: int) -> bool:
        """Count calls and return True, or return False if that exceeds the quota; -1 takes one back."""
        month = f"{datetime.now(BEIJING):%Y-%m}"
        if self._store:
            answer = self._store.run("quota", f"{self._key}:{month}", calls, self.monthly, _LIFE_OF_A_MONTH)
            if answer:
                return bool(answer[0])
        with self._turns:
            if month != self._month:
                self._month, self._count = month, 0
            if self._count + calls > self.monthly:
                return False
            self._count += calls
        return True
