"""The options of files and folders: for listing, creating, copying, uploading and downloading them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from dingtalk_models.core.files import BytesProgress
from dingtalk_models.core.wire import wire
from dingtalk_models.resource.model import OrDict, Shape

ROOT = "0"
"""The id of a space's root folder."""

SpaceId = Annotated[str, Field(min_length=1)]
DentryId = Annotated[str, Field(min_length=1)]
ParentUuid = Annotated[str, Field(min_length=1), wire("parentDentryUuid")]
UnionId = Annotated[str, Field(min_length=1)]
FileName = Annotated[str, Field(pattern=r'^[^\t*"<>|]*[^\t*"<>|.]$')]
"""No tab, `*`, `"`, `<`, `>` or `|`, and no `.` at the end; the platform trims spaces around it."""

OrderBy = Literal["MODIFIED_TIME", "CREATE_TIME", "NAME", "SIZE"]
Conflict = Literal["AUTO_RENAME", "OVERWRITE", "RETURN_DENTRY_IF_EXISTS", "RETURN_ERROR_IF_EXISTS"]
"""What to do if the name is taken: rename the new one, overwrite, return the old one, or raise `AlreadyExists`."""

Region = Literal["ZHANGJIAKOU", "SHENZHEN", "SHANGHAI", "SINGAPORE", "UNKNOWN"]
ConflictOption = Annotated[Conflict | None, wire("option.conflictStrategy", "conflictStrategy")]
Intranet = Annotated[bool | None, wire("option.preferIntranet", "preferIntranet")]


class AppProperty(Shape):
    """A property that an app sets on a file or folder."""

    name: str
    """Its name."""
    value: str
    """Its value."""
    visibility: Annotated[str | None, Field(pattern="^(PUBLIC|PRIVATE)$")] = None
    """`PUBLIC` if other apps can see it, otherwise `PRIVATE`."""


class PreCheckFields(TypedDict, total=False):
    """Checks before an upload: whether there is enough space, and whether the name is allowed."""

    size: int
    """The size of the file in bytes."""
    name: str
    """Its name."""


AppProperties = Annotated[Sequence[OrDict[AppProperty]], wire("option.appProperties", "appProperties")]


class ListingFields(TypedDict, total=False):
    """How to list a folder."""

    parent_id: str
    """The folder; by default `0`, the space's root."""
    max_results: Annotated[int, Field(ge=1, le=50)]
    """The page size, at most 50."""
    next_token: str
    """The `next_cursor` of the previous page."""
    order_by: OrderBy
    """The field to order by."""
    order: Literal["ASC", "DESC"]
    """Ascending or descending."""
    with_thumbnail: bool
    """Whether to include URLs of thumbnails, which takes longer."""


class NameFields(TypedDict, total=False):
    """The option for names that are already taken."""

    conflict: ConflictOption
    """What to do if the name is taken; by default, the new or moved file gets another name."""


class FolderFields(NameFields, total=False):
    """Options for creating a folder."""

    app_properties: AppProperties
    """Properties that the app sets."""


class CopyFields(NameFields):
    """Options of a copy."""


class MoveFields(NameFields, total=False):
    """Options of a move."""

    keep_permissions: Annotated[bool | None, wire("option.presevePermissions", "presevePermissions")]
    """Whether to keep its permissions."""


class Destination(TypedDict):
    """The target of a copy or move."""

    target_space_id: str
    """The space."""
    target_folder_id: str
    """The folder; `0` is the space's root."""


class CopyTo(Destination, CopyFields):
    """The target and options of a copy."""


class MoveTo(Destination, MoveFields):
    """The target and options of a move."""


class CommitFields(NameFields, total=False):
    """Options for an uploaded file."""

    app_properties: Annotated[AppProperties, Field(max_length=3)]
    """Properties that the app sets, at most 3."""
    convert_to_online_doc: Annotated[bool, wire("option.convertToOnlineDoc", "convertToOnlineDoc")]
    """Whether to convert it to an online document."""
    online_doc_type: Annotated[
        Literal["DOC", "WORKBOOK", "SMART_TABLE"],
        wire("option.convertToOnlineDocTargetDocumentType", "convertToOnlineDocTargetDocumentType"),
    ]
    """The kind of online document."""
    classification_label_id: Annotated[str, wire("option.classificationLabelId", "classificationLabelId")]
    """The label for its confidentiality level (密级)."""


class UploadFields(CommitFields, total=False):
    """Options for an upload."""

    name: FileName
    """Its name; by default the name of the path or file object."""
    progress: BytesProgress
    """Called with the bytes sent and their total."""


class DownloadFields(TypedDict, total=False):
    """Options of a download."""

    version: int | None
    """An older version."""
    progress: BytesProgress | None
    """Called with the number of bytes received, and the total."""
