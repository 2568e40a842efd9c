"""Company accounts (企业账号), disabled and enabled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers import refused

from dingtalk_models import ApiError, DingTalkApp, InvalidRequest, NotFound, User
from dingtalk_models.sandbox import Sandbox

ONLY = ("exclusive.account.only", "只能操作归属该组织的专属账号")


@pytest.fixture
def account(app: DingTalkApp) -> User:
    return User.create("前台", None, [110], userid="front", exclusive_account=True, exclusive_account_type="sso")


def test_an_account_is_disabled_and_enabled(sandbox: Sandbox, account: User) -> None:
    assert User.objects.disable("front", reason="换人") is None
    assert sandbox.calls[-1].body == {"userId": "front", "reason": "换人"}
    assert account.refresh().disable_status is True
    assert {user.userid: user.disable_status for user in User.objects.list(110)}["front"] is True
    assert User.objects.enable("front") is None
    assert account.refresh().disable_status is False
    assert User.get("sunjing").disable_status is None


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("change", [User.objects.disable, User.objects.enable], ids=["disable", "enable"])
@pytest.mark.parametrize(
    ("userid", "kind", "refusal"),
    [
        ("sunjing", InvalidRequest, ONLY),
        ("guest", InvalidRequest, ONLY),
        ("nobody", NotFound, ("user.not.exist", "用户不存在")),
    ],
)
def test_only_accounts_of_this_company(
    sandbox: Sandbox, change: Callable[[str], None], userid: str, kind: type[ApiError], refusal: tuple[Any, str]
) -> None:
    sandbox.company.add_user("客人", userid="guest", exclusive_account=True, exclusive_account_corp_id="dingother")
    refused(lambda: change(userid), kind, refusal, sandbox)
