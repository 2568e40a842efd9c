"""Files and folders in spaces (文件、文件夹), which the platform calls dentries."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, Field
from typing_extensions import TypedDict, Unpack

from dingtalk_models.core.arguments import Refusal
from dingtalk_models.core.body import File, Progress, Sink, Source, Target
from dingtalk_models.core.call import Call
from dingtalk_models.core.errors import TransportError
from dingtalk_models.core.model import Manager, Model, Record
from dingtalk_models.core.operation import api, operation
from dingtalk_models.core.paging import TOKEN
from dingtalk_models.core.query import Listing, Query
from dingtalk_models.core.shape import OrDict, Shape
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.file.transfer import Transfer

ROOT = "0"
"""The folder that everything in a space is in."""

SpaceId = Annotated[str, Field(min_length=1)]
DentryId = Annotated[str, Field(min_length=1)]
ParentUuid = Annotated[str, Field(min_length=1), wire("parentDentryUuid")]
UnionId = Annotated[str, Field(min_length=1)]
FileName = Annotated[str, Field(pattern=r'^[^\t*"<>|]*[^\t*"<>|.]$')]
"""No tab, `*`, `"`, `<`, `>` or `|`, and no `.` at the end; the platform trims spaces around it."""

OrderBy = Literal["MODIFIED_TIME", "CREATE_TIME", "NAME", "SIZE"]
Conflict = Literal["AUTO_RENAME", "OVERWRITE", "RETURN_DENTRY_IF_EXISTS", "RETURN_ERROR_IF_EXISTS"]
"""What happens where the name is taken: another name, the old one goes, the old one is the answer, an error."""

Region = Literal["ZHANGJIAKOU", "SHENZHEN", "SHANGHAI", "SINGAPORE", "UNKNOWN"]
ConflictOption = Annotated[Conflict, wire("option.conflictStrategy", "conflictStrategy")]
Intranet = Annotated[bool | None, wire("option.preferIntranet", "preferIntranet")]


class AppProperty(Shape):
    """A property that an app gives to a file or folder."""

    name: str
    """Its name."""
    value: str
    """Its value."""
    visibility: Annotated[str | None, Field(pattern="^(PUBLIC|PRIVATE)$")] = None
    """Whether other apps see it: `PUBLIC` or `PRIVATE`."""


class PreCheckFields(TypedDict, total=False):
    """What can be checked before an upload: whether there is room for it, and whether its name is allowed."""

    size: int
    """How many bytes it will have."""
    name: str
    """Its name."""


AppProperties = Annotated[Sequence[OrDict[AppProperty]], wire("option.appProperties", "appProperties")]


class ListingFields(TypedDict, total=False):
    """What to list of a folder, and how."""

    parent_id: str
    """The folder; by default `0`, the space's root."""
    max_results: Annotated[int, Field(ge=1, le=50)]
    """How many a call brings, 50 at the most."""
    next_token: str
    """Where to begin: what an earlier page said."""
    order_by: OrderBy
    """What they are ordered by."""
    order: Literal["ASC", "DESC"]
    """Ascending or descending."""
    with_thumbnail: bool
    """Have addresses of thumbnails, which takes longer."""


class FolderFields(TypedDict, total=False):
    """What a folder may be given when it is created."""

    conflict: ConflictOption
    """What happens where the name is taken."""
    app_properties: AppProperties
    """Properties of the app."""


class CommitFields(TypedDict, total=False):
    """What a file may be given when it is uploaded."""

    conflict: ConflictOption
    """What happens where the name is taken; by default another name."""
    app_properties: Annotated[AppProperties, Field(max_length=3)]
    """Properties of the app, 3 at the most."""
    convert_to_online_doc: Annotated[bool, wire("option.convertToOnlineDoc", "convertToOnlineDoc")]
    """Make an online document of it."""
    online_doc_type: Annotated[
        Literal["DOC", "WORKBOOK", "SMART_TABLE"],
        wire("option.convertToOnlineDocTargetDocumentType", "convertToOnlineDocTargetDocumentType"),
    ]
    """Which kind of online document."""
    classification_label_id: Annotated[str, wire("option.classificationLabelId", "classificationLabelId")]
    """A label of how secret it is."""


class UploadFields(CommitFields, total=False):
    """How a file is uploaded."""

    name: FileName
    """Its name; by default that of the path or file object."""
    progress: Progress
    """Called with the bytes sent and their total."""


class DentryManager(Manager):
    """Files and folders in spaces (文件、文件夹)."""

    @api("storage_1_0.ListDentries", "GET /v1.0/storage/spaces/{spaceId}/dentries")
    def list(self, space_id: SpaceId, union_id: UnionId, **fields: Unpack[ListingFields]) -> Query[Dentry]:
        """What is directly in a folder (获取文件或文件夹列表).

        Args:
            space_id: the space.
            union_id: who asks.
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
        """One file or folder (获取文件或文件夹信息).

        Args:
            space_id: the space.
            dentry_id: the file or folder; `0` is the space's root.
            union_id: who asks.
            with_thumbnail: whether to have the address of a thumbnail, which takes longer.
            app_ids: the apps whose properties to have, 20 at the most.

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
            parent_id: the folder to put it in; `0` is the space's root.
            name: its name: no tab, `*`, `"`, `<`, `>` or `|`, and no `.` at the end.
            union_id: who creates it.
            fields: see `FolderFields`.

        Raises:
            NotFound: there is no such folder.
            AlreadyExists: the name is taken, and `conflict` wants an error then.

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
            union_id: who renames it.

        Raises:
            NotFound: there is no such file or folder.
            AlreadyExists: the name is taken.

        Source: rename-a-file-or-folder
        """
        return Call(Dentry, "dentry")

    @api("storage_1_0.CopyDentry", "POST /v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/copy?unionId")
    def copy(
        self,
        space_id: SpaceId,
        dentry_id: DentryId,
        target_space_id: str,
        target_folder_id: str,
        union_id: UnionId,
        *,
        conflict: Annotated[Conflict | None, wire("option.conflictStrategy", "conflictStrategy")] = None,
    ) -> Call[Placed]:
        """Copy a file or folder (复制文件或文件夹).

        Args:
            space_id: the space.
            dentry_id: the file or folder.
            target_space_id: the space to copy it to.
            target_folder_id: the folder to copy it to; `0` is the space's root.
            union_id: who copies it.
            conflict: what happens where the name is taken; by default another name.

        Raises:
            NotFound: there is no such space, file or folder.
            AlreadyExists: the name is taken, and `conflict` wants an error then.

        Source: copy-an-object
        """
        return Call(Placed)

    @api("storage_1_0.MoveDentry", "POST /v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/move?unionId")
    def move(
        self,
        space_id: SpaceId,
        dentry_id: DentryId,
        target_space_id: str,
        target_folder_id: str,
        union_id: UnionId,
        *,
        conflict: Annotated[Conflict | None, wire("option.conflictStrategy", "conflictStrategy")] = None,
        keep_permissions: Annotated[bool | None, wire("option.presevePermissions", "presevePermissions")] = None,
    ) -> Call[Placed]:
        """Move a file or folder (移动文件或文件夹).

        Args:
            space_id: the space.
            dentry_id: the file or folder.
            target_space_id: the space to move it to.
            target_folder_id: the folder to move it to; `0` is the space's root.
            union_id: who moves it.
            conflict: what happens where the name is taken; by default another name.
            keep_permissions: whether it keeps its permissions.

        Raises:
            NotFound: there is no such space, file or folder.
            AlreadyExists: the name is taken, and `conflict` wants an error then.

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
            union_id: who deletes it.
            to_recycle_bin: whether it goes to the recycle bin.

        Raises:
            NotFound: there is no such file or folder.

        Source: delete-a-file-or-folder
        """
        return Call(Deleted)

    @api("storage_1_0.GetTask", "GET /v1.0/storage/tasks/{taskId}")
    def task(self, task_id: Annotated[str, Field(min_length=1)], union_id: UnionId) -> Call[StorageTask]:
        """How far a copy, move or deletion is that takes longer (获取存储中异步任务信息).

        Args:
            task_id: what `copy`, `move` and `delete` answer then.
            union_id: who asks.

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
        """Where to put the bytes of a file (获取文件上传信息).

        Args:
            parent_uuid: the folder that the file will be in, by its `uuid`.
            union_id: who uploads it.
            protocol: how the upload proves who sends it.
            pre_check: what to check before.
            storage_driver: what stores it.
            prefer_region: where to store it.
            prefer_intranet: whether the addresses are those for machines at Alibaba Cloud.

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
        """Make a file of the bytes that were put (提交文件).

        Args:
            parent_uuid: the folder that the file will be in, by its `uuid`.
            union_id: who uploads it.
            upload_key: what `upload_info` answered.
            name: its name: no tab, `*`, `"`, `<`, `>` or `|`, and no `.` at the end.
            size: how many bytes it has, which is checked.
            fields: see `CommitFields`.

        Raises:
            NotFound: there is no such folder.
            AlreadyExists: the name is taken, and `conflict` wants an error then.

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
        """Where to get the bytes of a file (获取文件下载信息).

        Args:
            space_id: the space.
            dentry_id: the file.
            union_id: who downloads it.
            version: an earlier version.
            prefer_intranet: whether the addresses are those for machines at Alibaba Cloud.

        Raises:
            NotFound: there is no such space or file.
            PermissionDenied: the user may not, or the company is not certified.

        Source: obtains-the-download-information-about-a-file
        """
        return Call(DownloadInfo)

    @operation
    def upload(
        self, parent_uuid: ParentUuid, file: Source, union_id: UnionId, **fields: Unpack[UploadFields]
    ) -> Flow[Dentry]:
        """Upload a file; it is never held in memory as a whole.

        Args:
            parent_uuid: the folder to put it in, by its `uuid`.
            file: a path, bytes or a binary file object.
            union_id: who uploads it.
            fields: see `UploadFields`.

        Raises:
            InvalidArgument: the file has no name; nothing was sent.
        """
        rest: dict[str, Any] = {**fields}
        source = File(file, rest.pop("name", None), rest.pop("progress", None))
        if not source.name:
            raise Refusal("name", "required: neither bytes nor this file object have a name")
        return self._upload(parent_uuid, source, union_id, rest)

    def _upload(self, parent_uuid: str, file: File, union_id: str, fields: dict[str, Any]) -> Flow[Dentry]:
        size = file.length
        info = yield from self.upload_info.call(parent_uuid, union_id, pre_check={"size": size, "name": file.name})
        yield from Transfer("PUT", info.signature.url, info.signature.headers, file=file)
        return (yield from self.commit.call(parent_uuid, union_id, info.upload_key, file.name, size=size, **fields))

    @operation
    def download(
        self,
        space_id: SpaceId,
        dentry_id: DentryId,
        union_id: UnionId,
        to: Target,
        *,
        version: int | None = None,
        progress: Progress | None = None,
    ) -> Flow[int]:
        """Download a file; it is never held in memory as a whole.

        Args:
            space_id: the space.
            dentry_id: the file.
            union_id: who downloads it.
            to: a path, where the file appears once it is complete, or a binary file object.
            version: an earlier version.
            progress: called with the bytes received and their total.

        Returns:
            How many bytes came.
        """
        info = yield from self.download_info.call(space_id, dentry_id, union_id, version=version)
        sink = Sink(to, progress)
        yield from Transfer("GET", info.signature.url, info.signature.headers, sink=sink)
        return sink.received


class HeaderSignature(Record, alias_generator=camel):
    """Signed addresses, the headers that belong to them, and how long they work."""

    resource_urls: list[str] = []
    internal_resource_urls: list[str] = []
    headers: dict[str, str] = {}
    expiration_seconds: int | None
    region: str | None

    @property
    def url(self) -> str:
        """The address to use.

        Raises:
            TransportError: the platform named none.
        """
        if not self.resource_urls:
            raise TransportError("the reply names no address of the file store")
        return self.resource_urls[0]


class DownloadInfo(Record, alias_generator=camel):
    """Where to get the bytes of a file."""

    protocol: str | None
    signature: Annotated[HeaderSignature, wire("headerSignatureInfo")]


class UploadInfo(DownloadInfo):
    """Where to put the bytes of a file, and the key to make a file of them with."""

    upload_key: str
    storage_driver: str | None


class StorageTask(Record, alias_generator=camel):
    """A copy, move or deletion that takes longer."""

    id: str
    status: str | None
    """`INIT`, `IN_PROGRESS`, `SUCCESS` or `FAIL`."""
    total_count: int | None
    success_count: int | None
    fail_count: int | None
    fail_message: str | None
    begin_time: AwareDatetime | None
    end_time: AwareDatetime | None


class Deleted(Record, alias_generator=camel):
    """Whether a deletion goes on, and as which task."""

    is_async: Annotated[bool | None, wire("async")]
    task_id: str | None


class DentryProperties(Record, alias_generator=camel):
    """What holds for a file or folder."""

    read_only: bool | None


class Thumbnail(Record):
    """A small picture of a file, at an address that works for a while."""

    width: int | None
    height: int | None
    url: str | None


class Dentry(Model, alias_generator=camel):
    """A file or a folder in a space (文件、文件夹). People are named by union id."""

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
    # documented as a map by app, shown as a list
    app_properties: dict[str, builtins.list[AppProperty]] | builtins.list[AppProperty] | AppProperty | None = None
    uuid: str | None = None
    partition_type: str | None = None
    storage_driver: str | None = None
    thumbnail: Thumbnail | None = None
    category: str | None = None

    @operation
    def refresh(self, union_id: UnionId) -> Flow[Dentry]:
        """Load every field anew, into this object.

        Args:
            union_id: who asks.
        """
        self.replace((yield from self.objects.get.call(self.space_id, self.id, union_id)))
        return self

    @operation
    def rename(self, name: FileName, union_id: UnionId) -> Flow[Dentry]:
        """Rename this file or folder, which is up to date afterwards.

        Args:
            name: the new name.
            union_id: who renames it.
        """
        self.replace((yield from self.objects.rename.call(self.space_id, self.id, name, union_id)))
        return self

    @operation
    def copy_to(self, folder: Dentry, union_id: UnionId, *, conflict: Conflict | None = None) -> Call[Placed]:
        """Copy this file or folder.

        Args:
            folder: the folder to copy it to.
            union_id: who copies it.
            conflict: what happens where the name is taken; by default another name.
        """
        return self.objects.copy.call(self.space_id, self.id, folder.space_id, folder.id, union_id, conflict=conflict)

    @operation
    def move_to(self, folder: Dentry, union_id: UnionId, *, conflict: Conflict | None = None) -> Call[Placed]:
        """Move this file or folder; the answer says where it is then.

        Args:
            folder: the folder to move it to.
            union_id: who moves it.
            conflict: what happens where the name is taken; by default another name.
        """
        return self.objects.move.call(self.space_id, self.id, folder.space_id, folder.id, union_id, conflict=conflict)

    @operation
    def delete(self, union_id: UnionId, *, to_recycle_bin: bool | None = None) -> Call[Deleted]:
        """Delete this file or folder.

        Args:
            union_id: who deletes it.
            to_recycle_bin: whether it goes to the recycle bin.
        """
        return self.objects.delete.call(self.space_id, self.id, union_id, to_recycle_bin=to_recycle_bin)

    @operation
    def list(self, union_id: UnionId, **fields: Unpack[ListingFields]) -> Query[Dentry]:
        """What is directly in this folder.

        Args:
            union_id: who asks.
            fields: see `ListingFields`.
        """
        here: ListingFields = {"parent_id": self.id, **fields}
        return self.objects.list.call(self.space_id, union_id, **here)

    @operation
    def create_folder(self, name: FileName, union_id: UnionId, **fields: Unpack[FolderFields]) -> Call[Dentry]:
        """Create a folder in this one.

        Args:
            name: its name.
            union_id: who creates it.
            fields: see `FolderFields`.
        """
        return self.objects.create_folder.call(self.space_id, self.id, name, union_id, **fields)

    @operation
    def upload(self, file: Source, union_id: UnionId, **fields: Unpack[UploadFields]) -> Flow[Dentry]:
        """Upload a file to this folder; it is never held in memory as a whole.

        Args:
            file: a path, bytes or a binary file object.
            union_id: who uploads it.
            fields: see `UploadFields`.
        """
        if self.uuid is None:
            yield from self.refresh.call(union_id)
        return (yield from self.objects.upload.call(self.uuid or "", file, union_id, **fields))

    @operation
    def download(
        self, to: Target, union_id: UnionId, *, version: int | None = None, progress: Progress | None = None
    ) -> Flow[int]:
        """Download this file; it is never held in memory as a whole.

        Args:
            to: a path, where the file appears once it is complete, or a binary file object.
            union_id: who downloads it.
            version: an earlier version.
            progress: called with the bytes received and their total.

        Returns:
            How many bytes came.
        """
        return self.objects.download.call(self.space_id, self.id, union_id, to, version=version, progress=progress)


class Placed(Deleted):
    """A copied or moved file or folder, where that was done at once."""

    dentry: Dentry | None
