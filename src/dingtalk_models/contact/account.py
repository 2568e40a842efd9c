"""A person's own account, as shown to an app that they log in to."""

from __future__ import annotations

from typing import ClassVar

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import api
from dingtalk_models.core.wire import camel
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Record


class AccountManager(Manager):
    """Accounts of people."""

    @api("contact_1_0.GetUser", "GET /v1.0/contact/users/{unionId}")
    def get(self, union_id: str = "me") -> Call[Account]:
        """Get the account of a person who has logged in (获取用户通讯录个人信息).

        It needs a user token: `app.as_user(token).contact.accounts.get()`, or shorter `token.me()`.

        Args:
            union_id: the person; by default the owner of the token.

        Raises:
            NotFound: there is no such person, or the token is an app's.

        Source: dingtalk-retrieve-user-information
        """
        return Call(Account)


class Account(Record, alias_generator=camel):
    """A person's account (用户通讯录个人信息), which is the same in all their companies.

    Never look somebody up by its mobile number or e-mail address: these may belong to another company, or be claimed by
    anybody. `UserToken.member()` returns the person's user in this company.

    Attributes:
        nick: the nickname.
        avatar_url: the picture.
        mobile: the mobile number, if the person and the app's permissions allow it.
        open_id: the id for this app only.
        union_id: the id that is the same for all apps of one developer.
        email: the person's own e-mail address.
        state_code: the country code of the mobile number.
        login_email: the address that they log in with. Known from the official SDK only, as the next.
        visitor: whether they are a visitor.
    """

    objects: ClassVar[AccountManager] = AccountManager()

    nick: str | None
    avatar_url: str | None
    mobile: str | None
    open_id: str | None
    union_id: str | None
    email: str | None
    state_code: str | None
    login_email: str | None = None
    visitor: bool | None = None
