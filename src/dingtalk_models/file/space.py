"""Spaces (空间), in which apps and users keep files."""

from __future__ import annotations

import builtins
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field
from typing_extensions import TypedDict, Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import api, operation
from dingtalk_models.core.files import Source
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
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record
from dingtalk_models.resource.query import Query


class CapabilityFields(TypedDict, total=False):
    """What users can do in a space."""

    can_search: bool
    """Search for its files."""
    can_rename: bool
    """Rename it."""
    can_record_recent_file: bool
    """Show its files among the recently used ones."""


class SpaceFields(TypedDict, total=False):
    """Options for creating a space."""

    name: Annotated[str, wire("option.name", "name")]
    """Its name."""
    quota: Annotated[int, Field(ge=0), wire("option.quota", "quota")]
    """Its capacity in bytes."""
    capabilities: Annotated[CapabilityFields, wire("option.capabilities", "capabilities")]
    """What users can do in it."""
    scene: Annotated[str, wire("option.scene", "scene")]
    """The kind of use, such as `contract`; by default `default`."""
    scene_id: Annotated[str, wire("option.sceneId", "sceneId")]
    """The id of the space within its scene; by default `0`."""
    owner_type: Annotated[Literal["USER", "APP"], wire("option.ownerType", "ownerType")]
    """Whether it belongs to the user or to the app."""


class SpaceManager(Manager):
    """Spaces (空间)."""

    @api("storage_1_0.AddSpace", "POST /v1.0/storage/spaces?unionId")
    def create(self, union_id: UnionId, **fields: Unpack[SpaceFields]) -> Call[Space]:
        """Create a space, or get the existing one of the scene (添加空间).

        Args:
            union_id: the user who creates it.
            fields: see `SpaceFields`. There is one space for each pair of `scene` and `scene_id`.

        Source: add-space
        """
        return Call(Space, "space")

    @api("storage_1_0.GetSpace", "GET /v1.0/storage/spaces/{spaceId}")
    def get(self, space_id: SpaceId, union_id: UnionId) -> Call[Space]:
        """Get a space (获取空间信息).

        Args:
            space_id: the space.
            union_id: the user who makes the call.

        Raises:
            NotFound: there is no such space.

        Source: get-space-information
        """
        return Call(Space, "space")


class Capabilities(Record, alias_generator=camel):
    """What users can do in a space."""

    can_search: bool | None
    can_rename: bool | None
    can_record_recent_file: bool | None


class PartitionQuota(Record):
    """The used size and the capacity of a partition, in bytes."""

    used: int | None
    max: int | None
    reserved: int | None
    type: str | None


class Partition(Record, alias_generator=camel):
    """A part of a space."""

    partition_type: str | None
    quota: PartitionQuota | None


class Space(Model, alias_generator=camel):
    """A space (空间). Users are identified by union id."""

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
    """Its used size in bytes."""
    quota: int | None = None
    """Its capacity in bytes."""
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
        """Load every field of this object again.

        Args:
            union_id: the user who makes the call.
        """
        self.replace((yield from self.objects.get.call(self.id, union_id)))
        return self

    @operation
    def root(self, union_id: UnionId) -> Call[Dentry]:
        """Get the root folder of this space.

        Args:
            union_id: the user who makes the call.
        """
        return Dentry.objects.get.call(self.id, ROOT, union_id)

    @operation
    def list(self, union_id: UnionId, **fields: Unpack[ListingFields]) -> Query[Dentry]:
        """List the files and folders directly in this space, or in one of its folders.

        Args:
            union_id: the user who makes the call.
            fields: see `ListingFields`.
        """
        return Dentry.objects.list.call(self.id, union_id, **fields)

    @operation
    def create_folder(self, name: FileName, union_id: UnionId, **fields: Unpack[FolderFields]) -> Call[Dentry]:
        """Create a folder in the root of this space; see `Dentry.create_folder`."""
        return Dentry.objects.create_folder.call(self.id, ROOT, name, union_id, **fields)

    @operation
    def upload(self, file: Source, union_id: UnionId, **fields: Unpack[UploadFields]) -> Flow[Dentry]:
        """Upload a file to the root of this space.

        Args:
            file: a path, bytes or a binary file object. It is sent in pieces, so that it never fills the memory.
            union_id: the user who uploads it.
            fields: see `UploadFields`.
        """
        root = yield from self.root.call(union_id)
        return (yield from root.upload.call(file, union_id, **fields))
