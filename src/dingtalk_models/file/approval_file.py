"""Files attached to approvals (审批附件)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, PlainSerializer
from typing_extensions import TypedDict

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, api, operation
from dingtalk_models.core.files import BytesProgress, Target
from dingtalk_models.core.http import Download
from dingtalk_models.core.json_values import loaded
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.file.transfer import Transfer
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model

UserId = Annotated[str, Field(min_length=1), wire("userId")]
AgentId = Annotated[int | None, wire("agentId", "agentid")]
InstanceId = Annotated[str, Field(min_length=1)]
FileId = Annotated[str, Field(min_length=1)]
InComments = Annotated[bool | None, wire("withCommentAttatchment")]  # the platform's spelling


_SpaceId = Annotated[
    str,
    BeforeValidator(lambda given: str(given) if type(given) is int else given),
    Field(pattern=r"^\d+$"),
    PlainSerializer(int, return_type=int, when_used="json"),
]
"""The id of a space: text as in other APIs, but sent to this one as a number."""


class FileInfoFields(TypedDict):
    """A file, and the space that it is in."""

    file_id: str
    space_id: _SpaceId


class ApprovalFileManager(Manager):
    """Files attached to approvals (审批附件)."""

    @api(
        "workflow_1_0.GetAttachmentSpace",
        "POST /v1.0/workflow/processInstances/spaces/infos/query",
        "dingtalk.oapi.processinstance.cspace.info",
        idempotent=True,
    )
    def space(self, userid: UserId, *, agent_id: AgentId = None) -> Call[str]:
        """Get the space for files of approvals. The user may then upload to it (获取审批钉盘空间信息).

        Args:
            userid: the user who will upload.
            agent_id: the app's AgentId.

        Returns:
            The id of the space.

        Raises:
            NotFound: there is no such user.

        Source: obtains-the-information-about-approval-nail-disk
        """
        return Call(int, "result.spaceId").then(str)

    @api("workflow_1_0.GetSpaceWithDownloadAuth", "POST /v1.0/workflow/processInstances/spaces/authPreview")
    def authorize_preview(
        self,
        userid: UserId,
        process_instance_id: InstanceId,
        file_id: FileId,
        *,
        file_ids: Annotated[list[str] | None, Field(max_length=20), wire("fileIdList")] = None,
        in_comments: InComments = None,
        agent_id: AgentId = None,
    ) -> Call[str]:
        """Let a user preview files of an approval (授权预览审批附件).

        Args:
            userid: the user.
            process_instance_id: the approval.
            file_id: the file.
            file_ids: several files, at most 20.
            in_comments: whether to include files in comments.
            agent_id: the app's AgentId.

        Returns:
            The id of the space that has the files.

        Raises:
            NotFound: there is no such user or approval.

        Source: official-authorized-preview-approval-attachment
        """
        return Call(int, "result.spaceId").then(str)

    @api("dingtalk.oapi.processinstance.cspace.preview", "POST /topapi/processinstance/cspace/preview")
    def authorize_preview_by_old_instance(
        self,
        userid: Annotated[str, wire("request.userid", "userid")],
        process_instance_id: Annotated[str, wire("request.process_instance_id", "process_instance_id")],
        file_id: Annotated[str, wire("request.file_id", "file_id")],
        *,
        file_ids: Annotated[list[str] | None, Field(max_length=20), wire("request.fileid_list", "fileid_list")] = None,
        agent_id: Annotated[int | None, wire("request.agentid", "agentid")] = None,
    ) -> Call[str]:
        """Let a user preview files of an approval, with the older API (授权预览审批附件).

        Args:
            userid: the user.
            process_instance_id: the id of the approval in the older API.
            file_id: the file.
            file_ids: several files, at most 20.
            agent_id: the app's AgentId.

        Returns:
            The id of the space that has the files.

        Source: preview-authorization-attachment
        """
        return Call(int, "result.space_id").then(str)

    @api(
        "workflow_1_0.AddApproveDentryAuth",
        "POST /v1.0/workflow/processInstances/spaces/files/authDownload",
        Old("dingtalk.oapi.process.dentry.auth", request=loaded),
    )
    def authorize_download(
        self,
        userid: UserId,
        file_infos: Annotated[list[FileInfoFields], Field(min_length=1, max_length=10)],
    ) -> Call[bool]:
        """Let a user download files from the space of approvals (授权下载审批钉盘文件).

        Args:
            userid: the user.
            file_infos: the files, at most 10, each with its space.

        Returns:
            `True`; a refusal is an error.

        Raises:
            NotFound: there is no such user.

        Source: download-the-approval-nail-file
        """
        return Call(None).then(lambda _: True)

    @api(
        "workflow_1_0.GrantProcessInstanceForDownloadFile",
        "POST /v1.0/workflow/processInstances/spaces/files/urls/download",
        Old("dingtalk.oapi.processinstance.file.url.get", request=loaded),
        idempotent=True,
    )
    def get(
        self, process_instance_id: InstanceId, file_id: FileId, *, in_comments: InComments = None
    ) -> Call[ApprovalFile]:
        """Get the download URL of a file of an approval (下载审批附件).

        Args:
            process_instance_id: the approval.
            file_id: the file.
            in_comments: whether to include files in comments.

        Returns:
            The file, with a URL that expires after a while.

        Raises:
            NotFound: there is no such approval.

        Source: download-an-approval-attachment
        """
        return Call(ApprovalFile, "result")

    @operation
    def download(
        self,
        process_instance_id: InstanceId,
        file_id: FileId,
        to: Target,
        *,
        in_comments: InComments = None,
        progress: BytesProgress | None = None,
    ) -> Flow[int]:
        """Download a file of an approval in chunks, so that it never fills the memory.

        Args:
            process_instance_id: the approval.
            file_id: the file.
            to: a path, where the file appears when it is complete, or a binary file object.
            in_comments: whether to include files in comments.
            progress: called with the bytes received and their total.

        Returns:
            The number of bytes received.
        """
        file = yield from self.get.call(process_instance_id, file_id, in_comments=in_comments)
        return (yield from file.download.call(to, progress=progress))


class ApprovalFile(Model, alias_generator=camel):
    """A file attached to an approval (审批附件), with its download URL."""

    objects: ClassVar[ApprovalFileManager] = ApprovalFileManager()
    get = objects.get

    file_id: str
    space_id: str | None
    download_uri: str

    @operation
    def download(self, to: Target, *, progress: BytesProgress | None = None) -> Flow[int]:
        """Download this file in chunks, so that it never fills the memory.

        Args:
            to: a path, where the file appears when it is complete, or a binary file object.
            progress: called with the bytes received and their total.

        Returns:
            The number of bytes received.
        """
        kept = Download(to, progress)
        yield from Transfer("GET", self.download_uri, {}, download=kept)
        return kept.received
