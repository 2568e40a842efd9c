"""`app.customer`: external contacts, label groups."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from dingtalk_models.core.call import Call
from dingtalk_models.core.json_values import loaded
from dingtalk_models.core.model import Module, alias, managed
from dingtalk_models.core.operation import method, operation
from dingtalk_models.core.query import Query
from dingtalk_models.customer.external_contact import ExternalContact, ExternalContactManager
from dingtalk_models.customer.label_group import LabelGroupManager

_Whole = Annotated[dict[str, Any], BeforeValidator(loaded)]
"""An object, or its JSON text."""


class Customer(Module):
    """The managers of external contacts, label groups, bound to an app."""

    external_contacts = managed(ExternalContactManager)
    """External contacts."""
    label_groups = managed(LabelGroupManager)
    """Label groups."""

    # -- the first generation's names -----------------------------------------------------------------------------

    get_label_groups = alias(LabelGroupManager.list)
    get_all_label_groups = alias(LabelGroupManager.all)
    get_ext_list = alias(ExternalContactManager.list)
    delete_corp_ext = alias(ExternalContactManager.delete)

    @method("dingtalk.corp.ext.all")
    @operation
    def get_all_ext_list(self) -> Query[ExternalContact]:
        """Every external contact, once."""
        return self.external_contacts.all.call()

    @operation
    def add_corp_ext(self, contact: _Whole) -> Call[ExternalContact]:
        """Add an external contact.

        Args:
            contact: what `external_contacts.create` takes, as one object.
        """
        return self.external_contacts.create.call(**contact)

    @operation
    def update_corp_ext(self, contact: _Whole) -> Call[None]:
        """Change an external contact.

        Args:
            contact: what `external_contacts.update` takes, as one object; the contact's id may be called `user_id`.
        """
        return self.external_contacts.update.call(**contact)
