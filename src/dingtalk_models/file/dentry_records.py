"""Records in replies about files and folders: URLs of their contents, and background tasks."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime

from dingtalk_models.core.errors import TransportError
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.resource.model import Record


class HeaderSignature(Record, alias_generator=camel):
    """Signed URLs, the headers to send with them, and how long they are valid."""

    resource_urls: list[str] = []
    internal_resource_urls: list[str] = []
    headers: dict[str, str] = {}
    expiration_seconds: int | None
    region: str | None

    def __repr_args__(self) -> Any:
        """Leave out the headers and the signatures of the URLs, which grant access to the file."""
        unsigned = {"resource_urls", "internal_resource_urls"}
        for name, value in super().__repr_args__():
            if name in unsigned:
                yield name, [url.partition("?")[0] for url in value]
            elif name != "headers":
                yield name, value

    @property
    def url(self) -> str:
        """The URL to use.

        Raises:
            TransportError: the reply has no URL.
        """
        if not self.resource_urls:
            raise TransportError("the reply has no URL of the file store")
        return self.resource_urls[0]


class DownloadInfo(Record, alias_generator=camel):
    """The URL to download the bytes of a file from."""

    protocol: str | None
    signature: Annotated[HeaderSignature, wire("headerSignatureInfo")]


class UploadInfo(DownloadInfo):
    """The URL to upload the bytes of a file to, and the key to create the file afterwards."""

    upload_key: str
    storage_driver: str | None


class StorageTask(Record, alias_generator=camel):
    """A copy, move or deletion in the background."""

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
    """The result of a deletion, with a task if it continues in the background."""

    is_async: Annotated[bool | None, wire("async")]
    task_id: str | None


class DentryProperties(Record, alias_generator=camel):
    """Properties of a file or folder."""

    read_only: bool | None


class Thumbnail(Record):
    """A thumbnail of a file, at a URL that expires after a while."""

    width: int | None
    height: int | None
    url: str | None
