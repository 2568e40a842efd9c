"""`/v1.0/contact/users/{unionId}`: the accounts of people who log in."""

from __future__ import annotations

from dingtalk_models.sandbox.auth.login import open_id
from dingtalk_models.sandbox.server.endpoints import Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import present
from dingtalk_models.sandbox.state.company import Company


@endpoint("GET", "/v1.0/contact/users/{unionId}", scope="Contact.User.Read", invalid="invalidParameter.user.notFound")
def get_user(company: Company, *, union_id: str) -> Result:
    """获取用户通讯录个人信息: of the person whose token it is, by union id or as `me`."""
    caller = company.caller
    if caller is None or union_id not in {"me", caller.unionid}:
        raise Refused("invalidParameter.user.notFound")
    return present(
        {
            "nick": caller.nickname or caller.name,
            "avatarUrl": caller.avatar,
            "mobile": caller.mobile,
            "openId": open_id(company, caller),
            "unionId": caller.unionid,
            "email": caller.email,
            "stateCode": caller.state_code or "86",
        }
    )
