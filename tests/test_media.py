"""Media for messages; against the sandbox, over HTTP."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from helpers import awaited, unchecked

from dingtalk_models import (
    DingTalkApp,
    HttpRequest,
    InvalidArgument,
    InvalidRequest,
    Media,
)
from dingtalk_models.call.transport.uploads import FormBody
from dingtalk_models.core.files import Upload
from dingtalk_models.sandbox import Sandbox

MB = 1024 * 1024


@pytest.mark.parametrize(
    ("type", "name"),
    [("image", "a.JPG"), ("voice", "a.amr"), ("video", "a.mp4"), ("file", "合同.docx")],
)
def test_media_are_uploaded(sandbox: Sandbox, app: DingTalkApp, tmp_path: Path, type: Any, name: str) -> None:
    content, progress = os.urandom(MB), list[tuple[int, int]]()
    path = tmp_path / name
    path.write_bytes(content)
    media = Media.upload(path, type, progress=lambda done, total: progress.append((done, total)))
    kept = sandbox.company.drive.media[media.media_id]
    assert (kept.type, kept.name, kept.content == content) == (type, name, True)
    assert media.type == type
    assert media.created_at is not None
    assert progress[-1] == (MB, MB)
    (sent,) = sandbox.received("/media/upload")
    assert sent.query["type"] == type
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")

    with path.open("rb") as opened:
        again = awaited(app, lambda: app.file.media.upload.aio(opened, type))
    assert sandbox.company.drive.media[again.media_id].content == content
    by_name = app.run(unchecked("dingtalk.oapi.media.upload"), type=type, media=content, name=name)
    assert sandbox.company.drive.media[by_name.media_id].content == content


@pytest.mark.parametrize(
    ("type", "name", "size", "field"),
    [
        ("image", "a.jpg", 20 * MB + 1, "file"),
        ("voice", "a.mp3", 2 * MB + 1, "file"),
        ("video", "a.mp4", 20 * MB + 1, "file"),
        ("file", "a.pdf", 20 * MB + 1, "file"),
        ("file", "a.pdf", 0, "file"),
        ("image", "a.pdf", 1, "name"),
        ("voice", "a.jpg", 1, "name"),
        ("file", "a.exe", 1, "name"),
        ("file", "pdf", 1, "name"),
        ("file", None, 1, "name"),
        ("sticker", "a.jpg", 1, "type"),
    ],
)
@pytest.mark.usefixtures("app")
def test_media_that_do_not_fit_are_refused(
    sandbox: Sandbox, type: Any, name: str | None, size: int, field: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Media.upload(bytes(size), type, name=name)
    assert [problem.field for problem in caught.value.problems] == [field]
    assert sandbox.calls == []


def test_media_at_the_limit(sandbox: Sandbox, app: DingTalkApp) -> None:
    assert Media.upload(bytes(2 * MB), "voice", name="a.wav").media_id


def test_a_media_file_is_opened_when_it_is_sent(app: DingTalkApp, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    call = Media.upload.call(path, "image")
    assert call.request.body is not None
    assert str(call.request.body["media"]) == str(path)
    assert str(path) in repr(call.request)
    with pytest.raises(FileNotFoundError):
        app.send(call)
    path.write_bytes(b"now")
    assert app.send(call).media_id


def test_what_the_platform_says_about_media(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail("/media/upload", errcode=40005)
    with pytest.raises(InvalidRequest) as caught:
        Media.upload(b"x", "image", name="a.png")
    assert caught.value.code == 40005
    sandbox.revoke_tokens()
    assert Media.upload(b"x", "image", name="a.png").media_id, "the token is renewed, and the file read again"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"media": Upload(b"x", "a.png")}, 40004),
        ({"type": "sticker", "media": Upload(b"x", "a.png")}, 40004),
        ({"type": "image", "media": "no file"}, 41005),
        ({"type": "image", "media": Upload(b"", "a.png")}, 44001),
        ({"type": "image", "media": Upload(b"x", "a.pdf")}, 40005),
        ({"type": "voice", "media": Upload(bytes(2 * MB + 1), "a.mp3")}, 40006),
        ({"type": "voice", "media": Upload(bytes(2 * MB), "a.mp3")}, 0),
    ],
)
def test_the_sandbox_refuses_media_itself(
    app: DingTalkApp, sandbox: Sandbox, fields: dict[str, Any], code: int
) -> None:
    form = FormBody(fields)
    url = f"{sandbox.url}/media/upload?access_token={app.access_token}"
    response = app.transport.send(HttpRequest("POST", url, {"Content-Type": form.content_type}, form))
    assert json.loads(response.content)["errcode"] == code
