"""`/topapi/extcontact/listlabelgroups`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dingtalk_models.sandbox.customer.external_contact import READ, Offset
from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.state.company import Company


@endpoint("POST", "/topapi/extcontact/listlabelgroups", scope=READ)
def list_label_groups(
    company: Company, *, size: Annotated[int, Field(ge=1, le=100), Code(41101)] = 20, offset: Offset = 0
) -> Result:
    """获取外部联系人标签列表: an offset past the end returns the last groups again."""
    groups = company.clientele.label_groups
    page = groups[offset : offset + size] or groups[-size:]
    results = [
        {
            "name": group.name,
            "color": group.color,
            "labels": [{"id": label_id, "name": name} for label_id, name in group.labels.items()],
        }
        for group in page
    ]
    return {"results": results}
