"""What files and folders are listed, created, copied, uploaded and downloaded with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from dingtalk_models.core.body import Progress
from dingtalk_models.core.shape import OrDict, Shape
from dingtalk_models.core.wire import wire

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
ConflictOption = Annotated[Conflict | None, wire("option.conflictStrategy", "conflictStrategy")]
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


class CopyFields(TypedDict, total=False):
    """How a file or folder is copied."""

    conflict: ConflictOption
    """What happens where the name is taken; by default another name."""


class MoveFields(CopyFields, total=False):
    """How a file or folder is moved."""

    keep_permissions: Annotated[bool | None, wire("option.presevePermissions", "presevePermissions")]
    """Whether it keeps its permissions."""


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


class DownloadFields(TypedDict, total=False):
    """How a file is downloaded."""

    version: int | None
    """An earlier version."""
    progress: Progress | None
    """Called with the bytes received and their total."""
