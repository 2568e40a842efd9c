"""`app.customer`: external contacts, label groups."""

from __future__ import annotations

from functools import cached_property

from dingtalk_models.core.model import Module
from dingtalk_models.customer.external_contact import ExternalContactManager
from dingtalk_models.customer.label_group import LabelGroupManager


class Customer(Module):
    """The managers of external contacts, label groups, bound to an app."""

    @cached_property
    def external_contacts(self) -> ExternalContactManager:
        """External contacts."""
        return ExternalContactManager(self.app)

    @cached_property
    def label_groups(self) -> LabelGroupManager:
        """Label groups."""
        return LabelGroupManager(self.app)
