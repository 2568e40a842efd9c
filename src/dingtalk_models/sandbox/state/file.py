"""The files of a company: spaces with files and folders, media, and uploads to the older drive."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.ids import opaque
from dingtalk_models.sandbox.state.object_store import ObjectStore

ROOT: Final = "0"


@dataclass
class Space:
    """A space (空间). An older custom space is one, too."""

    id: str
    creator: str
    scene: str
    scene_id: str
    owner_type: str = "APP"
    name: str | None = None
    quota: int = 1024**4
    capabilities: dict[str, bool] = field(default_factory=dict[str, bool])
    created: str = ""
    modified: str = ""


@dataclass
class Dentry:
    """A file or folder. `versions` has keys of the object store; a folder has none."""

    id: str
    space_id: str
    parent_id: str | None
    type: Literal["FILE", "FOLDER"]
    name: str
    creator: str
    modifier: str
    created: str
    modified: str
    versions: list[str] = field(default_factory=list[str])
    app_properties: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def uuid(self) -> str:
        """Its id across all spaces."""
        return opaque("dentry", self.space_id, self.id)


@dataclass
class Media:
    """A media file, or an upload to the older drive."""

    type: str
    name: str
    content: bytes


@dataclass
class Transaction:
    """An upload in chunks that is still open."""

    file_size: int
    chunk_numbers: int
    chunks: dict[int, bytes] = field(default_factory=dict[int, bytes])


class Drive:
    """The files of a company.

    Attributes:
        store: the contents of the files.
        spaces, tasks, media, transactions: each by id.
        custom: the id of the space for each domain of the older API.
        uploads: the folder and the object key by upload key.
        attachments: the files of approvals by approval and file id.
        granted, sent: the older API's requests to grant access and to send a file.
    """

    def __init__(self, clock: Clock) -> None:
        self.store = ObjectStore(clock)
        self.spaces: dict[str, Space] = {}
        self.dentries: dict[tuple[str, str], Dentry] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.media: dict[str, Media] = {}
        self.transactions: dict[str, Transaction] = {}
        self.custom: dict[str, str] = {}
        self.uploads: dict[str, tuple[Dentry, str]] = {}
        self.attachments: dict[tuple[str, str], Dentry] = {}
        self.granted: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self._clock = clock
        self._ids = itertools.count(3_996_960_664)

    def now(self) -> str:
        """Return the time in the form of replies."""
        return datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def new_id(self) -> str:
        """Make a new id."""
        return str(next(self._ids))

    # spaces

    def space_for(self, scene: str, scene_id: str, creator: str, **fields: Any) -> Space:
        """Return the space of a scene, or create it."""
        for space in self.spaces.values():
            if (space.scene, space.scene_id) == (scene, scene_id):
                return space
        now = self.now()
        made = Space(self.new_id(), creator, scene, scene_id, created=now, modified=now, **fields)
        self.spaces[made.id] = made
        self.dentries[made.id, ROOT] = Dentry(ROOT, made.id, None, "FOLDER", "", creator, creator, now, now)
        return made

    def space(self, space_id: str) -> Space:
        """Return the space with this id, or refuse."""
        if space_id not in self.spaces:
            raise Refused("spaceNotExist")
        return self.spaces[space_id]

    def used(self, space_id: str) -> int:
        """Return the used bytes of a space."""
        return sum(self.size(each) for each in self.dentries.values() if each.space_id == space_id)

    def check_room(self, space_id: str, size: int) -> None:
        """Refuse more bytes than the space can hold."""
        if self.used(space_id) + size > self.space(space_id).quota:
            raise Refused("spaceQuotaInsufficient")

    # files and folders

    def dentry(self, space_id: str, dentry_id: str) -> Dentry:
        """Return the file or folder with this id, or refuse."""
        self.space(space_id)
        if (space_id, dentry_id) not in self.dentries:
            raise Refused("dentryNotExist")
        return self.dentries[space_id, dentry_id]

    def folder(self, uuid: str) -> Dentry:
        """Return the folder with this uuid, or refuse."""
        for each in self.dentries.values():
            if each.uuid == uuid and each.type == "FOLDER":
                return each
        raise Refused("paramError.parentDentryUuid")

    def children(self, folder: Dentry) -> list[Dentry]:
        """Return the files and folders directly in a folder."""
        place = (folder.space_id, folder.id)
        return [each for each in self.dentries.values() if (each.space_id, each.parent_id) == place]

    def below(self, dentry: Dentry) -> Iterator[Dentry]:
        """Return the file or folder and everything below it."""
        yield dentry
        for child in self.children(dentry):
            yield from self.below(child)

    def path(self, dentry: Dentry) -> str:
        """Return its path from the root of its space."""
        if dentry.parent_id is None:
            return "/"
        above = self.path(self.dentries[dentry.space_id, dentry.parent_id])
        return f"{above.rstrip('/')}/{dentry.name}"

    def size(self, dentry: Dentry) -> int:
        """Return the size of its latest version in bytes."""
        return len(self.store.objects[dentry.versions[-1]]) if dentry.versions else 0

    def named(self, folder: Dentry, name: str) -> Dentry | None:
        """Return the file or folder with this name in a folder."""
        return next((each for each in self.children(folder) if each.name == name), None)

    def free_name(self, folder: Dentry, name: str) -> str:
        """Return the name, with a number if it is taken."""
        stem, dot, extension = name.rpartition(".") if "." in name else (name, "", "")
        names = (name, *(f"{stem}({number}){dot}{extension}" for number in range(1, 10_000)))
        return next(each for each in names if self.named(folder, each) is None)

    def add(self, folder: Dentry, name: str, who: str, versions: list[str] | None = None, **fields: Any) -> Dentry:
        """Add a file to a folder, or a folder if there are no versions."""
        now = self.now()
        kind: Literal["FILE", "FOLDER"] = "FOLDER" if versions is None else "FILE"
        place = (self.new_id(), folder.space_id, folder.id)
        made = Dentry(*place, kind, name, who, who, now, now, versions or [], **fields)
        self.dentries[made.space_id, made.id] = made
        return made

    def add_file(self, folder: Dentry, name: str, content: bytes, who: str = "") -> Dentry:
        """Add a file with this content to a folder."""
        key = self.new_id()
        self.store.objects[key] = content
        return self.add(folder, name, who, [key])

    def remove(self, dentry: Dentry) -> None:
        """Delete it and everything below it."""
        for each in list(self.below(dentry)):
            del self.dentries[each.space_id, each.id]

    def finish(self, count: int) -> str:
        """Add a task that is already done, and return its id."""
        task_id, now = self.new_id(), self.now()
        self.tasks[task_id] = {
            "id": task_id, "status": "SUCCESS", "totalCount": count, "successCount": count, "failCount": 0,
            "beginTime": now, "endTime": now,
        }  # fmt: skip
        return task_id

    # the older drive

    def keep(self, type: str, name: str, content: bytes, prefix: str = "@l") -> str:
        """Store an uploaded file, and return its media id."""
        media_id = prefix + opaque("media", str(len(self.media)), name)
        self.media[media_id] = Media(type, name, content)
        return media_id

    # approvals

    @property
    def approvals(self) -> Space:
        """Return the space for files of approvals."""
        return self.space_for("approval", "0", "")

    def attach(self, process_instance_id: str, name: str, content: bytes) -> Dentry:
        """Attach a file to an approval."""
        file = self.add_file(self.dentries[self.approvals.id, ROOT], name, content)
        self.attachments[process_instance_id, file.id] = file
        return file
