"""Attendance and approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dingtalk_models.core.lazy import lazy

if TYPE_CHECKING:
    from dingtalk_models.smartwork.module import Smartwork as Smartwork
else:
    __getattr__, __dir__ = lazy(globals(), {"module": "Smartwork"})
