"""`/v1.0/workflow/processInstances/spaces/*`, `/topapi/processinstance/cspace/preview`: the files of approvals."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.server.endpoints import Code, FromJson, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.file import Dentry

APPROVALS: Final = "Workflow.Instance.Write"

UserId = Annotated[str, Field(alias="userId", min_length=1)]
InstanceId = Annotated[str, Field(alias="processInstanceId", min_length=1)]
FileId = Annotated[str, Field(alias="fileId", min_length=1), Code("invalidFileId")]


class FileInfo(TypedDict):
    """A file and its space."""

    fileId: str
    spaceId: int


class OldPreview(TypedDict):
    """The request of the older API."""

    userid: str
    process_instance_id: str
    file_id: str


def attachment(company: Company, process_instance_id: str, file_id: str) -> Dentry:
    """Return a file of an approval, or refuse."""
    attachments = company.drive.attachments
    if not any(instance == process_instance_id for instance, _ in attachments):
        raise Refused("processInstNotExist")
    if (process_instance_id, file_id) not in attachments:
        raise Refused("invalidFileId")
    return attachments[process_instance_id, file_id]


def approval_space(company: Company, userid: str) -> Result:
    """Return the space of approvals if the user is in the company."""
    company.user(userid, "userNotExist")
    return {"result": {"spaceId": int(company.drive.approvals.id)}, "success": True}


@endpoint("POST", "/v1.0/workflow/processInstances/spaces/infos/query", scope=APPROVALS, invalid="invalidParameter")
def get_approval_space(company: Company, *, userid: UserId) -> Result:
    """获取审批钉盘空间信息."""
    return approval_space(company, userid)


@endpoint("POST", "/v1.0/workflow/processInstances/spaces/authPreview", scope=APPROVALS, invalid="invalidParameter")
def authorize_preview(
    company: Company,
    *,
    userid: UserId,
    instance: InstanceId,
    file_id: FileId,
    file_ids: Annotated[list[str] | None, Field(alias="fileIdList", max_length=20)] = None,
) -> Result:
    """授权预览审批附件."""
    for each in (file_id, *(file_ids or ())):
        attachment(company, instance, each)
    return approval_space(company, userid)


@endpoint("POST", "/topapi/processinstance/cspace/preview")
def authorize_preview_by_old_instance(company: Company, *, request: Annotated[OldPreview, FromJson]) -> Result:
    """授权预览审批附件: the older API."""
    company.user(request["userid"])
    if (request["process_instance_id"], request["file_id"]) not in company.drive.attachments:
        raise Refused(400002)
    return {"result": {"space_id": int(company.drive.approvals.id)}}


@endpoint(
    "POST", "/v1.0/workflow/processInstances/spaces/files/authDownload", scope=APPROVALS, invalid="invalidParameter"
)
def authorize_download(
    company: Company,
    *,
    userid: UserId,
    file_infos: Annotated[list[FileInfo], Field(min_length=1, max_length=10)],
) -> Result:
    """授权下载审批钉盘文件."""
    company.user(userid, "userNotExist")
    for info in file_infos:
        company.drive.dentry(str(info["spaceId"]), info["fileId"])
    return {"result": True, "success": True}


@endpoint(
    "POST", "/v1.0/workflow/processInstances/spaces/files/urls/download", scope=APPROVALS, invalid="invalidParameter"
)
def get_attachment_url(company: Company, *, instance: InstanceId, file_id: FileId) -> Result:
    """下载审批附件."""
    file = attachment(company, instance, file_id)
    uri = company.drive.store.presign(file.versions[-1])
    return {"result": {"spaceId": int(file.space_id), "fileId": file_id, "downloadUri": uri}, "success": True}
