"""`/oauth2/auth`, `/v1.0/oauth2/userAccessToken`, `sso*`, `/sns/getuserinfo_bycode`: logins."""

from __future__ import annotations

import base64
import hmac
from html import escape
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import Field

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.envelopes import Answer, ReceivedRequest
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import present
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import User
from dingtalk_models.sandbox.state.ids import opaque

PAGE: Final = "/oauth2/auth"
_USED: Final = "invalidParameter.authCode.notFound"
_TOLERANCE: Final = 60.0


@endpoint("POST", "/v1.0/oauth2/userAccessToken", open=True, invalid="invalidClientIdOrSecret")
def user_access_token(
    company: Company,
    *,
    client_id: str,
    client_secret: str,
    grant_type: Annotated[Literal["authorization_code", "refresh_token"], Code("invalidParameter")],
    code: str = "",
    refresh_token: str = "",
) -> Result:
    """获取用户token."""
    held = company.credentials
    if (client_id, client_secret) != (held.appkey, held.appsecret):
        raise Refused("invalidClientIdOrSecret")
    logins = company.logins
    grant = logins.redeem(code) if grant_type == "authorization_code" else logins.refresh(refresh_token)
    if grant is None:
        raise Refused(_USED)
    access, refresh = logins.issue(grant)
    return {"accessToken": access, "refreshToken": refresh, "expireIn": 7200, **present({"corpId": grant.corp_id})}


@endpoint("POST", "/v1.0/oauth2/ssoAccessToken", open=True, invalid="invalidClientIdOrSecret", camel=False)
def sso_access_token(company: Company, *, corpid: str, sso_secret: Annotated[str, Field(alias="ssoSecret")]) -> Result:
    """获取微应用后台免登的accessToken."""
    if (corpid, sso_secret) != (company.credentials.corp_id, company.credentials.sso_secret):
        raise Refused("invalidClientIdOrSecret")
    token, ttl = company.logins.issue_sso_token()
    return {"accessToken": token, "expireIn": ttl}


@endpoint("GET", "/v1.0/oauth2/ssoUserInfo", token="sso", invalid="invalidCode")
def sso_user_info(company: Company, *, code: str) -> Result:
    """获取应用管理后台免登的用户信息."""
    user = _admin(company, code, "invalidCode")
    return {
        "corpId": company.credentials.corp_id,
        "corpName": company.departments[1].name,
        "userId": user.userid,
        "userName": user.name,
        "email": user.email or "",
        "avatar": user.avatar or "",
        "isAdmin": user.boss or user.userid in company.admins,
    }


@endpoint("GET", "/sso/gettoken", open=True)
def sso_get_token(company: Company, *, corpid: str, corpsecret: str) -> Result:
    """获取微应用后台免登的access_token: the older API."""
    if (corpid, corpsecret) != (company.credentials.corp_id, company.credentials.sso_secret):
        raise Refused(40089)
    return {"access_token": company.logins.issue_sso_token()[0]}


@endpoint("GET", "/sso/getuserinfo", token="sso", invalid=41007)
def sso_get_user_info(company: Company, *, code: Annotated[str, Field(min_length=1)]) -> Result:
    """获取应用管理后台免登的用户信息: the older API."""
    user = _admin(company, code, 40078)
    shown = {"name": user.name, "userid": user.userid, "email": user.email or "", "avatar": user.avatar or ""}
    corporation = {"corpid": company.credentials.corp_id, "corp_name": company.departments[1].name}
    return {"user_info": shown, "corp_info": corporation, "is_sys": user.boss or user.userid in company.admins}


def _admin(company: Company, code: str, refusal: int | str) -> User:
    userid = company.credentials.redeem(code)
    if userid is None:
        raise Refused(refusal)
    return company.user(userid)


@endpoint("POST", "/sns/getuserinfo_bycode?accessKey&timestamp&signature", open=True)
def sns_get_user_info(
    company: Company,
    *,
    access_key: Annotated[str, Field(alias="accessKey"), Code(853003)],
    timestamp: Annotated[str, Code(853001)],
    signature: Annotated[str, Code(853004)],
    tmp_auth_code: Annotated[str, Field(min_length=1), Code(41026)],
) -> Result:
    """获取用户基本信息."""
    if not (timestamp.isascii() and timestamp.isdecimal()):
        raise Refused(853001)
    if abs(company.credentials.clock.now() - int(timestamp) / 1000) > _TOLERANCE:
        raise Refused(853002)
    if access_key != company.credentials.appkey:
        raise Refused(853003)
    expected = hmac.digest(company.credentials.appsecret.encode(), timestamp.encode(), "sha256")
    if not hmac.compare_digest(base64.b64encode(expected).decode(), signature):
        raise Refused(853004)
    userid = company.credentials.redeem(tmp_auth_code)
    if userid is None:
        raise Refused(40078)
    user = company.person(userid)
    shown = {"nick": user.nickname or user.name, "unionid": user.unionid, "openid": open_id(company, user)}
    return {"user_info": {**shown, "main_org_auth_high_level": True}}


def open_id(company: Company, user: User) -> str:
    """Return the open id, which identifies a person for this app only."""
    return opaque(company.credentials.appkey, user.userid)


def authorise(company: Company, call: ReceivedRequest) -> Answer:
    """Show the page where a person agrees to log in, or redirect to the app once one is chosen."""
    query = call.query
    problem = _problem(company, query)
    if problem:
        return _page("<h1>无法登录 · Cannot log in</h1><p>" + escape(problem) + "</p>", 400)
    if "userid" not in query:
        return _page(_choice(company, query))
    userid = query["userid"]
    if userid not in company.users and userid not in company.logins.strangers:
        return _page("<h1>无法登录 · Cannot log in</h1><p>userid</p>", 400)
    code = company.logins.mint_code(userid, query.get("scope", "openid"))
    back = urlsplit(query["redirect_uri"])
    added = {"code": code, "authCode": code, **present({"state": query.get("state")})}
    url = back._replace(query=urlencode([*parse_qsl(back.query, keep_blank_values=True), *added.items()])).geturl()
    return Answer(302, b"", {"location": url, "cache-control": "no-store"})


def _problem(company: Company, query: dict[str, str]) -> str | None:
    """Return the reason why nobody can log in."""
    redirect = urlsplit(query.get("redirect_uri", ""))
    if query.get("client_id") != company.credentials.appkey:
        return "client_id: 应用不存在 · there is no such app"
    if redirect.scheme not in {"http", "https"} or not redirect.netloc:
        return "redirect_uri: 须为完整的网址 · should be a whole URL"
    if query.get("response_type") != "code":
        return "response_type: code"
    if "openid" not in query.get("scope", "").split():
        return "scope: openid"
    return None


def _choice(company: Company, query: dict[str, Any]) -> str:
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in query.items()
    )
    people = "".join(
        f'<button name="userid" value="{escape(user.userid)}">{escape(user.name)}'
        f"<small>{escape(user.title or '')}</small></button>"
        for user in company.users.values()
    )
    strangers = "".join(
        f'<button name="userid" value="{escape(user.userid)}">{escape(user.name)}</button>'
        for user in company.logins.strangers.values()
    )
    name = escape(company.departments[1].name)
    return (
        "<h1>登录 · Log in</h1><p>选择一个人 · Choose a person</p>"
        f'<form action="{PAGE}" method="get">{kept}<h2>{name}</h2>{people}'
        f"<h2>其他企业的人 · People of other companies</h2>{strangers}</form>"
    )


def _page(content: str, status: int = 200) -> Answer:
    style = (
        "body{font:16px sans-serif;max-width:48em;margin:2em auto;padding:0 1em}"
        "button{font:inherit;margin:.25em;padding:.5em 1em}small{color:#666;margin-left:.5em}h2{font-size:1em}"
    )
    page = (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><title>沙箱登录 · Sandbox</title>'
        f'<link rel="icon" href="data:,"><style>{style}</style>{content}</html>'
    )
    headers = {"content-type": "text/html;charset=utf-8", "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Answer(status, page.encode(), headers)
