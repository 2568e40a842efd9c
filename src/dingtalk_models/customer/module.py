"""`app.customer`: external contacts, label groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dingtalk_models.call.operation import method, operation
from dingtalk_models.customer.external_contact import ExternalContact, ExternalContactManager
from dingtalk_models.customer.label_group import LabelGroupManager
from dingtalk_models.first_generation.customer_fields import as_text, old_contact
from dingtalk_models.first_generation.formerly import formerly
from dingtalk_models.resource.manager import Module, alias, managed
from dingtalk_models.resource.query import Query


class Customer(Module):
    """The managers of external contacts and label groups, bound to an app."""

    external_contacts = managed(ExternalContactManager)
    """External contacts."""
    label_groups = managed(LabelGroupManager)
    """Label groups."""

    # -- the first generation's names -----------------------------------------------------------------------------

    @formerly(LabelGroupManager.list)
    def get_label_groups(self, size: int = 20, offset: int = 0) -> None: ...
    @formerly(ExternalContactManager.list)
    def get_ext_list(self, size: int = 20, offset: int = 0) -> None: ...
    @formerly(ExternalContactManager.create, "dingtalk.corp.ext.add", contact_info=old_contact)
    def add_corp_ext(self, contact_info: Mapping[str, Any] | str) -> None: ...
    @formerly(ExternalContactManager.update, "dingtalk.corp.ext.update", contact_info=old_contact)
    def update_corp_ext(self, contact_info: Mapping[str, Any] | str) -> None: ...
    @formerly(ExternalContactManager.delete, user_id=lambda user_id: {"userid": as_text(user_id)})
    def delete_corp_ext(self, user_id: int | str) -> None: ...

    get_all_label_groups = alias(LabelGroupManager.all)

    @method("dingtalk.corp.ext.all")
    @operation
    def get_all_ext_list(self) -> Query[ExternalContact]:
        """List every external contact, each once."""
        return self.external_contacts.all.call()
