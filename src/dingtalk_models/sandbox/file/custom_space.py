"""`/cspace/*`: the spaces of the older drive."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import Field

from dingtalk_models.sandbox.file.dentry import Conflict, make_named
from dingtalk_models.sandbox.server.endpoints import Code, Names, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.file import ROOT

Domain = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,10}$"), Code(72001)]


@endpoint("GET", "/cspace/get_custom_space", invalid=72001)
def get_custom_space(company: Company, *, domain: Domain | None = None, agent_id: str | None = None) -> Result:
    """获取企业下的自定义空间: the domain is case-insensitive."""
    if not (owner := (domain or agent_id or "").lower()):
        raise Refused(72001)
    drive = company.drive
    if owner not in drive.custom:
        drive.custom[owner] = drive.space_for(f"custom:{owner}", "0", "").id
    return {"spaceid": int(drive.custom[owner])}


@endpoint("GET", "/cspace/grant_custom_space", invalid=40035)
def grant_custom_space(
    company: Company,
    *,
    domain: Domain,
    type: Literal["add", "download", "delete"],
    userid: str,
    path: str | None = None,
    fileids: Names | None = None,
    duration: Annotated[int, Field(ge=0, le=3600)] = 30,
) -> Result:
    """授权用户访问企业的自定义空间."""
    company.user(userid, 40003)
    if domain.lower() not in company.drive.custom:
        raise Refused(72001)
    if (type == "add" and not path) or (type == "download" and not fileids):
        raise Refused(40035)
    grant = {"domain": domain, "type": type, "userid": userid, "path": path, "fileids": fileids, "duration": duration}
    company.drive.granted.append(grant)
    return {}


@endpoint("GET", "/cspace/add", invalid=40035)
def add_to_custom_space(
    company: Company, *, code: str, media_id: str, space_id: str, name: str, overwrite: bool = False
) -> Result:
    """保存文件到自定义或审批钉盘空间; `dentry` in the reply is JSON in a string."""
    drive = company.drive
    userid = company.credentials.redeem(code)
    if userid is None:
        raise Refused(40078)
    if space_id not in drive.spaces:
        raise Refused(72001)
    if media_id not in drive.media:
        raise Refused(72003)
    root, content = drive.dentries[space_id, ROOT], drive.media[media_id].content
    strategy: Conflict = "OVERWRITE" if overwrite else "AUTO_RENAME"
    made = make_named(drive, root, name, strategy, lambda free: drive.add_file(root, free, content, userid))
    now = int(company.credentials.clock.now() * 1000)
    who = {"account": userid, "site": 0}
    dentry = {
        "id": made.id, "name": made.name, "path": drive.path(made), "parentId": 0, "size": len(content),
        "type": "file", "contentType": "document", "extension": PurePath(made.name).suffix[1:], "version": "0",
        "creator": who, "modifier": who, "createTime": now, "modifiedTime": now,
    }  # fmt: skip
    return {"dentry": json.dumps(dentry, ensure_ascii=False)}


@endpoint("POST", "/cspace/add_to_single_chat", invalid=40035)
def add_to_single_chat(company: Company, *, agent_id: str, userid: str, media_id: str, file_name: str) -> Result:
    """发送钉盘文件给指定用户."""
    company.user(userid, 40003)
    if media_id not in company.drive.media:
        raise Refused(40007)
    sent = {"agent_id": agent_id, "userid": userid, "media_id": media_id, "file_name": file_name}
    company.drive.sent.append(sent)
    return {}
