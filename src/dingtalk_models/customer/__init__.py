"""Customers: external contacts, label groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dingtalk_models.core.lazy import lazy

if TYPE_CHECKING:
    from dingtalk_models.customer.module import Customer as Customer
else:
    __getattr__, __dir__ = lazy(globals(), {"module": "Customer"})
