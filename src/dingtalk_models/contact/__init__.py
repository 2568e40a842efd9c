"""Contacts: departments, users, roles, and the directory as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dingtalk_models.core.lazy import lazy

if TYPE_CHECKING:
    from dingtalk_models.contact.module import Contact as Contact
else:
    __getattr__, __dir__ = lazy(globals(), {"module": "Contact"})
