"""A person's own account, as they show it to an app that they log in to."""

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
        """The account of a person who has logged in (获取用户通讯录个人信息).

        It needs the token of a person: `app.as_user(token).contact.accounts.get()`, or shorter `token.me()`.

        Args:
            union_id: the person; by default the one whose token it is.

        Raises:
            NotFound: there is no such person, or the token is an app's.

        Source: dingtalk-retrieve-user-information
        """
        return Call(Account)


class Account(Record, alias_generator=camel):
    """The account of a person (用户通讯录个人信息). It is theirs, in every company that they belong to.

    Its mobile number and e-mail address may belong to another company, or may be claimed by anybody: never look
    somebody up by them. `UserToken.member()` says who the person is in this company.

    Attributes:
        nick: the name that the person goes by.
        avatar_url: the picture.
        mobile: the mobile number, if the person and the app's permissions allow it.
        open_id: the id for this app alone.
        union_id: the id that is the same in all companies of one developer.
        email: the person's own e-mail address.
        state_code: the country code of the mobile number.
    """

    objects: ClassVar[AccountManager] = AccountManager()

    nick: str | None
    avatar_url: str | None
    mobile: str | None
    open_id: str | None
    union_id: str | None
    email: str | None
    state_code: str | None
