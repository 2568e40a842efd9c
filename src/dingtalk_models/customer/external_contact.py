"""External contacts (外部联系人): customers, suppliers and candidates that a company's users follow."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import TypedDict, Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, api, operation
from dingtalk_models.call.paging import OFFSET
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import empty_list, wire
from dingtalk_models.customer.label_group import Label, LabelGroup
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.customer_fields import old_contact
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Saved
from dingtalk_models.resource.query import Listing, Query

if TYPE_CHECKING:
    from dingtalk_models.contact.user import User

ContactName = Annotated[str, Field(min_length=1), wire("contact.name", "name")]
LabelIds = Annotated[list[int], Field(min_length=1, max_length=20), wire("contact.label_ids", "label_ids")]
FollowerId = Annotated[str, Field(min_length=1), wire("contact.follower_user_id")]
UserId = Annotated[str, Field(min_length=1), wire("user_id")]


class ContactFields(TypedDict, total=False):
    """The fields of an external contact that can be set when it is created or changed."""

    title: Annotated[str, wire("contact.title", "title")]
    """Position."""
    company_name: Annotated[str, wire("contact.company_name", "company_name")]
    """The company that the contact works for."""
    address: Annotated[str, wire("contact.address", "address")]
    """Address."""
    remark: Annotated[str, wire("contact.remark", "remark")]
    """Remark."""
    share_dept_ids: Annotated[list[int], Field(max_length=20), wire("contact.share_dept_ids", "share_dept_ids")]
    """Departments that see the contact, at most 20."""
    share_userids: Annotated[list[str], Field(max_length=20), wire("contact.share_user_ids")]
    """Users that see the contact, at most 20."""


class ContactChanges(ContactFields, total=False):
    """The fields of an external contact that can be changed. The mobile number and country code cannot."""

    name: ContactName
    """The name."""
    label_ids: LabelIds
    """Labels, 1 to 20; see `LabelGroup`."""
    follower_userid: FollowerId
    """The user who follows the contact."""


class ExternalContactManager(Manager):
    """External contacts (外部联系人)."""

    @api(
        "dingtalk.oapi.extcontact.list",
        "POST /topapi/extcontact/list",
        "dingtalk.corp.ext.list",
        "dingtalk.corp.extcontact.list",
        idempotent=True,
    )
    def list(
        self, *, size: Annotated[int, Field(ge=1, le=100)] = 100, offset: Annotated[int, Field(ge=0)] = 0
    ) -> Query[ExternalContact]:
        """List the external contacts, each once (获取外部联系人列表).

        Args:
            size: the page size, at most 100.
            offset: how many contacts to skip.

        Source: obtain-the-external-contact-list
        """
        contacts = Listing(ExternalContact, OFFSET, "results")
        return contacts.distinct(lambda contact: contact.userid)

    @operation
    def all(self) -> Query[ExternalContact]:
        """List every external contact, each once."""
        return self.list.call()

    @also_takes(older_ids.one_user)
    @api("dingtalk.oapi.extcontact.get", "POST /topapi/extcontact/get", "dingtalk.corp.extcontact.get", idempotent=True)
    def get(self, userid: UserId) -> Call[ExternalContact]:
        """Get an external contact (获取外部联系人详情).

        Args:
            userid: the contact's id.

        Raises:
            NotFound: there is no such contact.

        Source: obtains-the-external-contact-details-of-an-enterprise
        """
        return Call(ExternalContact)

    @api(
        "dingtalk.oapi.extcontact.create",
        "POST /topapi/extcontact/create",
        Old("dingtalk.corp.ext.add", contact=old_contact),
        "dingtalk.corp.extcontact.create",
    )
    def create(
        self,
        name: ContactName,
        mobile: Annotated[str, Field(min_length=1), wire("contact.mobile", "mobile")],
        label_ids: LabelIds,
        follower_userid: FollowerId,
        *,
        state_code: Annotated[str, Field(min_length=1), wire("contact.state_code", "state_code")] = "86",
        **fields: Unpack[ContactFields],
    ) -> Call[ExternalContact]:
        """Add an external contact (添加外部联系人).

        Args:
            name: the name.
            mobile: the mobile number, without the country code.
            label_ids: labels, 1 to 20; see `LabelGroup`.
            follower_userid: the user who follows the contact.
            state_code: the country code of the mobile number.
            fields: see `ContactFields`.

        Returns:
            The contact, with its new id and the given fields.

        Raises:
            AlreadyExists: there already is a contact with this number.
            InvalidRequest: a value is malformed, or the company has a mandatory custom field, which this API cannot
                send. In the second case, the error has a `hint`.
            PermissionDenied: the company does not use external contacts.

        Source: add-enterprise-external-contacts
        """
        given: dict[str, Any] = {
            "name": name, "mobile": mobile, "label_ids": label_ids, "follower_userid": follower_userid,
            "state_code": state_code, **fields,
        }  # fmt: skip
        call = Call(str, "userid", **given)
        return call.then(lambda userid: ExternalContact.model_validate({"userid": userid, **given}, by_name=True))

    @api(
        "dingtalk.oapi.extcontact.update",
        "POST /topapi/extcontact/update",
        Old("dingtalk.corp.ext.update", contact=old_contact),
        "dingtalk.corp.extcontact.update",
    )
    def update(
        self,
        userid: Annotated[str, Field(min_length=1), wire("contact.user_id")],
        name: ContactName,
        label_ids: LabelIds,
        follower_userid: FollowerId,
        **fields: Unpack[ContactFields],
    ) -> Call[None]:
        """Change an external contact (更新外部联系人).

        Args:
            userid: the contact's id.
            name: the name, even if it does not change.
            label_ids: labels, 1 to 20, even if they do not change.
            follower_userid: the user who follows the contact, even if it does not change.
            fields: other fields to change; see `ContactFields`.

        Raises:
            NotFound: there is no such contact.

        Source: update-enterprise-external-contacts
        """
        return Call(None)

    @also_takes(older_ids.one_user)
    @api(
        "dingtalk.oapi.extcontact.delete",
        "POST /topapi/extcontact/delete",
        "dingtalk.corp.extcontact.delete",
    )
    def delete(self, userid: UserId) -> Call[None]:
        """Delete an external contact (删除外部联系人).

        Args:
            userid: the contact's id.

        Raises:
            NotFound: there is no such contact.

        Source: delete-external-contact
        """
        return Call(None)


class ExternalContact(Model, Saved["ExternalContact"]):
    """An external contact (外部联系人)."""

    objects: ClassVar[ExternalContactManager] = ExternalContactManager()
    get = objects.get
    create = objects.create
    key: ClassVar = ("userid",)

    userid: str
    name: str = ""
    mobile: str | None = None
    """The mobile number. The platform may mask parts of it."""
    state_code: str | None = None
    email: str | None = None
    title: str | None = None
    company_name: str | None = None
    address: str | None = None
    remark: str | None = None
    label_ids: list[int] = empty_list()
    follower_userid: Annotated[str | None, wire("follower_user_id")] = None
    share_dept_ids: list[int] = empty_list()
    share_userids: Annotated[list[str], wire("share_user_ids")] = empty_list()

    @operation
    def update(self, **fields: Unpack[ContactChanges]) -> Flow[ExternalContact]:
        """Change fields of this contact, and update this object.

        Args:
            fields: see `ContactChanges`.
        """
        # the platform requires these three with every change
        kept = {"name": self.name, "label_ids": self.label_ids, "follower_userid": self.follower_userid}
        return self.updated({**kept, **fields}, fields)

    @operation
    def follower(self) -> Flow[User | None]:
        """Get the user who follows this contact."""
        from dingtalk_models.contact.user import User  # noqa: PLC0415 - only when used

        return (yield from User.objects.get.call(self.follower_userid)) if self.follower_userid else None

    @operation
    def labels(self) -> Flow[builtins.list[Label]]:
        """Get the labels of this contact, with their names."""
        groups = yield from LabelGroup.objects.all.call().collect()
        return [label for group in groups for label in group.labels if label.id in self.label_ids]
