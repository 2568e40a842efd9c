"""`/v1.0/storage/*`, `/v2.0/storage/*`: files and folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Annotated, Any, Final, Literal, Required, Unpack

from pydantic import Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.file.space import INVALID, SpaceId, UnionId, check_user
from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.file import ROOT, Dentry, Drive

READ: Final = "Storage.File.Read"
WRITE: Final = "Storage.File.Write"

DentryId = Annotated[str, Field(alias="dentryId")]
Conflict = Literal["AUTO_RENAME", "OVERWRITE", "RETURN_DENTRY_IF_EXISTS", "RETURN_ERROR_IF_EXISTS"]


class DentryOptions(TypedDict, total=False):
    """The options of copy, move and add."""

    conflictStrategy: Conflict
    appProperties: list[dict[str, str]]
    size: int
    presevePermissions: bool


def _strategy(option: DentryOptions) -> Conflict:
    return option.get("conflictStrategy", "AUTO_RENAME")


class PreCheck(TypedDict, total=False):
    """The values to check before an upload."""

    size: int
    name: str


class UploadOption(TypedDict, total=False):
    """The options of an upload."""

    preCheckParam: PreCheck


class DownloadOption(TypedDict, total=False):
    """The options of a download."""

    version: int


def check_name(name: str) -> str:
    """Strip a name, and refuse it if it is not allowed."""
    if not name.strip() or name.endswith(".") or any(each in name for each in '\t*"<>|'):
        raise Refused("dentryNameIllegal")
    return name.strip()


def shown(drive: Drive, dentry: Dentry) -> dict[str, Any]:
    """Return a file or folder in the form of a reply. Folders have no size and no extension."""
    entry: dict[str, Any] = {
        "id": dentry.id, "spaceId": dentry.space_id, "parentId": dentry.parent_id, "type": dentry.type,
        "name": dentry.name, "path": drive.path(dentry), "version": len(dentry.versions) or 1, "status": "NORMAL",
        "creatorId": dentry.creator, "modifierId": dentry.modifier, "createTime": dentry.created,
        "modifiedTime": dentry.modified, "properties": {"readOnly": False}, "uuid": dentry.uuid,
        "partitionType": "PUBLIC_OSS_PARTITION", "storageDriver": "DINGTALK",
    }  # fmt: skip
    if dentry.type == "FILE":
        entry |= {"size": drive.size(dentry), "extension": PurePath(dentry.name).suffix[1:]}
    if dentry.app_properties:
        entry["appProperties"] = {"app": dentry.app_properties}
    return entry


def make_named(drive: Drive, folder: Dentry, name: str, strategy: Conflict, make: Callable[[str], Dentry]) -> Dentry:
    """Make a file or folder with this name in a folder. The strategy decides what to do if the name is taken."""
    old = drive.named(folder, name)
    if old is None:
        return make(name)
    match strategy:
        case "AUTO_RENAME":
            return make(drive.free_name(folder, name))
        case "OVERWRITE":
            drive.remove(old)
            return make(name)
        case "RETURN_DENTRY_IF_EXISTS":
            return old
        case "RETURN_ERROR_IF_EXISTS":
            raise Refused("dentryAlreadyExist")


_ORDER: Final[dict[str, Callable[[Drive, Dentry], Any]]] = {
    "MODIFIED_TIME": lambda _, dentry: dentry.modified,
    "CREATE_TIME": lambda _, dentry: dentry.created,
    "NAME": lambda _, dentry: dentry.name,
    "SIZE": lambda drive, dentry: drive.size(dentry),
}


@endpoint("GET", "/v1.0/storage/spaces/{spaceId}/dentries", scope=READ, invalid=INVALID)
def list_dentries(
    company: Company,
    *,
    space_id: SpaceId,
    union_id: UnionId,
    parent_id: str,
    next_token: Annotated[int, Field(ge=0)] = 0,
    max_results: Annotated[int, Field(ge=1, le=50)] = 50,
    order_by: Literal["MODIFIED_TIME", "CREATE_TIME", "NAME", "SIZE"] = "NAME",
    order: Literal["ASC", "DESC"] = "ASC",
) -> Result:
    """获取文件或文件夹列表."""
    check_user(company, union_id)
    drive = company.drive
    inside = drive.children(drive.dentry(space_id, parent_id))
    inside.sort(key=lambda each: _ORDER[order_by](drive, each), reverse=order == "DESC")
    page, following = page_of(inside, next_token, max_results)
    more = {} if following is None else {"nextToken": str(following)}
    return {"dentries": [shown(drive, each) for each in page], **more}


@endpoint("POST", "/v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/query?unionId", scope=READ, invalid=INVALID)
def get_dentry(company: Company, *, space_id: SpaceId, dentry_id: DentryId, union_id: UnionId) -> Result:
    """获取文件或文件夹信息."""
    check_user(company, union_id)
    return {"dentry": shown(company.drive, company.drive.dentry(space_id, dentry_id))}


@endpoint("POST", "/v1.0/storage/spaces/{spaceId}/dentries/{parentId}/folders?unionId", scope=WRITE, invalid=INVALID)
def add_folder(
    company: Company,
    *,
    space_id: SpaceId,
    parent_id: str,
    union_id: UnionId,
    name: str,
    option: DentryOptions | None = None,
) -> Result:
    """添加文件夹."""
    given, drive, who = option or DentryOptions(), company.drive, check_user(company, union_id)
    folder = drive.dentry(space_id, parent_id)
    properties = given.get("appProperties", [])
    made = make_named(
        drive,
        folder,
        check_name(name),
        _strategy(given),
        lambda free: drive.add(folder, free, who, app_properties=properties),
    )
    return {"dentry": shown(drive, made)}


@endpoint("POST", "/v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/rename?unionId", scope=WRITE, invalid=INVALID)
def rename_dentry(
    company: Company,
    *,
    space_id: SpaceId,
    dentry_id: DentryId,
    union_id: UnionId,
    new_name: str,
) -> Result:
    """重命名文件或文件夹."""
    drive, who = company.drive, check_user(company, union_id)
    dentry, name = drive.dentry(space_id, dentry_id), check_name(new_name)
    if dentry.parent_id is None:
        raise Refused("paramError.dentryId")
    other = drive.named(drive.dentry(space_id, dentry.parent_id), name)
    if other is not None and other is not dentry:
        raise Refused("dentryAlreadyExist")
    dentry.name, dentry.modifier, dentry.modified = name, who, drive.now()
    return {"dentry": shown(drive, dentry)}


class CopyOrMove(TypedDict, total=False):
    """The parameters of copy and move."""

    space_id: Required[SpaceId]
    dentry_id: Required[DentryId]
    union_id: Required[UnionId]
    target_space: Required[Annotated[str, Field(alias="targetSpaceId")]]
    target_folder: Required[Annotated[str, Field(alias="targetFolderId")]]
    option: DentryOptions


def _source_and_target(drive: Drive, asked: CopyOrMove) -> tuple[Dentry, Dentry]:
    """Return the source and the target folder, which must not be inside the source."""
    dentry = drive.dentry(asked["space_id"], asked["dentry_id"])
    folder = drive.dentry(asked["target_space"], asked["target_folder"])
    if folder.type != "FOLDER" or folder in drive.below(dentry):
        raise Refused("paramError.targetFolderId")
    return dentry, folder


def _size_of_all(drive: Drive, dentry: Dentry) -> int:
    return sum(map(drive.size, drive.below(dentry)))


def _placed(drive: Drive, asked: CopyOrMove, name: str, folder: Dentry, make: Callable[[str], Dentry]) -> Result:
    """Copy or move, with the strategy for taken names. The reply has the file, or a task for a folder."""
    dentry = make_named(drive, folder, name, _strategy(asked.get("option", DentryOptions())), make)
    if dentry.type == "FILE":
        return {"dentry": shown(drive, dentry), "async": False}
    return {"async": True, "taskId": drive.finish(len(list(drive.below(dentry))))}


@endpoint("POST", "/v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/copy?unionId", scope=WRITE, invalid=INVALID)
def copy_dentry(company: Company, **asked: Unpack[CopyOrMove]) -> Result:
    """复制文件或文件夹: a folder is copied by a task."""
    drive, who = company.drive, check_user(company, asked["union_id"])
    dentry, folder = _source_and_target(drive, asked)
    drive.check_room(folder.space_id, _size_of_all(drive, dentry))

    def copy(source: Dentry, to: Dentry, name: str) -> Dentry:
        made = drive.add(to, name, who, source.versions[-1:] if source.type == "FILE" else None)
        for child in drive.children(source):
            copy(child, made, child.name)
        return made

    return _placed(drive, asked, dentry.name, folder, lambda name: copy(dentry, folder, name))


@endpoint("POST", "/v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/move?unionId", scope=WRITE, invalid=INVALID)
def move_dentry(company: Company, **asked: Unpack[CopyOrMove]) -> Result:
    """移动文件或文件夹: a folder is moved by a task."""
    drive, who = company.drive, check_user(company, asked["union_id"])
    dentry, folder = _source_and_target(drive, asked)
    if folder.space_id != dentry.space_id:
        drive.check_room(folder.space_id, _size_of_all(drive, dentry))

    def move(name: str) -> Dentry:
        everything = list(drive.below(dentry))
        for each in everything:
            del drive.dentries[each.space_id, each.id]
            each.space_id = folder.space_id
            drive.dentries[each.space_id, each.id] = each
        dentry.parent_id, dentry.name, dentry.modifier, dentry.modified = folder.id, name, who, drive.now()
        return dentry

    return _placed(drive, asked, dentry.name, folder, move)


@endpoint("DELETE", "/v1.0/storage/spaces/{spaceId}/dentries/{dentryId}", scope=WRITE, invalid=INVALID)
def delete_dentry(
    company: Company,
    *,
    space_id: SpaceId,
    dentry_id: DentryId,
    union_id: UnionId,
    to_recycle_bin: bool = False,
) -> Result:
    """删除文件或文件夹: a folder is deleted by a task. There is no recycle bin."""
    del to_recycle_bin
    check_user(company, union_id)
    drive = company.drive
    dentry = drive.dentry(space_id, dentry_id)
    if dentry.id == ROOT:
        raise Refused("operationNotSupported")
    count = len(list(drive.below(dentry)))
    drive.remove(dentry)
    return {"async": False} if dentry.type == "FILE" else {"async": True, "taskId": drive.finish(count)}


@endpoint("GET", "/v1.0/storage/tasks/{taskId}", scope="Storage.Task.Read", invalid="paramError.taskId")
def get_task(company: Company, *, task_id: str, union_id: UnionId) -> Result:
    """获取存储中异步任务信息."""
    check_user(company, union_id)
    if task_id not in company.drive.tasks:
        raise Refused("taskNotExist")
    return {"task": company.drive.tasks[task_id]}


# upload and download


@endpoint(
    "POST",
    "/v2.0/storage/spaces/files/{parentDentryUuid}/uploadInfos/query?unionId",
    scope="Storage.UploadInfo.Read",
    invalid=INVALID,
)
def get_upload_info(
    company: Company,
    *,
    parent: Annotated[str, Field(alias="parentDentryUuid")],
    union_id: UnionId,
    protocol: Annotated[Literal["HEADER_SIGNATURE"], Code("paramError.protocol")],
    option: UploadOption | None = None,
) -> Result:
    """获取文件上传信息."""
    check_user(company, union_id)
    drive = company.drive
    folder = drive.folder(parent)
    check = (option or UploadOption()).get("preCheckParam", {})
    check_name(check.get("name", "-"))
    drive.check_room(folder.space_id, check.get("size", 0))
    upload_key, key = drive.new_id(), f"{folder.space_id}/{drive.new_id()}"
    drive.uploads[upload_key] = folder, key
    return {
        "uploadKey": upload_key,
        "storageDriver": "DINGTALK",
        "protocol": protocol,
        "headerSignatureInfo": drive.store.sign("PUT", key),
    }


@endpoint("POST", "/v2.0/storage/spaces/files/{parentDentryUuid}/commit?unionId", scope=WRITE, invalid=INVALID)
def commit_file(
    company: Company,
    *,
    parent: Annotated[str, Field(alias="parentDentryUuid")],
    union_id: UnionId,
    upload_key: Annotated[str, Code("paramError.uploadKey")],
    name: Annotated[str, Code("paramError.name")],
    option: DentryOptions | None = None,
) -> Result:
    """提交文件: as many bytes as `size` must have been uploaded."""
    drive, given, who = company.drive, option or DentryOptions(), check_user(company, union_id)
    folder = drive.folder(parent)
    begun_in, key = drive.uploads.get(upload_key, (None, ""))
    if begun_in is not folder:
        raise Refused("paramError.uploadKey")
    name = check_name(name)
    content = drive.store.objects.get(key)
    if content is None or given.get("size", len(content)) != len(content):
        raise Refused("dentryStoreError")
    if len(given.get("appProperties", [])) > 3:
        raise Refused("paramError")
    drive.check_room(folder.space_id, len(content))
    strategy = _strategy(given)
    old = drive.named(folder, name)
    if strategy == "OVERWRITE" and old and old.type == "FILE":
        old.versions.append(key)
        old.modifier, old.modified = who, drive.now()
        made = old
    elif strategy == "RETURN_ERROR_IF_EXISTS" and old:
        raise Refused("dentryNameConflict")
    else:
        properties = given.get("appProperties", [])
        made = make_named(
            drive,
            folder,
            name,
            strategy,
            lambda free: drive.add(folder, free, who, [key], app_properties=properties),
        )
    del drive.uploads[upload_key]
    return {"dentry": shown(drive, made)}


@endpoint(
    "POST",
    "/v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/downloadInfos/query?unionId",
    scope="Storage.DownloadInfo.Read",
    invalid=INVALID,
)
def get_download_info(
    company: Company,
    *,
    space_id: SpaceId,
    dentry_id: DentryId,
    union_id: UnionId,
    option: DownloadOption | None = None,
) -> Result:
    """获取文件下载信息."""
    check_user(company, union_id)
    dentry = company.drive.dentry(space_id, dentry_id)
    version = (option or DownloadOption()).get("version", len(dentry.versions))
    if dentry.type != "FILE":
        raise Refused("operationNotSupported")
    if not 1 <= version <= len(dentry.versions):
        raise Refused("dentryNotExist")
    info = company.drive.store.sign("GET", dentry.versions[version - 1])
    return {"protocol": "HEADER_SIGNATURE", "headerSignatureInfo": info}
