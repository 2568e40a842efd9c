"""`/file/upload/*`: uploads to the older drive."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dingtalk_models.sandbox.file.media import MB, Media
from dingtalk_models.sandbox.server.endpoints import Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.file import Transaction


@endpoint("POST", "/file/upload/single", invalid=40035)
def upload_single(company: Company, *, file_size: int, file: Media) -> Result:
    """单步文件上传: at most 8 MB."""
    if file_size != len(file.content) or not 0 < file_size <= 8 * MB:
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
    """开启分块上传事务; with an upload id, 提交文件上传事务."""
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
    """上传文件块: at most 8 MB each, and at least 100 KB except for the last."""
    transaction = company.drive.transactions.get(upload_id)
    if transaction is None or chunk_sequence > transaction.chunk_numbers:
        raise Refused(40035)
    least = 1 if chunk_sequence == transaction.chunk_numbers else 100 * 1024
    if not least <= len(file.content) <= 8 * MB:
        raise Refused(40006)
    transaction.chunks[chunk_sequence] = file.content
    return {}
