"""The fields for creating and changing users, and the options for listing them."""

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
"""By time of entry or change, ascending or descending, or in the custom order."""

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
"""Custom fields of the company's people; at most 2000 characters as JSON."""


class DeptOrder(Shape):
    """The order of a user in one department, descending."""

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
    """The fields of a user that can be set when they are created or changed."""

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
    """Company mailbox, at most 100 characters; only if the company uses company mail."""
    org_email_type: Literal["profession", "base"]
    """The edition of the company mailbox."""
    work_place: Annotated[str, Field(max_length=100)]
    """Place of work, at most 100 characters."""
    remark: Annotated[str, Field(max_length=2000)]
    """Remark, at most 2000 characters."""
    dept_order_list: Sequence[OrDict[DeptOrder]]
    """The user's order in each department, descending."""
    dept_title_list: Sequence[DeptTitle]
    """The user's title in each department."""
    dept_position_list: Sequence[OrDict[DeptPosition]]
    """Translations of extension fields."""
    extension: Extension
    """Custom fields; at most 2000 characters as JSON."""
    senior_mode: bool
    """Protect an executive: hide the number, and restrict who can contact them."""
    hired_date: Millis
    """The day the user was hired."""
    manager_userid: str
    """The user's direct manager."""
    exclusive_mobile: str
    """Company account: a number for verification, such as `+86-13412341234`."""
    avatar_media_id: Annotated[str, wire("avatarMediaId")]
    """Company account: the picture, as a media id."""
    nickname: str
    """Company account: the nickname."""
    init_password: Annotated[str | SecretStr, Hidden(min_length=8)]
    """Company account: the initial password of at least 8 characters, not only letters or only digits."""
    send_password_to_user: bool
    """Company account: send the password to the user."""


class NewUserFields(UserFields, total=False):
    """The fields for creating a user."""

    userid: Annotated[str, Field(min_length=1, max_length=64)]
    """1 to 64 characters, unique in the company, and never changed; by default the platform generates one."""
    login_email: str
    """The e-mail for logging in."""
    exclusive_account: bool
    """Create a company account (企业账号)."""
    exclusive_account_type: Literal["sso", "dingtalk"]
    """The service that checks the login of the company account."""
    login_id: str
    """Company account: the login name."""
    outer_exclusive_corpid: str
    """The company of an invited account."""
    outer_exclusive_userid: str
    """The userid of an invited account in the other company."""


class UserChanges(UserFields, total=False):
    """The fields of a user that can be changed. The mobile number cannot be changed."""

    name: UserName
    """At most 80 characters."""
    dept_id_list: Annotated[CommaInts, Field(max_length=100)]
    """All departments of the user, at most 100."""
    ext_attrs_update_mode: Literal[0, 1]
    """0 to replace all extension fields, 1 to change only the given ones."""
    language: Language
    """The language of the texts."""
    force_update_fields: CommaStrs
    """Fields to clear if their given value is empty: `manager_userid`, `org_email`."""
    login_id: Annotated[str, wire("loginId")]
    """Company account: the login name."""


class UserListing(TypedDict, total=False):
    """The options for listing the members of a department."""

    cursor: From
    """The start of the list; by default the first user."""
    size: PageSize
    """The page size; by default 100, which is the maximum."""
    order_field: OrderField | None
    """Their order."""
    contain_access_limit: bool | None
    """Whether to include users with limited access."""
    language: Language
    """The language of the texts; by default `zh_CN`."""
