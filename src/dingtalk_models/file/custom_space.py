"""Custom spaces (自定义空间) of the older drive, each identified by a domain. New apps use `Space` instead."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Json

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Refusal, api
from dingtalk_models.core.wire import AgentIdText, CommaStrs, Millis, camel, wire
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record

Domain = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,10}$")]
"""1 to 10 letters and digits, case-insensitive."""


class CustomSpaceManager(Manager):
    """Custom spaces (自定义空间)."""

    @api("dingtalk.oapi.cspace.get_custom_space", "GET /cspace/get_custom_space")
    def get(self, domain: Domain | None = None, *, agent_id: AgentIdText | None = None) -> Call[CustomSpace]:
        """Get a custom space, or create it if it does not exist (获取企业下的自定义空间).

        Args:
            domain: the domain of the space, for the company's own apps: 1 to 10 letters and digits.
            agent_id: the app's AgentId, for the app of another company.

        Source: obtain-user-space-under-the-enterprise
        """
        if not domain and not agent_id:
            raise Refusal(
                "domain",
                "required, except for an app of another company (agent_id) / 必填，其他企业的应用（agent_id）除外",
            )
        return Call(str, "spaceid").then(lambda space_id: CustomSpace(id=space_id))

    @api("dingtalk.oapi.cspace.grant_custom_space", "GET /cspace/grant_custom_space")
    def grant(
        self,
        domain: Domain,
        type: Literal["add", "download", "delete"],
        userid: str,
        *,
        path: str | None = None,
        file_ids: Annotated[CommaStrs | None, wire("fileids")] = None,
        duration: Annotated[int, Field(ge=0, le=3600)] = 30,
        agent_id: AgentIdText | None = None,
    ) -> Call[None]:
        """Give a user access to a custom space for some time (授权用户访问企业的自定义空间).

        Args:
            domain: the domain of the space: 1 to 10 letters and digits.
            type: what the user may do.
            userid: the user.
            path: the folder that the user may add files to.
            file_ids: the files that the user may download.
            duration: how long, in seconds; at most 3600.
            agent_id: the app's AgentId.

        Raises:
            InvalidArgument: `path` is missing for adding, or `file_ids` for downloading; nothing was sent.

        Source: authorize-a-user-to-access-a-custom-workspace-of-an
        """
        if type == "add" and path is None:
            raise Refusal("path", "required for adding files / 添加文件时必填")
        if type == "download" and not file_ids:
            raise Refusal("file_ids", "required for downloading files / 下载文件时必填")
        return Call(None)

    @api("dingtalk.oapi.cspace.add", "GET /cspace/add", idempotent=False)
    def add(
        self,
        code: str,
        media_id: str,
        space_id: str,
        name: str,
        *,
        folder_id: str | None = None,
        overwrite: bool | None = None,
        agent_id: AgentIdText | None = None,
    ) -> Call[CustomFile]:
        """Save an uploaded file in a custom space or in the space of approvals (保存文件到自定义或审批钉盘空间).

        Args:
            code: a login code of the user who does it.
            media_id: the media id from an upload; see `DriveUpload`.
            space_id: the space.
            name: the file's name with its extension.
            folder_id: the folder: `0` in the space of approvals, `None` in a custom space.
            overwrite: whether to overwrite a file with this name; if not, the new file gets another name.
            agent_id: the app's AgentId.

        Source: add-file-to-user-s-dingtalk-disk
        """
        return Call(_Added, "").then(lambda added: added.dentry)

    @api("dingtalk.oapi.cspace.add_to_single_chat", "POST /cspace/add_to_single_chat")
    def send(self, agent_id: AgentIdText, userid: str, media_id: str, file_name: str) -> Call[None]:
        """Send an uploaded file to a user (发送钉盘文件给指定用户).

        Args:
            agent_id: the app's AgentId.
            userid: the user.
            media_id: the media id from an upload; see `DriveUpload`.
            file_name: the file's name with its extension.

        Source: sends-a-file-to-a-specified-user
        """
        return Call(None)


class CustomSpace(Model):
    """A custom space (自定义空间)."""

    objects: ClassVar[CustomSpaceManager] = CustomSpaceManager()
    get = objects.get

    id: str


class Actor(Record):
    """The user who created or changed a file."""

    account: str | None
    site: int | None


class CustomFile(Record, alias_generator=camel):
    """A file in a custom space."""

    id: str
    name: str = ""
    path: str | None
    parent_id: str | None
    size: int | None
    type: str | None
    extension: str | None
    content_type: str | None
    version: str | None
    creator: Actor | None
    modifier: Actor | None
    create_time: Millis | None
    modified_time: Millis | None


class _Added(Record):
    dentry: Json[CustomFile]
