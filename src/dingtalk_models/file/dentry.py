"""Files and folders in spaces (文件、文件夹), which the platform calls dentries."""

from __future__ import annotations

import builtins
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, Field
from typing_extensions import Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Refusal, api, operation
from dingtalk_models.call.paging import TOKEN
from dingtalk_models.core.files import NO_NAME, Source, Target, Upload
from dingtalk_models.core.http import Download
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.file.dentry_fields import (
    ROOT,
    AppProperty,
    CommitFields,
    CopyFields,
    CopyTo,
    DentryId,
    Destination,
    DownloadFields,
    FileName,
    FolderFields,
    Intranet,
    ListingFields,
    MoveFields,
    MoveTo,
    ParentUuid,
    PreCheckFields,
    Region,
    SpaceId,
    UnionId,
    UploadFields,
)
from dingtalk_models.file.dentry_records import (
    Deleted,
    DentryProperties,
    DownloadInfo,
    StorageTask,
    Thumbnail,
    UploadInfo,
)
from dingtalk_models.file.transfer import Transfer
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model
from dingtalk_models.resource.query import Listing, Query


class DentryManager(Manager):
    """Files and folders in spaces (文件、文件夹)."""

    @api("storage_1_0.ListDentries", "GET /v1.0/storage/spaces/{spaceId}/dentries")
    def list(self, space_id: SpaceId, union_id: UnionId, **fields: Unpack[ListingFields]) -> Query[Dentry]:
        """List the files and folders directly in a folder (获取文件或文件夹列表).

        Args:
            space_id: the space.
            union_id: the user who makes the call.
            fields: see `ListingFields`.

        Raises:
            NotFound: there is no such space or folder.

        Source: get-a-list-of-files-or-folders
        """
        defaults: dict[str, Any] = {"parent_id": ROOT, "max_results": 50}
        return Listing(
            Dentry,
            TOKEN,
            "",
            items="dentries",
            space_id=space_id,
            union_id=union_id,
            **(defaults | {**fields}),
        )

    @api(
        "storage_1_0.GetDentry",
        "POST /v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/query?unionId",
        idempotent=True,
    )
    def get(
        self,
        space_id: SpaceId,
        dentry_id: DentryId,
        union_id: UnionId,
        *,
        with_thumbnail: Annotated[bool | None, wire("option.withThumbnail", "withThumbnail")] = None,
        app_ids: Annotated[
            builtins.list[str] | None,
            Field(max_length=20),
            wire("option.appIdsForAppProperties", "appIdsForAppProperties"),
        ] = None,
    ) -> Call[Dentry]:
        """Get a file or folder (获取文件或文件夹信息).

        Args:
            space_id: the space.
            dentry_id: the file or folder; `0` is the space's root.
            union_id: the user who makes the call.
            with_thumbnail: whether to include the URL of a thumbnail, which takes longer.
            app_ids: the apps whose properties to include, at most 20.

        Returns:
            The file or folder; a folder has neither size nor extension.

        Raises:
            NotFound: there is no such space, file or folder.

        Source: obtain-file-or-folder-information
        """
        return Call(Dentry, "dentry")

    @api("storage_1_0.AddFolder", "POST /v1.0/storage/spaces/{spaceId}/dentries/{parentId}/folders?unionId")
    def create_folder(
        self,
        space_id: SpaceId,
        parent_id: Annotated[str, Field(min_length=1)],
        name: FileName,
        union_id: UnionId,
        **fields: Unpack[FolderFields],
    ) -> Call[Dentry]:
        """Create a folder (添加文件夹).

        Args:
            space_id: the space.
            parent_id: the folder to create it in; `0` is the space's root.
            name: its name: no tab, `*`, `"`, `<`, `>` or `|`, and no `.` at the end.
            union_id: the user who creates it.
            fields: see `FolderFields`.

        Raises:
            NotFound: there is no such folder.

        Source: add-folder
        """
        return Call(Dentry, "dentry")

    @api("storage_1_0.RenameDentry", "POST /v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/rename?unionId")
    def rename(
        self,
        space_id: SpaceId,
        dentry_id: DentryId,
        name: Annotated[FileName, wire("newName")],
        union_id: UnionId,
    ) -> Call[Dentry]:
        """Rename a file or folder (重命名文件或文件夹).

        Args:
            space_id: the space.
            dentry_id: the file or folder.
            name: the new name: no tab, `*`, `"`, `<`, `>` or `|`, and no `.` at the end.
            union_id: the user who renames it.

        Raises:
            NotFound: there is no such file or folder.
            AlreadyExists: the name is taken.

        Source: rename-a-file-or-folder
        """
        return Call(Dentry, "dentry")

    @api("storage_1_0.CopyDentry", "POST /v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/copy?unionId")
    def copy(self, space_id: SpaceId, dentry_id: DentryId, union_id: UnionId, **to: Unpack[CopyTo]) -> Call[Placed]:
        """Copy a file or folder (复制文件或文件夹).

        Args:
            space_id: the space.
            dentry_id: the file or folder.
            union_id: the user who copies it.
            to: the space and the folder to copy it to, and what happens if the name is taken: see `CopyTo`.

        Raises:
            NotFound: there is no such space, file or folder.

        Source: copy-an-object
        """
        return Call(Placed)

    @api("storage_1_0.MoveDentry", "POST /v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/move?unionId")
    def move(self, space_id: SpaceId, dentry_id: DentryId, union_id: UnionId, **to: Unpack[MoveTo]) -> Call[Placed]:
        """Move a file or folder (移动文件或文件夹).

        Args:
            space_id: the space.
            dentry_id: the file or folder.
            union_id: the user who moves it.
            to: the space and the folder to move it to, and whether it keeps its permissions: see `MoveTo`.

        Raises:
            NotFound: there is no such space, file or folder.

        Source: move-a-file-or-folder
        """
        return Call(Placed)

    @api("storage_1_0.DeleteDentry", "DELETE /v1.0/storage/spaces/{spaceId}/dentries/{dentryId}")
    def delete(
        self,
        space_id: SpaceId,
        dentry_id: DentryId,
        union_id: UnionId,
        *,
        to_recycle_bin: bool | None = None,
    ) -> Call[Deleted]:
        """Delete a file or folder (删除文件或文件夹).

        Args:
            space_id: the space.
            dentry_id: the file or folder.
            union_id: the user who deletes it.
            to_recycle_bin: whether it goes to the recycle bin.

        Raises:
            NotFound: there is no such file or folder.

        Source: delete-a-file-or-folder
        """
        return Call(Deleted)

    @api("storage_1_0.GetTask", "GET /v1.0/storage/tasks/{taskId}")
    def task(self, task_id: Annotated[str, Field(min_length=1)], union_id: UnionId) -> Call[StorageTask]:
        """Get the progress of a copy, move or deletion in the background (获取存储中异步任务信息).

        Args:
            task_id: the id from the result of `copy`, `move` or `delete`.
            union_id: the user who makes the call.

        Raises:
            NotFound: there is no such task.

        Source: get-the-asynchronous-task-information-in-storage
        """
        return Call(StorageTask, "task")

    @api(
        "storage_2_0.GetFileUploadInfo",
        "POST /v2.0/storage/spaces/files/{parentDentryUuid}/uploadInfos/query?unionId",
        idempotent=True,
    )
    def upload_info(
        self,
        parent_uuid: ParentUuid,
        union_id: UnionId,
        *,
        protocol: str = "HEADER_SIGNATURE",
        pre_check: Annotated[PreCheckFields | None, wire("option.preCheckParam", "preCheckParam")] = None,
        storage_driver: Annotated[str | None, wire("option.storageDriver", "storageDriver")] = None,
        prefer_region: Annotated[Region | None, wire("option.preferRegion", "preferRegion")] = None,
        prefer_intranet: Intranet = None,
    ) -> Call[UploadInfo]:
        """Get the URL to upload the bytes of a file to (获取文件上传信息).

        Args:
            parent_uuid: the folder for the file, by its `uuid`.
            union_id: the user who uploads it.
            protocol: how the upload is authenticated.
            pre_check: what the platform checks first.
            storage_driver: the storage to use.
            prefer_region: the region to store it in.
            prefer_intranet: whether to get URLs for machines in Alibaba Cloud.

        Raises:
            NotFound: there is no such folder.

        Source: obtain-file-upload-informations
        """
        return Call(UploadInfo)

    @api("storage_2_0.CommitFile", "POST /v2.0/storage/spaces/files/{parentDentryUuid}/commit?unionId")
    def commit(
        self,
        parent_uuid: ParentUuid,
        union_id: UnionId,
        upload_key: str,
        name: FileName,
        *,
        size: Annotated[int | None, Field(ge=0), wire("option.size", "size")] = None,
        **fields: Unpack[CommitFields],
    ) -> Call[Dentry]:
        """Create a file from uploaded bytes (提交文件).

        Args:
            parent_uuid: the folder for the file, by its `uuid`.
            union_id: the user who uploads it.
            upload_key: the key from `upload_info`.
            name: its name: no tab, `*`, `"`, `<`, `>` or `|`, and no `.` at the end.
            size: its size in bytes, which the platform checks.
            fields: see `CommitFields`.

        Raises:
            NotFound: there is no such folder.

        Source: submittal-file
        """
        return Call(Dentry, "dentry")

    @api(
        "storage_1_0.GetFileDownloadInfo",
        "POST /v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/downloadInfos/query?unionId",
        idempotent=True,
    )
    def download_info(
        self,
        space_id: SpaceId,
        dentry_id: DentryId,
        union_id: UnionId,
        *,
        version: Annotated[int | None, wire("option.version", "version")] = None,
        prefer_intranet: Intranet = None,
    ) -> Call[DownloadInfo]:
        """Get the URL to download the bytes of a file from (获取文件下载信息).

        Args:
            space_id: the space.
            dentry_id: the file.
            union_id: the user who downloads it.
            version: an older version.
            prefer_intranet: whether to get URLs for machines in Alibaba Cloud.

        Raises:
            NotFound: there is no such space or file.
            PermissionDenied: the user has no permission, or the company is not certified.

        Source: obtains-the-download-information-about-a-file
        """
        return Call(DownloadInfo)

    @operation
    def upload(
        self, parent_uuid: ParentUuid, file: Source, union_id: UnionId, **fields: Unpack[UploadFields]
    ) -> Flow[Dentry]:
        """Upload a file in chunks, so that it never fills the memory.

        Args:
            parent_uuid: the folder to upload it to, by its `uuid`.
            file: a path, bytes or a binary file object.
            union_id: the user who uploads it.
            fields: see `UploadFields`.

        Raises:
            InvalidArgument: the file has no name; nothing was sent.
        """
        rest: dict[str, Any] = {**fields}
        source = Upload(file, rest.pop("name", None), rest.pop("progress", None))
        if not source.filename:
            raise Refusal("name", NO_NAME)
        return self._upload(parent_uuid, source, union_id, rest)

    def _upload(self, parent_uuid: str, file: Upload, union_id: str, fields: dict[str, Any]) -> Flow[Dentry]:
        name, size = file.filename, file.size
        file.length = size  # the size that was announced, even if the file grows during the upload
        info = yield from self.upload_info.call(parent_uuid, union_id, pre_check={"size": size, "name": name})
        yield from Transfer("PUT", info.signature.url, info.signature.headers, upload=file)
        return (yield from self.commit.call(parent_uuid, union_id, info.upload_key, name, size=size, **fields))

    @operation
    def download(
        self,
        space_id: SpaceId,
        dentry_id: DentryId,
        union_id: UnionId,
        to: Target,
        **fields: Unpack[DownloadFields],
    ) -> Flow[int]:
        """Download a file in chunks, so that it never fills the memory.

        Args:
            space_id: the space.
            dentry_id: the file.
            union_id: the user who downloads it.
            to: a path, where the file appears when it is complete, or a binary file object.
            fields: see `DownloadFields`.

        Returns:
            The number of bytes received.
        """
        info = yield from self.download_info.call(space_id, dentry_id, union_id, version=fields.get("version"))
        kept = Download(to, fields.get("progress"))
        yield from Transfer("GET", info.signature.url, info.signature.headers, download=kept)
        return kept.received


class Dentry(Model, alias_generator=camel):
    """A file or a folder in a space (文件、文件夹). Users are identified by union id."""

    objects: ClassVar[DentryManager] = DentryManager()
    get = objects.get

    id: str
    space_id: str
    parent_id: str | None = None
    type: str | None = None
    """`FILE` or `FOLDER`."""
    name: str = ""
    size: int | None = None
    path: str | None = None
    version: int | None = None
    status: str | None = None
    """`NORMAL`, `DELETED` or `EXPIRED`."""
    extension: str | None = None
    creator_id: str | None = None
    modifier_id: str | None = None
    create_time: AwareDatetime | None = None
    modified_time: AwareDatetime | None = None
    properties: DentryProperties | None = None
    # documented as a map by app, but the sample has a list
    app_properties: dict[str, builtins.list[AppProperty]] | builtins.list[AppProperty] | AppProperty | None = None
    uuid: str = ""
    """Empty if the reply had none; `refresh` loads it."""
    partition_type: str | None = None
    storage_driver: str | None = None
    thumbnail: Thumbnail | None = None
    category: str | None = None

    @operation
    def refresh(self, union_id: UnionId) -> Flow[Dentry]:
        """Load every field of this object again.

        Args:
            union_id: the user who makes the call.
        """
        self.replace((yield from self.objects.get.call(self.space_id, self.id, union_id)))
        return self

    @operation
    def rename(self, name: FileName, union_id: UnionId) -> Flow[Dentry]:
        """Rename this file or folder, and load its fields again.

        Args:
            name: the new name.
            union_id: the user who renames it.
        """
        self.replace((yield from self.objects.rename.call(self.space_id, self.id, name, union_id)))
        return self

    @operation
    def copy_to(self, folder: Dentry, union_id: UnionId, **fields: Unpack[CopyFields]) -> Call[Placed]:
        """Copy this file or folder.

        Args:
            folder: the folder to copy it to.
            union_id: the user who copies it.
            fields: see `CopyFields`.
        """
        to: CopyTo = {**_destination(folder), **fields}
        return self.objects.copy.call(self.space_id, self.id, union_id, **to)

    @operation
    def move_to(self, folder: Dentry, union_id: UnionId, **fields: Unpack[MoveFields]) -> Call[Placed]:
        """Move this file or folder to a folder. The result has its new place."""
        to: MoveTo = {**_destination(folder), **fields}
        return self.objects.move.call(self.space_id, self.id, union_id, **to)

    @operation
    def delete(self, union_id: UnionId, *, to_recycle_bin: bool | None = None) -> Call[Deleted]:
        """Delete this file or folder.

        Args:
            union_id: the user who deletes it.
            to_recycle_bin: whether it goes to the recycle bin.
        """
        return self.objects.delete.call(self.space_id, self.id, union_id, to_recycle_bin=to_recycle_bin)

    @operation
    def list(self, union_id: UnionId, **fields: Unpack[ListingFields]) -> Query[Dentry]:
        """List the files and folders directly in this folder.

        Args:
            union_id: the user who makes the call.
            fields: see `ListingFields`.
        """
        here: ListingFields = {"parent_id": self.id, **fields}
        return self.objects.list.call(self.space_id, union_id, **here)

    @operation
    def create_folder(self, name: FileName, union_id: UnionId, **fields: Unpack[FolderFields]) -> Call[Dentry]:
        """Create a folder in this one.

        Args:
            name: its name.
            union_id: the user who creates it.
            fields: see `FolderFields`.
        """
        return self.objects.create_folder.call(self.space_id, self.id, name, union_id, **fields)

    @operation
    def upload(self, file: Source, union_id: UnionId, **fields: Unpack[UploadFields]) -> Flow[Dentry]:
        """Upload a file to this folder in chunks, so that it never fills the memory.

        Args:
            file: a path, bytes or a binary file object.
            union_id: the user who uploads it.
            fields: see `UploadFields`.
        """
        if not self.uuid:
            yield from self.refresh.call(union_id)
        return (yield from self.objects.upload.call(self.uuid, file, union_id, **fields))

    @operation
    def download(self, to: Target, union_id: UnionId, **fields: Unpack[DownloadFields]) -> Flow[int]:
        """Download this file in chunks, so that it never fills the memory.

        Args:
            to: a path, where the file appears when it is complete, or a binary file object.
            union_id: the user who downloads it.
            fields: see `DownloadFields`.

        Returns:
            The number of bytes received.
        """
        return self.objects.download.call(self.space_id, self.id, union_id, to, **fields)


def _destination(folder: Dentry) -> Destination:
    return {"target_space_id": folder.space_id, "target_folder_id": folder.id}


class Placed(Deleted):
    """The result of a copy or move, with the file or folder if it is already done."""

    dentry: Dentry | None = None
