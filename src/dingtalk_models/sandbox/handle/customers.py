"""The external contacts of the company."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.handle.operations import Body, operation
from dingtalk_models.sandbox.handle.problems import found
from dingtalk_models.sandbox.state.customer import ExternalContact, LabelGroup


class NewContact(Body):
    """An external contact and the user who follows them."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    mobile: Annotated[str, Field(pattern=r"^\d{4,15}$")]
    state_code: Annotated[str, Field(pattern=r"^\d{1,4}$")] = "86"
    label_ids: list[int] = []
    follower_user_id: str


@operation("GET", "/external-contacts", "company.clientele.contacts")
def list_contacts(sandbox: Sandbox) -> list[ExternalContact]:
    """List the external contacts. / 列出外部联系人。"""
    return list(sandbox.company.clientele.contacts.values())


@operation("POST", "/external-contacts", "company.clientele.add")
def add_contact(sandbox: Sandbox, body: NewContact) -> ExternalContact:
    """Add an external contact. / 添加外部联系人。"""
    clientele = sandbox.company.clientele
    return clientele.add(body.name, body.mobile, body.label_ids, body.follower_user_id, body.state_code)


@operation("DELETE", "/external-contacts/{userid}", "company.clientele.contacts")
def remove_contact(sandbox: Sandbox, userid: str) -> None:
    """Remove an external contact. / 删除外部联系人。"""
    found(sandbox.company.clientele.contacts, userid, "external contact")
    del sandbox.company.clientele.contacts[userid]


@operation("GET", "/label-groups", "company.clientele.label_groups")
def list_label_groups(sandbox: Sandbox) -> list[LabelGroup]:
    """List the labels for external contacts, by groups. / 列出外部联系人的标签组。"""
    return sandbox.company.clientele.label_groups
