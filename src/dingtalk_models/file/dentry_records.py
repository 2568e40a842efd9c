"""What the platform tells of files and folders beside themselves: where their bytes are, and what still goes on."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime

from dingtalk_models.core.errors import TransportError
from dingtalk_models.core.model import Record
from dingtalk_models.core.wire import camel, wire


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
