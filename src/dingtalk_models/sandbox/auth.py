"""Tokens, tickets and login codes: the endpoints of both hosts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .company import Company
from .credentials import opaque
from .endpoints import Code, Result, endpoint
from .errors import Refused


@endpoint("GET", "/gettoken", open=True)
def get_token(
    company: Company,
    *,
    appkey: str | None = None,
    appsecret: str | None = None,
    corpid: str | None = None,
    corpsecret: str | None = None,
) -> Result:
    """An app's token, old style (获取企业内部应用的access_token)."""
    held = company.credentials
    if not (appkey or corpid):
        raise Refused(40035, "缺少参数 corpid or appkey")
    if appkey:
        if (appkey, appsecret) != (held.appkey, held.appsecret):
            raise Refused(40096)
    elif (corpid, corpsecret) != (held.corp_id, held.corp_secret):
        raise Refused(40089)
    token, ttl = held.issue_token()
    return {"access_token": token, "expires_in": ttl}


@endpoint("POST", "/v1.0/oauth2/accessToken", open=True, invalid="invalidClientIdOrSecret")
def access_token(
    company: Company,
    *,
    appkey: Annotated[str, Field(alias="appKey")],
    appsecret: Annotated[str, Field(alias="appSecret")],
) -> Result:
    """An app's token (获取企业内部应用的accessToken)."""
    held = company.credentials
    if (appkey, appsecret) != (held.appkey, held.appsecret):
        raise Refused("invalidClientIdOrSecret")
    token, ttl = held.issue_token()
    return {"accessToken": token, "expireIn": ttl}


@endpoint("POST", "/v1.0/oauth2/{corpId}/token", open=True, invalid="invalid.client")
def corp_token(
    company: Company,
    *,
    corp_id: Annotated[str, Field(alias="corpId")],
    client_id: str,
    client_secret: str,
    grant_type: Annotated[str, Code("unsupported.grant.type")],
) -> Result:
    """An app's token in one company (获取应用的 Access Token)."""
    held = company.credentials
    if corp_id != held.corp_id:
        raise Refused("unknownError")
    if grant_type != "client_credentials":
        raise Refused("unsupported.grant.type")
    if (client_id, client_secret) != (held.appkey, held.appsecret):
        raise Refused("invalid.client")
    token, ttl = held.issue_token()
    return {"access_token": token, "expires_in": ttl}


@endpoint("GET", "/get_jsapi_ticket")
def get_jsapi_ticket(company: Company) -> Result:
    """The ticket that signs a page, old style (获取jsapi_ticket)."""
    ticket, ttl = company.credentials.issue_ticket()
    return {"ticket": ticket, "expires_in": ttl}


@endpoint("POST", "/v1.0/oauth2/jsapiTickets", scope="qyapi_base")
def jsapi_tickets(company: Company) -> Result:
    """The ticket that signs a page (获取jsapiTicket)."""
    ticket, ttl = company.credentials.issue_ticket()
    return {"jsapiTicket": ticket, "expireIn": ttl}


@endpoint("POST", "/topapi/v2/user/getuserinfo", scope="qyapi_base", invalid=41007)
def get_user_info(company: Company, *, code: Annotated[str, Field(min_length=1)]) -> Result:
    """Who a login code stands for (通过免登码获取用户信息)."""
    userid = company.credentials.redeem(code)
    if userid is None:
        raise Refused(40078)
    user = company.user(userid)
    admin = company.admins.get(userid)
    level = 100 if user.boss else admin.sys_level if admin else 0
    result = {
        "userid": userid,
        "unionid": user.unionid,
        "associated_unionid": opaque("associated", userid),
        "device_id": opaque("device", userid),
        "name": user.name,
        "sys": level > 0,
        "sys_level": level,
    }
    return {"result": result}
