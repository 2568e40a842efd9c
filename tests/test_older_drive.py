"""Custom spaces, and uploads for them; against the sandbox, over HTTP."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

import pytest
from helpers import awaited, unchecked

from dingtalk_models import CustomSpace, DingTalkApp, InvalidArgument, TransportError
from dingtalk_models.sandbox import Sandbox

MB = 1024 * 1024


def test_custom_spaces(sandbox: Sandbox, app: DingTalkApp) -> None:
    spaces = app.file.custom_spaces
    space_id = spaces.get("abc").id
    assert spaces.get("ABC").id == space_id == app.run("dingtalk.oapi.cspace.get_custom_space", domain="abc").id
    assert app.run("dingtalk.oapi.cspace.get_custom_space", agent_id="86881016").id != space_id
    spaces.grant("abc", "download", "caohui", file_ids=["1", "2"], duration=60)
    (granted,) = sandbox.company.drive.granted
    assert granted == {
        "domain": "abc", "type": "download", "userid": "caohui", "path": None, "fileids": ["1", "2"], "duration": 60,
    }  # fmt: skip
    app.run("dingtalk.oapi.cspace.grant_custom_space", domain="abc", type="add", userid="caohui", path="/a")

    media_id = app.file.drive_uploads.single("1", b"content", name="1.txt")
    file = CustomSpace.objects.add(sandbox.login_code("caohui"), media_id, space_id, "合同.txt")
    assert (file.name, file.path, file.size) == ("合同.txt", "/合同.txt", 7)
    assert file.creator is not None
    assert file.creator.account == "caohui"
    app.run(
        "dingtalk.oapi.cspace.add_to_single_chat", agent_id="1", userid="caohui", media_id=media_id, file_name="a.txt"
    )
    assert sandbox.company.drive.sent[0]["media_id"] == media_id
    assert awaited(app, lambda: CustomSpace.get.aio("abc")).id == space_id


def test_what_is_checked_of_custom_spaces(sandbox: Sandbox, app: DingTalkApp) -> None:
    spaces = app.file.custom_spaces
    attempts: list[Callable[[], Any]] = [
        lambda: spaces.get("a" * 11),
        lambda: spaces.get("空间"),
        spaces.get,
        lambda: spaces.grant("abc", "add", "caohui"),
        lambda: spaces.grant("abc", "download", "caohui"),
        lambda: spaces.grant("abc", "delete", "caohui", duration=3601),
        lambda: app.file.drive_uploads.single("1", bytes(8 * MB + 1), name="a"),
        lambda: app.file.drive_uploads.transaction("1", 1, 10_001),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidArgument):
            attempt()
    assert sandbox.calls == []
    media_id = app.file.drive_uploads.single("1", b"x", name="1.txt")
    sandbox.fail("/cspace/add", drop="after")
    with pytest.raises(TransportError):
        spaces.add(sandbox.login_code("caohui"), media_id, spaces.get("abc").id, "a.txt")
    assert len(sandbox.received("/cspace/add")) == 1, "a GET, but it adds a file"


def test_uploads_in_chunks(sandbox: Sandbox, app: DingTalkApp) -> None:
    uploads = app.file.drive_uploads
    pieces = [os.urandom(100 * 1024), os.urandom(100 * 1024), b"end"]
    size = sum(map(len, pieces))
    upload_id = uploads.transaction("1", size, 3).upload_id
    assert upload_id is not None
    for sequence, piece in enumerate(pieces, start=1):
        uploads.chunk("1", upload_id, sequence, piece)
    media_id = app.run(
        "dingtalk.oapi.file.upload.transaction", agent_id="1", file_size=size, chunk_numbers=3, upload_id=upload_id
    ).media_id
    assert media_id is not None
    assert sandbox.company.drive.media[media_id].content == b"".join(pieces)
    single = app.run(
        unchecked("dingtalk.oapi.file.upload.single"), agent_id="1", file_size=3, file=io.BytesIO(b"abc"), name="a"
    )
    assert sandbox.company.drive.media[single].content == b"abc"
    call = app.run.call(
        unchecked("dingtalk.oapi.file.upload.chunk"), agent_id="1", upload_id="u", chunk_sequence=1, file=b"x"
    )
    assert call.request.query_params == {"agent_id": "1", "upload_id": "u", "chunk_sequence": 1}


def test_the_number_of_an_app_is_sent_as_text(app: DingTalkApp) -> None:
    assert app.agent_id is not None
    for given in (app.agent_id, str(app.agent_id)):
        assert app.file.custom_spaces.get.call(agent_id=given).request.query_params == {"agent_id": str(app.agent_id)}
