"""`/topapi/extcontact/*`: external contacts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from dingtalk_models.sandbox.server.endpoints import Code, FromJson, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of, present
from dingtalk_models.sandbox.state.company import Company

READ: Final = "qyapi_ext_read"
WRITE: Final = "qyapi_ext_write"

Contact = Annotated[dict[str, Any], FromJson]
UserId = Annotated[str, Field(min_length=1)]
Offset = Annotated[int, Field(ge=0), Code(40068)]


class Optional(TypedDict, total=False):
    """The optional fields of a contact."""

    title: str
    company_name: str
    address: str
    remark: str
    share_dept_ids: Annotated[list[int], Field(max_length=20)]
    share_user_ids: Annotated[list[str], Field(max_length=20)]


_OPTIONAL: Final = TypeAdapter(Optional)
_LABELS: Final = TypeAdapter(list[int])


def read(company: Company, given: dict[str, Any]) -> tuple[str, list[int], str, Optional]:
    """Return name, labels, follower and the other fields of a contact, or refuse them."""
    clientele = company.clientele
    if not clientele.enabled:
        raise Refused(60205)
    if not given.get("name"):
        raise Refused(60112)
    try:
        label_ids = _LABELS.validate_python(given.get("label_ids"))
    except ValidationError:
        raise Refused(60204) from None
    known = {label_id for group in clientele.label_groups for label_id in group.labels}
    if not 1 <= len(label_ids) <= 20 or not known.issuperset(label_ids):
        raise Refused(60204)
    if not given.get("follower_user_id"):
        raise Refused(40036)
    follower = company.user(str(given["follower_user_id"]))
    try:
        rest = _OPTIONAL.validate_python(given)
    except ValidationError:
        raise Refused(400002) from None
    return str(given["name"]), label_ids, follower.userid, rest


@endpoint("POST", "/topapi/extcontact/create", scope=WRITE, invalid=40036)
def create_contact(company: Company, *, contact: Contact) -> Result:
    """添加外部联系人: if a custom field is mandatory, it fails with a code that does not say so."""
    mobile, state_code = str(contact.get("mobile") or ""), str(contact.get("state_code") or "")
    if not mobile or not state_code:
        raise Refused(40036)
    if not mobile.isdecimal():
        raise Refused(60103)
    name, label_ids, follower, rest = read(company, contact)
    clientele = company.clientele
    if any((each.state_code, each.mobile) == (state_code, mobile) for each in clientele.contacts.values()):
        raise Refused(22005)
    if clientele.mandatory_custom_fields:
        raise Refused(40001, "系统繁忙")
    made = clientele.add(name, mobile, label_ids, follower, state_code)
    vars(made).update(rest)
    return {"userid": made.userid}


@endpoint("POST", "/topapi/extcontact/update", scope=WRITE, invalid=40036)
def update_contact(company: Company, *, contact: Contact) -> Result:
    """更新外部联系人: name, labels and follower are required; number and country code cannot be changed."""
    userid = str(contact.get("user_id") or "")
    if not userid:
        raise Refused(40003)
    if userid not in company.clientele.contacts:
        raise Refused(60121)
    name, label_ids, follower, rest = read(company, contact)
    changed = company.clientele.contacts[userid]
    changed.name, changed.label_ids, changed.follower_user_id = name, label_ids, follower
    vars(changed).update(rest)
    return {}


@endpoint("POST", "/topapi/extcontact/delete", scope=WRITE, invalid=33012)
def delete_contact(company: Company, *, user_id: UserId) -> Result:
    """删除外部联系人."""
    if company.clientele.contacts.pop(user_id, None) is None:
        raise Refused(33012)
    return {}


@endpoint("POST", "/topapi/extcontact/get", scope=READ, invalid=33012)
def get_contact(company: Company, *, user_id: UserId) -> Result:
    """获取外部联系人详情."""
    if user_id not in company.clientele.contacts:
        raise Refused(33012)
    return {"result": shown(company, user_id)}


@endpoint("POST", "/topapi/extcontact/list", scope=READ)
def list_contacts(
    company: Company, *, size: Annotated[int, Field(ge=1, le=100), Code(40069)] = 20, offset: Offset = 0
) -> Result:
    """获取外部联系人列表."""
    page, _ = page_of(list(company.clientele.contacts), offset, size)
    return {"results": [shown(company, userid) for userid in page]}


def shown(company: Company, userid: str) -> dict[str, Any]:
    """Return a contact in the form of a reply."""
    return present(asdict(company.clientele.contacts[userid]))
