"""What a user may be given, and how users are listed: field sets, and the objects in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, SecretStr
from typing_extensions import TypedDict

from dingtalk_models.core.secret import Hidden
from dingtalk_models.core.wire import CommaInts, CommaStrs, JsonObject, Language, Millis, wire
from dingtalk_models.resource.model import OrDict, Shape

OrderField = Literal["entry_asc", "entry_desc", "modify_asc", "modify_desc", "custom"]
"""By entry or change, ascending or descending, or as arranged by hand."""

UserName = Annotated[str, Field(min_length=1, max_length=80)]
PageSize = Annotated[int, Field(ge=1, le=100)]
From = Annotated[int, Field(ge=0)]

_LONGEST_EXTENSION = 2000


def _short_enough(extension: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if len(json.dumps(extension, ensure_ascii=False)) > _LONGEST_EXTENSION:
        raise ValueError(
            f"as JSON, at most {_LONGEST_EXTENSION} characters / 转为 JSON 后最多 {_LONGEST_EXTENSION} 个字符"
        )
    return extension


Extension = Annotated[JsonObject, AfterValidator(_short_enough)]
"""Fields that an administrator has added to the company's people; at most 2000 characters as JSON."""


class DeptOrder(Shape):
    """The place of a user in one department: the larger comes first."""

    dept_id: int
    order: int


class DeptTitle(TypedDict):
    """The title of a user in one department."""

    dept_id: int
    title: str


class DeptPosition(Shape):
    """Translations of a user's extension fields."""

    extension_i18n: dict[str, JsonValue] | None = None


class UserFields(TypedDict, total=False):
    """What a user may be given when created, and changed to later."""

    hide_mobile: bool
    """Hide the number from colleagues; calls and DINGs still work."""
    telephone: Annotated[str, Field(max_length=50)]
    """Office telephone, at most 50 characters; unique in the company."""
    job_number: Annotated[str, Field(max_length=50)]
    """Job number, at most 50 characters."""
    title: Annotated[str, Field(max_length=200)]
    """Title, at most 200 characters."""
    email: Annotated[str, Field(max_length=50)]
    """E-mail, at most 50 characters; unique in the company."""
    org_email: Annotated[str, Field(max_length=100)]
    """Company mailbox, at most 100 characters; only where company mail is in use."""
    org_email_type: Literal["profession", "base"]
    """The edition of the company mailbox."""
    work_place: Annotated[str, Field(max_length=100)]
    """Place of work, at most 100 characters."""
    remark: Annotated[str, Field(max_length=2000)]
    """Remark, at most 2000 characters."""
    dept_order_list: Sequence[OrDict[DeptOrder]]
    """The user's place in each department: the larger comes first."""
    dept_title_list: Sequence[DeptTitle]
    """The user's title in each department."""
    dept_position_list: Sequence[OrDict[DeptPosition]]
    """Translations of extension fields."""
    extension: Extension
    """Fields that an administrator has added; at most 2000 characters as JSON."""
    senior_mode: bool
    """Protect an executive: hide the number and restrict who may write."""
    hired_date: Millis
    """When the user joined."""
    manager_userid: str
    """The user's direct manager."""
    exclusive_mobile: str
    """Company account: a number for verification, as `+86-13412341234`."""
    avatar_media_id: Annotated[str, wire("avatarMediaId")]
    """Company account: the picture, as a media id."""
    nickname: str
    """Company account: the nickname."""
    init_password: Annotated[str | SecretStr, Hidden(min_length=8)]
    """Company account: the first password; 8 characters at least, neither all letters nor all digits."""
    send_password_to_user: bool
    """Company account: send the password to the user."""


class NewUserFields(UserFields, total=False):
    """What a user may be given when created."""

    userid: Annotated[str, Field(min_length=1, max_length=64)]
    """1 to 64 characters, unique in the company, and never changed; the platform makes one where it is not given."""
    login_email: str
    """The e-mail to log in with."""
    exclusive_account: bool
    """Make a company account (企业账号)."""
    exclusive_account_type: Literal["sso", "dingtalk"]
    """Who checks the company account's login."""
    login_id: str
    """Company account: the name to log in with."""
    outer_exclusive_corpid: str
    """The company whose account is invited."""
    outer_exclusive_userid: str
    """The account of the other company that is invited."""


class UserChanges(UserFields, total=False):
    """What a user may be changed to. The mobile number cannot be changed."""

    name: UserName
    """At most 80 characters."""
    dept_id_list: Annotated[CommaInts, Field(max_length=100)]
    """Every department that the user is to be in, at most 100."""
    ext_attrs_update_mode: Literal[0, 1]
    """0 replaces all extension fields by those given, 1 changes only those given."""
    language: Language
    """The language that the texts are in."""
    force_update_fields: CommaStrs
    """Fields to clear where they are given empty: `manager_userid`, `org_email`."""
    login_id: Annotated[str, wire("loginId")]
    """Company account: the name to log in with."""


class UserListing(TypedDict, total=False):
    """How to list the members of a department."""

    cursor: From
    """Where to begin; by default at the first."""
    size: PageSize
    """How many a call brings, 100 at most and by default."""
    order_field: OrderField | None
    """Their order."""
    contain_access_limit: bool | None
    """Whether to include users whose access is limited."""
    language: Language
    """The language of texts; by default `zh_CN`."""
