"""`/gettoken`, `/get_jsapi_ticket`, `/v1.0/oauth2/*`: tokens and tickets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company


def _token_of_app(company: Company, appkey: str, appsecret: str | None, code: int | str) -> tuple[str, int]:
    """Return the app's token and its life in seconds. Refuse a wrong key or secret with `code`."""
    held = company.credentials
    if (appkey, appsecret) != (held.appkey, held.appsecret):
        raise Refused(code)
    return held.issue_token()


@endpoint("GET", "/gettoken", open=True)
def get_token(
    company: Company,
    *,
    appkey: str | None = None,
    appsecret: str | None = None,
    corpid: str | None = None,
    corpsecret: str | None = None,
) -> Result:
    """获取企业内部应用的access_token: the older API."""
    held = company.credentials
    if not (appkey or corpid):
        raise Refused(40035, "缺少参数 corpid or appkey")
    if not (appsecret if appkey else corpsecret):
        raise Refused(41004)
    if appkey:
        token, ttl = _token_of_app(company, appkey, appsecret, 40096)
    elif (corpid, corpsecret) == (held.corp_id, held.corp_secret):
        token, ttl = held.issue_token()
    else:
        raise Refused(40089)
    return {"access_token": token, "expires_in": ttl}


@endpoint("POST", "/v1.0/oauth2/accessToken", open=True, invalid="invalidClientIdOrSecret")
def access_token(
    company: Company,
    *,
    app_key: str,
    app_secret: str,
) -> Result:
    """获取企业内部应用的accessToken."""
    token, ttl = _token_of_app(company, app_key, app_secret, "invalidClientIdOrSecret")
    return {"accessToken": token, "expireIn": ttl}


@endpoint("POST", "/v1.0/oauth2/{corpId}/token", open=True, invalid="invalid.client", camel=False)
def corp_token(
    company: Company,
    *,
    corp_id: Annotated[str, Field(alias="corpId")],
    client_id: str,
    client_secret: str,
    grant_type: Annotated[str, Code("unsupported.grant.type")],
) -> Result:
    """获取应用的 Access Token."""
    if corp_id != company.credentials.corp_id:
        raise Refused("unknownError")
    if grant_type != "client_credentials":
        raise Refused("unsupported.grant.type")
    token, ttl = _token_of_app(company, client_id, client_secret, "invalid.client")
    return {"access_token": token, "expires_in": ttl}


@endpoint("GET", "/get_jsapi_ticket")
def get_jsapi_ticket(company: Company) -> Result:
    """获取jsapi_ticket: the older API."""
    ticket, ttl = company.credentials.issue_ticket()
    return {"ticket": ticket, "expires_in": ttl}


@endpoint("POST", "/v1.0/oauth2/jsapiTickets", scope="qyapi_base")
def jsapi_tickets(company: Company) -> Result:
    """获取jsapiTicket."""
    ticket, ttl = company.credentials.issue_ticket()
    return {"jsapiTicket": ticket, "expireIn": ttl}
