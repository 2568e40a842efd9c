"""`/call_back/*`: the callback address for events, and the events that could not be pushed to it."""

from __future__ import annotations

import logging
import re
from functools import partial
from typing import Annotated, Unpack

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.callback.tags import TAGS
from dingtalk_models.sandbox.server.endpoints import Code, Result, Waiting, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.pushing import Registration, post
from dingtalk_models.sandbox.state.callback import Push
from dingtalk_models.sandbox.state.company import Company

log = logging.getLogger("dingtalk_models.sandbox")


def _known(tags: list[str]) -> list[str]:
    if not TAGS.issuperset(tags) or not tags:
        raise ValueError("no such tag")
    return tags


def _is_address(url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", url):
        raise ValueError("not an address")
    return url


Tags = Annotated[list[str], AfterValidator(_known), Code(71008, missing=71010)]
Token = Annotated[str, Field(min_length=6, max_length=63)]
AesKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}$")]
Url = Annotated[str, AfterValidator(_is_address), Code(71011, missing=71010)]


class CallbackFields(TypedDict):
    """The fields for registering an address."""

    call_back_tag: Tags
    token: Token
    aes_key: AesKey
    url: Url


def _register(company: Company, given: CallbackFields, *, anew: bool) -> Waiting:
    """Register an address if it answers a `check_url`, either as the first one or instead of the present one."""

    def check() -> None:
        if (company.callbacks.registration is None) != anew:
            raise Refused(71006 if anew else 71007)

    check()
    keys = (given["token"], given["aes_key"], given["url"])
    registration = Registration(tuple(given["call_back_tag"]), *keys, company.credentials.corp_id)
    status, problem = yield partial(post, registration, {"EventType": "check_url"})
    if problem:
        log.warning("the callback address %s cannot be registered: %s", given["url"], problem)
        raise Refused(71012 if status != 200 else 71009)
    check()
    company.callbacks.registration = registration
    return {}


@endpoint("POST", "/call_back/register_call_back", invalid=71010)
def register_call_back(company: Company, **given: Unpack[CallbackFields]) -> Waiting:
    """注册回调事件: an app has at most one address."""
    return _register(company, given, anew=True)


@endpoint("POST", "/call_back/update_call_back", invalid=71010)
def update_call_back(company: Company, **given: Unpack[CallbackFields]) -> Waiting:
    """更新事件接口."""
    return _register(company, given, anew=False)


@endpoint("GET", "/call_back/get_call_back")
def get_call_back(company: Company) -> Result:
    """查询订阅事件."""
    held = company.callbacks.registration
    if not held:
        raise Refused(71007)
    return {"call_back_tag": list(held.tags), "token": held.token, "aes_key": held.aes_key, "url": held.url}


@endpoint("GET", "/call_back/delete_call_back")
def delete_call_back(company: Company) -> Result:
    """删除事件回调接口."""
    if not company.callbacks.registration:
        raise Refused(71007)
    company.callbacks.registration = None
    return {}


@endpoint("GET", "/call_back/get_call_back_failed_result", scope="qyapi_base")
def get_call_back_failed_result(company: Company) -> Result:
    """获取推送失败的事件列表: each event is returned once."""
    taken, more = company.callbacks.take_failed()
    return {"failed_list": [_failed(push) for push in taken], "has_more": more}


def _failed(push: Push) -> dict[str, object]:
    tag, payload = push.event_type, push.payload
    head = ("EventType", "EventTime", "CorpId", "BizId", "eventId", "timeStamp")
    fields = {name: value for name, value in payload.items() if name not in head}
    if tag.startswith(("user_", "org_admin_")):
        content: dict[str, object] = {"userid": fields.get("userId", [])}
    else:
        wrappers = {"bpms": "bpmsCallBackData", "label": "roleLabelChange"}
        content = {wrappers.get(tag.partition("_")[0], "callbackData"): fields}
    return {"call_back_tag": tag, "event_time": payload["EventTime"], tag: {**content, "corpid": payload["CorpId"]}}
