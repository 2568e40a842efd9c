"""Label groups of external contacts (外部联系人标签)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from dingtalk_models.call.operation import api, operation
from dingtalk_models.call.paging import OFFSET
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record
from dingtalk_models.resource.query import Listing, Query


class LabelGroupManager(Manager):
    """Label groups of external contacts (外部联系人标签)."""

    @api(
        "dingtalk.oapi.extcontact.listlabelgroups",
        "POST /topapi/extcontact/listlabelgroups",
        "dingtalk.corp.ext.listlabelgroups",
        "dingtalk.corp.extcontact.listlabelgroups",
        idempotent=True,
    )
    def list(
        self, *, size: Annotated[int, Field(ge=1, le=100)] = 100, offset: Annotated[int, Field(ge=0)] = 0
    ) -> Query[LabelGroup]:
        """List the label groups with their labels, each once (获取外部联系人标签列表).

        Args:
            size: the page size, at most 100.
            offset: how many groups to skip.

        Source: obtains-a-list-of-external-contact-tags
        """
        groups = Listing(LabelGroup, OFFSET, "results")
        return groups.distinct(lambda group: (group.name, *(label.id for label in group.labels)))

    @operation
    def all(self) -> Query[LabelGroup]:
        """List every label group with its labels, each once."""
        return self.list.call()


class Label(Record):
    """A label. The `label_ids` of external contacts refer to its `id`."""

    id: int
    name: str = ""


class LabelGroup(Model):
    """A label group (标签组). Its colour is a signed ARGB number; it has no id."""

    objects: ClassVar[LabelGroupManager] = LabelGroupManager()

    name: str = ""
    color: int | None = None
    labels: list[Label] = []
