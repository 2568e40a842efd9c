"""`/v1.0/contact/users/{unionId}`, `/auth/scopes`: people's accounts, and the app's contact scope."""

from __future__ import annotations

from typing import Final

from dingtalk_models.sandbox.auth.login import open_id
from dingtalk_models.sandbox.server.endpoints import Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import present
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import ROOT


@endpoint("GET", "/v1.0/contact/users/{unionId}", scope="Contact.User.Read", invalid="invalidParameter.user.notFound")
def get_user(company: Company, *, union_id: str) -> Result:
    """获取用户通讯录个人信息: of anybody with the app's token; with a user's token, only of that user, or of `me`."""
    caller = company.caller
    if caller is None:
        person = company.find_user(unionid=union_id)
    else:
        person = caller if union_id in {"me", caller.unionid} else None
    if person is None:
        raise Refused("invalidParameter.user.notFound")
    return present(
        {
            "nick": person.nickname or person.name,
            "avatarUrl": person.avatar,
            "mobile": person.mobile,
            "openId": open_id(company, person),
            "unionId": person.unionid,
            "email": person.email,
            "stateCode": person.state_code or "86",
        }
    )


FIELDS: Final = (
    *("jobnumber", "isLeader", "name", "position", "isAdmin", "avatar", "department", "userid", "deviceId", "isHide"),
    *("mobile", "email"),
)


@endpoint("GET", "/auth/scopes", scope="qyapi_base")
def get_scopes(company: Company) -> Result:
    """获取通讯录权限范围: the whole company."""
    del company
    scopes = {"authed_dept": [ROOT], "authed_user": list[str]()}
    return {"auth_org_scopes": scopes, "auth_user_field": FIELDS, "condition_field": []}
