"""Spaces (空间): where an app or a user keeps files."""

from __future__ import annotations

import builtins
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field
from typing_extensions import TypedDict, Unpack

from dingtalk_models.core.body import Source
from dingtalk_models.core.call import Call
from dingtalk_models.core.model import Manager, Model, Record
from dingtalk_models.core.operation import api, operation
from dingtalk_models.core.query import Query
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.file.dentry import Dentry
from dingtalk_models.file.dentry_fields import (
    ROOT,
    FileName,
    FolderFields,
    ListingFields,
    SpaceId,
    UnionId,
    UploadFields,
)


class CapabilityFields(TypedDict, total=False):
    """What can be done in a space."""

    can_search: bool
    """Find its files by searching."""
    can_rename: bool
    """Rename it."""
    can_record_recent_file: bool
    """Have its files among those used recently."""


class SpaceFields(TypedDict, total=False):
    """What a space may be given when it is created."""

    name: Annotated[str, wire("option.name", "name")]
    """Its name."""
    quota: Annotated[int, Field(ge=0), wire("option.quota", "quota")]
    """How much it may hold, in bytes."""
    capabilities: Annotated[CapabilityFields, wire("option.capabilities", "capabilities")]
    """What can be done in it."""
    scene: Annotated[str, wire("option.scene", "scene")]
    """What it is for, `default` unless given."""
    scene_id: Annotated[str, wire("option.sceneId", "sceneId")]
    """Which one of the scene's it is, `0` unless given."""
    owner_type: Annotated[Literal["USER", "APP"], wire("option.ownerType", "ownerType")]
    """Whether it belongs to the user or to the app."""


class SpaceManager(Manager):
    """Spaces (空间)."""

    @api("storage_1_0.AddSpace", "POST /v1.0/storage/spaces?unionId")
    def create(self, union_id: UnionId, **fields: Unpack[SpaceFields]) -> Call[Space]:
        """Create a space, or have the one that the scene has already (添加空间).

        Args:
            union_id: who creates it.
            fields: see `SpaceFields`. There is one space for each `scene` and `scene_id`.

        Source: add-space
        """
        return Call(Space, "space")

    @api("storage_1_0.GetSpace", "GET /v1.0/storage/spaces/{spaceId}")
    def get(self, space_id: SpaceId, union_id: UnionId) -> Call[Space]:
        """One space (获取空间信息).

        Args:
            space_id: the space.
            union_id: who asks.

        Raises:
            NotFound: there is no such space.

        Source: get-space-information
        """
        return Call(Space, "space")


class Capabilities(Record, alias_generator=camel):
    """What can be done in a space."""

    can_search: bool | None
    can_rename: bool | None
    can_record_recent_file: bool | None


class PartitionQuota(Record):
    """How much a partition holds and may hold, in bytes."""

    used: int | None
    max: int | None
    reserved: int | None
    type: str | None


class Partition(Record, alias_generator=camel):
    """A part of a space."""

    partition_type: str | None
    quota: PartitionQuota | None


class Space(Model, alias_generator=camel):
    """A space (空间). Who made it is named by union id."""

    objects: ClassVar[SpaceManager] = SpaceManager()
    get = objects.get
    create = objects.create

    id: str
    corp_id: str | None = None
    creator_id: str | None = None
    modifier_id: str | None = None
    owner_type: str | None = None
    owner_id: str | None = None
    used_quota: int | None = None
    """How much it holds, in bytes."""
    quota: int | None = None
    """How much it may hold, in bytes."""
    status: str | None = None
    """`NORMAL` or `DELETE`."""
    create_time: AwareDatetime | None = None
    modified_time: AwareDatetime | None = None
    app_id: str | None = None
    scene: str | None = None
    scene_id: str | None = None
    capabilities: Capabilities | None = None
    name: str | None = None
    partitions: builtins.list[Partition] = []

    @operation
    def refresh(self, union_id: UnionId) -> Flow[Space]:
        """Load every field anew, into this object.

        Args:
            union_id: who asks.
        """
        self.replace((yield from self.objects.get.call(self.id, union_id)))
        return self

    @operation
    def root(self, union_id: UnionId) -> Call[Dentry]:
        """The folder that everything in this space is in.

        Args:
            union_id: who asks.
        """
        return Dentry.objects.get.call(self.id, ROOT, union_id)

    @operation
    def list(self, union_id: UnionId, **fields: Unpack[ListingFields]) -> Query[Dentry]:
        """What is directly in this space, or in one of its folders.

        Args:
            union_id: who asks.
            fields: see `ListingFields`.
        """
        return Dentry.objects.list.call(self.id, union_id, **fields)

    @operation
    def create_folder(self, name: FileName, union_id: UnionId, **fields: Unpack[FolderFields]) -> Call[Dentry]:
        """Create a folder at the top of this space.

        Args:
            name: its name.
            union_id: who creates it.
            fields: see `FolderFields`.
        """
        return Dentry.objects.create_folder.call(self.id, ROOT, name, union_id, **fields)

    @operation
    def upload(self, file: Source, union_id: UnionId, **fields: Unpack[UploadFields]) -> Flow[Dentry]:
        """Upload a file to the top of this space.

        Args:
            file: a path, bytes or a binary file object; it is never held in memory as a whole.
            union_id: who uploads it.
            fields: see `UploadFields`.
        """
        root = yield from self.root.call(union_id)
        return (yield from root.upload.call(file, union_id, **fields))
