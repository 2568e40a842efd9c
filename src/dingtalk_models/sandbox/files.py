"""`/v1.0/storage/*`, `/v2.0/storage/*`, `/media/upload`, `/cspace/*`, `/file/upload/*`, files of approvals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import PurePath
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from typing_extensions import TypedDict

from .company import Company
from .drive import ROOT, Dentry, Drive, Space, Transaction
from .endpoints import Code, FromJson, Names, Result, endpoint
from .envelopes import Upload
from .errors import Refused

READ: Final = "Storage.File.Read"
WRITE: Final = "Storage.File.Write"
APPROVALS: Final = "Workflow.Instance.Write"
INVALID: Final = "paramError"

UnionId = Annotated[str, Field(alias="unionId", min_length=1)]
SpaceId = Annotated[str, Field(alias="spaceId")]
DentryId = Annotated[str, Field(alias="dentryId")]
TargetSpace = Annotated[str, Field(alias="targetSpaceId")]
TargetFolder = Annotated[str, Field(alias="targetFolderId")]
Conflict = Literal["AUTO_RENAME", "OVERWRITE", "RETURN_DENTRY_IF_EXISTS", "RETURN_ERROR_IF_EXISTS"]
Media = Annotated[Upload, Code(41005)]


class Option(TypedDict, total=False):
    """What copying, moving and adding take."""

    conflictStrategy: Conflict
    appProperties: list[dict[str, str]]
    size: int
    presevePermissions: bool


class SpaceOption(TypedDict, total=False):
    """What a space takes."""

    name: str
    quota: Annotated[int, Field(ge=0)]
    capabilities: dict[str, bool]
    scene: str
    sceneId: str
    ownerType: Literal["USER", "APP"]


class PreCheck(TypedDict, total=False):
    """What is checked before an upload."""

    size: int
    name: str


class UploadOption(TypedDict, total=False):
    """What the information for an upload takes."""

    preCheckParam: PreCheck


class DownloadOption(TypedDict, total=False):
    """What the information for a download takes."""

    version: int


def check_user(company: Company, union_id: str) -> str:
    """Refuse who is not of the company."""
    if company.find_user(unionid=union_id) is None:
        raise Refused("permissionDenied")
    return union_id


def check_name(name: str) -> str:
    """The name without spaces around it, or a refusal."""
    if not name.strip() or name.endswith(".") or any(each in name for each in '\t*"<>|'):
        raise Refused("dentryNameIllegal")
    return name.strip()


def shown_space(company: Company, space: Space) -> Result:
    """A space as it is answered."""
    quota = {"used": company.drive.used(space.id), "max": space.quota, "reserved": 0, "type": "PRIVATE"}
    owner = space.creator if space.owner_type == "USER" else company.credentials.agent_id
    return {
        "space": {
            "id": space.id, "corpId": company.credentials.corp_id, "creatorId": space.creator, "name": space.name,
            "ownerType": space.owner_type, "ownerId": owner, "modifierId": space.creator, "usedQuota": quota["used"],
            "quota": space.quota, "status": "NORMAL", "createTime": space.created, "modifiedTime": space.modified,
            "appId": company.credentials.agent_id, "scene": space.scene, "sceneId": space.scene_id,
            "capabilities": space.capabilities,
            "partitions": [{"partitionType": "PUBLIC_OSS_PARTITION", "quota": quota}],
        }
    }  # fmt: skip


def shown(drive: Drive, dentry: Dentry) -> dict[str, Any]:
    """A file or folder as it is answered; a folder has neither size nor extension."""
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


def settle(drive: Drive, folder: Dentry, name: str, strategy: Conflict, make: Callable[[str], Dentry]) -> Dentry:
    """Make something of this name in a folder, by the rule for names that are taken."""
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


# spaces


@endpoint("POST", "/v1.0/storage/spaces?unionId", scope="Storage.Space.Write", invalid=INVALID)
def add_space(company: Company, *, union_id: UnionId, option: SpaceOption | None = None) -> Result:
    """添加空间; the one of the scene where there is one."""
    given: dict[str, Any] = {**(option or SpaceOption())}
    scene, scene_id = given.pop("scene", "default"), given.pop("sceneId", "0")
    if "ownerType" in given:
        given["owner_type"] = given.pop("ownerType")
    space = company.drive.space_for(scene, scene_id, check_user(company, union_id), **given)
    return shown_space(company, space)


@endpoint("GET", "/v1.0/storage/spaces/{spaceId}", scope="Storage.Space.Read", invalid=INVALID)
def get_space(company: Company, *, space_id: SpaceId, union_id: UnionId) -> Result:
    """获取空间信息."""
    check_user(company, union_id)
    return shown_space(company, company.drive.space(space_id))


# files and folders

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
    parent_id: Annotated[str, Field(alias="parentId")],
    next_token: Annotated[int, Field(alias="nextToken", ge=0)] = 0,
    max_results: Annotated[int, Field(alias="maxResults", ge=1, le=50)] = 50,
    order_by: Annotated[Literal["MODIFIED_TIME", "CREATE_TIME", "NAME", "SIZE"], Field(alias="orderBy")] = "NAME",
    order: Literal["ASC", "DESC"] = "ASC",
) -> Result:
    """获取文件或文件夹列表."""
    check_user(company, union_id)
    drive = company.drive
    inside = drive.children(drive.dentry(space_id, parent_id))
    inside.sort(key=lambda each: _ORDER[order_by](drive, each), reverse=order == "DESC")
    end = next_token + max_results
    page: dict[str, Any] = {"dentries": [shown(drive, each) for each in inside[next_token:end]]}
    return page | ({"nextToken": str(end)} if end < len(inside) else {})


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
    parent_id: Annotated[str, Field(alias="parentId")],
    union_id: UnionId,
    name: str,
    option: Option | None = None,
) -> Result:
    """添加文件夹."""
    given, drive, who = option or Option(), company.drive, check_user(company, union_id)
    folder = drive.dentry(space_id, parent_id)
    properties = given.get("appProperties", [])
    made = settle(
        drive,
        folder,
        check_name(name),
        given.get("conflictStrategy", "AUTO_RENAME"),
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
    new_name: Annotated[str, Field(alias="newName")],
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


def placed(drive: Drive, dentry: Dentry) -> Result:
    """What copying and moving answer: the file, or for a folder a task."""
    if dentry.type == "FILE":
        return {"dentry": shown(drive, dentry), "async": False}
    return {"async": True, "taskId": drive.finish(len(list(drive.below(dentry))))}


def destination(drive: Drive, dentry: Dentry, space_id: str, folder_id: str) -> Dentry:
    """The folder to copy or move to: not within what is copied or moved."""
    folder = drive.dentry(space_id, folder_id)
    if folder.type != "FOLDER" or folder in drive.below(dentry):
        raise Refused("paramError.targetFolderId")
    return folder


@endpoint("POST", "/v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/copy?unionId", scope=WRITE, invalid=INVALID)
def copy_dentry(
    company: Company,
    *,
    space_id: SpaceId,
    dentry_id: DentryId,
    union_id: UnionId,
    target_space: TargetSpace,
    target_folder: TargetFolder,
    option: Option | None = None,
) -> Result:
    """复制文件或文件夹: a folder as a task."""
    drive, who = company.drive, check_user(company, union_id)
    dentry = drive.dentry(space_id, dentry_id)
    folder = destination(drive, dentry, target_space, target_folder)
    drive.check_room(target_space, sum(map(drive.size, drive.below(dentry))))

    def copy(source: Dentry, to: Dentry, name: str) -> Dentry:
        made = drive.add(to, name, who, source.versions[-1:] if source.type == "FILE" else None)
        for child in drive.children(source):
            copy(child, made, child.name)
        return made

    strategy = (option or Option()).get("conflictStrategy", "AUTO_RENAME")
    make = settle(drive, folder, dentry.name, strategy, lambda name: copy(dentry, folder, name))
    return placed(drive, make)


@endpoint("POST", "/v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/move?unionId", scope=WRITE, invalid=INVALID)
def move_dentry(
    company: Company,
    *,
    space_id: SpaceId,
    dentry_id: DentryId,
    union_id: UnionId,
    target_space: TargetSpace,
    target_folder: TargetFolder,
    option: Option | None = None,
) -> Result:
    """移动文件或文件夹: a folder as a task."""
    drive, who = company.drive, check_user(company, union_id)
    dentry = drive.dentry(space_id, dentry_id)
    folder = destination(drive, dentry, target_space, target_folder)
    if target_space != space_id:
        drive.check_room(target_space, sum(map(drive.size, drive.below(dentry))))

    def move(name: str) -> Dentry:
        everything = list(drive.below(dentry))
        for each in everything:
            del drive.dentries[each.space_id, each.id]
            each.space_id = target_space
            drive.dentries[each.space_id, each.id] = each
        dentry.parent_id, dentry.name, dentry.modifier, dentry.modified = folder.id, name, who, drive.now()
        return dentry

    strategy = (option or Option()).get("conflictStrategy", "AUTO_RENAME")
    return placed(drive, settle(drive, folder, dentry.name, strategy, move))


@endpoint("DELETE", "/v1.0/storage/spaces/{spaceId}/dentries/{dentryId}", scope=WRITE, invalid=INVALID)
def delete_dentry(
    company: Company,
    *,
    space_id: SpaceId,
    dentry_id: DentryId,
    union_id: UnionId,
    to_recycle_bin: Annotated[bool, Field(alias="toRecycleBin")] = False,
) -> Result:
    """删除文件或文件夹: a folder as a task. There is no recycle bin."""
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
def get_task(company: Company, *, task_id: Annotated[str, Field(alias="taskId")], union_id: UnionId) -> Result:
    """获取存储中异步任务信息."""
    check_user(company, union_id)
    if task_id not in company.drive.tasks:
        raise Refused("taskNotExist")
    return {"task": company.drive.tasks[task_id]}


# transfer


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
    upload_key: Annotated[str, Field(alias="uploadKey"), Code("paramError.uploadKey")],
    name: Annotated[str, Code("paramError.name")],
    option: Option | None = None,
) -> Result:
    """提交文件: the bytes must have been put, and be as many as is said."""
    drive, given, who = company.drive, option or Option(), check_user(company, union_id)
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
    strategy = given.get("conflictStrategy", "AUTO_RENAME")
    old = drive.named(folder, name)
    if strategy == "OVERWRITE" and old and old.type == "FILE":
        old.versions.append(key)
        old.modifier, old.modified = who, drive.now()
        made = old
    elif strategy == "RETURN_ERROR_IF_EXISTS" and old:
        raise Refused("dentryNameConflict")
    else:
        properties = given.get("appProperties", [])
        made = settle(
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


# media

_MB: Final = 1024 * 1024
_MEDIA: Final = {
    "image": (20, "jpg gif png bmp"),
    "voice": (2, "amr mp3 wav"),
    "video": (20, "mp4"),
    "file": (20, "doc docx xls xlsx ppt pptx zip pdf rar"),
}


@endpoint("POST", "/media/upload", scope="qyapi_base", invalid=40004)
def upload_media(
    company: Company, *, type: Annotated[Literal["image", "voice", "video", "file"], Code(40004)], media: Media
) -> Result:
    """上传媒体文件."""
    megabytes, extensions = _MEDIA[type]
    if not media.content:
        raise Refused(44001)
    if PurePath(media.name).suffix[1:].lower() not in extensions.split():
        raise Refused(40005)
    if len(media.content) > megabytes * _MB:
        raise Refused(40006)
    media_id = company.drive.keep(type, media.name, media.content)
    return {"type": type, "media_id": media_id, "created_at": int(company.credentials.clock.now() * 1000)}


# the older drive

Domain = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,10}$"), Code(72001)]


@endpoint("GET", "/cspace/get_custom_space", invalid=72001)
def get_custom_space(company: Company, *, domain: Domain | None = None, agent_id: str | None = None) -> Result:
    """获取企业下的自定义空间: upper and lower case are the same."""
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
    """保存文件到自定义或审批钉盘空间; the reply's dentry is JSON in a string."""
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
    made = settle(drive, root, name, strategy, lambda free: drive.add_file(root, free, content, userid))
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


@endpoint("POST", "/file/upload/single", invalid=40035)
def upload_single(company: Company, *, file_size: int, file: Media) -> Result:
    """单步文件上传: 8 MB."""
    if file_size != len(file.content) or not 0 < file_size <= 8 * _MB:
        raise Refused(40006)
    return {"media_id": company.drive.keep("file", file.name, file.content, "#i")}


@endpoint("GET", "/file/upload/transaction", invalid=40035)
def upload_transaction(
    company: Company,
    *,
    file_size: Annotated[int, Field(ge=1)],
    chunk_numbers: Annotated[int, Field(ge=1, le=10_000)],
    upload_id: str | None = None,
) -> Result:
    """开启分块上传事务, or with an upload id 提交文件上传事务."""
    drive = company.drive
    if upload_id is None:
        upload_id = f"{drive.new_id()}_0#i"
        drive.transactions[upload_id] = Transaction(file_size, chunk_numbers)
        return {"upload_id": upload_id}
    if upload_id not in drive.transactions:
        raise Refused(40035)
    chunks = drive.transactions[upload_id].chunks
    content = b"".join(chunks[number] for number in sorted(chunks))
    if sorted(chunks) != list(range(1, chunk_numbers + 1)) or len(content) != file_size:
        raise Refused(40006)
    del drive.transactions[upload_id]
    return {"media_id": drive.keep("file", upload_id, content, "#i")}


@endpoint("POST", "/file/upload/chunk", invalid=40035)
def upload_chunk(
    company: Company, *, upload_id: str, chunk_sequence: Annotated[int, Field(ge=1)], file: Media
) -> Result:
    """上传文件块: all but the last one have 100 KB at least, each 8 MB at the most."""
    transaction = company.drive.transactions.get(upload_id)
    if transaction is None or chunk_sequence > transaction.chunk_numbers:
        raise Refused(40035)
    least = 1 if chunk_sequence == transaction.chunk_numbers else 100 * 1024
    if not least <= len(file.content) <= 8 * _MB:
        raise Refused(40006)
    transaction.chunks[chunk_sequence] = file.content
    return {}


# files of approvals

UserId = Annotated[str, Field(alias="userId", min_length=1)]
InstanceId = Annotated[str, Field(alias="processInstanceId", min_length=1)]
FileId = Annotated[str, Field(alias="fileId", min_length=1), Code("invalidFileId")]


class FileInfo(TypedDict):
    """A file and its space."""

    fileId: str
    spaceId: int


class OldPreview(TypedDict):
    """The request of the older preview."""

    userid: str
    process_instance_id: str
    file_id: str


def attachment(company: Company, process_instance_id: str, file_id: str) -> Dentry:
    """The file of an approval, or the platform's refusal."""
    attachments = company.drive.attachments
    if not any(instance == process_instance_id for instance, _ in attachments):
        raise Refused("processInstNotExist")
    if (process_instance_id, file_id) not in attachments:
        raise Refused("invalidFileId")
    return attachments[process_instance_id, file_id]


def approval_space(company: Company, userid: str) -> Result:
    """The space of approvals, for somebody of the company."""
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
    """授权预览审批附件, the older API."""
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
    file_infos: Annotated[list[FileInfo], Field(alias="fileInfos", min_length=1, max_length=10)],
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
