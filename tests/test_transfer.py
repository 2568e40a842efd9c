"""Uploads and downloads: in chunks, started again, never held in memory; against the sandbox, over HTTP."""

from __future__ import annotations

import io
import os
import threading
import tracemalloc
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from helpers import awaited
from hypothesis import given
from hypothesis import strategies as st

from dingtalk_models import Dentry, DingTalkApp, HttpRequest, Retry, Space
from dingtalk_models.call.transport.received import CHUNK, file_writer
from dingtalk_models.call.transport.uploads import FileBody, FormBody
from dingtalk_models.core import errors
from dingtalk_models.core.files import Upload
from dingtalk_models.core.http import Download
from dingtalk_models.file.transfer import Transfer
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.server.envelopes import ReceivedRequest
from dingtalk_models.sandbox.server.uploads import FormFile as Received
from dingtalk_models.sandbox.state.object_store import PREFIX

MB = 1024 * 1024


@pytest.fixture
def app(sandbox: Sandbox) -> Iterator[DingTalkApp]:
    app = sandbox.app(retry=Retry(first_wait=0.01))
    with app:
        yield app
    app.close()


@pytest.fixture
def ten_megabytes(tmp_path: Path) -> Path:
    path = tmp_path / "报告.bin"
    path.write_bytes(os.urandom(10 * MB))
    return path


def at_the_store(sandbox: Sandbox) -> list[Any]:
    return [call for call in sandbox.calls if call.path.startswith(PREFIX)]


@pytest.mark.parametrize("kind", ["path", "text path", "file object", "bytes"])
def test_ten_megabytes_go_up_and_down_unchanged(
    who: str, space: Space, ten_megabytes: Path, kind: str, tmp_path: Path
) -> None:
    content = ten_megabytes.read_bytes()
    sent: list[tuple[int, int]] = []
    received: list[tuple[int, int]] = []
    with ten_megabytes.open("rb") as opened:
        sources: dict[str, Any] = {
            "path": ten_megabytes, "text path": str(ten_megabytes), "file object": opened, "bytes": content,
        }  # fmt: skip
        file = space.upload(
            sources[kind], who, name="报告.bin", progress=lambda done, total: sent.append((done, total))
        )
    assert (file.name, file.size) == ("报告.bin", 10 * MB)

    target = tmp_path / "down.bin"
    count = file.download(target, who, progress=lambda done, total: received.append((done, total)))
    assert count == 10 * MB
    assert target.read_bytes() == content
    for progress in (sent, received):
        assert [done for done, _ in progress] == sorted(done for done, _ in progress)
        assert {total for _, total in progress} == {10 * MB}
        assert progress[-1] == (10 * MB, 10 * MB)
        assert len(progress) >= 10 * MB // CHUNK
    with target.open("r+b") as opened:
        opened.seek(5)
        assert file.download(opened, who) == 10 * MB
    assert target.read_bytes() == content[:5] + content


def test_ten_megabytes_on_the_event_loop_never_block_it(
    app: DingTalkApp, who: str, ten_megabytes: Path, tmp_path: Path
) -> None:
    content = ten_megabytes.read_bytes()
    threads: set[int] = set()

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            threads.add(threading.get_ident())
            return super().read(size)

        def write(self, piece: Any, /) -> int:
            threads.add(threading.get_ident())
            return super().write(piece)

    async def work() -> None:
        space = await Space.create.aio(who)
        file = await space.upload.aio(Watched(content), who, name="a.bin")
        assert file.size == 10 * MB
        got = Watched()
        assert await file.download.aio(got, who) == 10 * MB
        assert got.getvalue() == content
        assert threading.get_ident() not in threads
        again = await space.upload.aio(ten_megabytes, who)
        await again.download.aio(tmp_path / "down.bin", who)
        assert (tmp_path / "down.bin").read_bytes() == content
        assert [each.name async for each in space.list(who)] == ["a.bin", "报告.bin"]

    awaited(app, work)


class Store(ThreadingHTTPServer):
    """Takes and gives any amount of bytes without holding them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Store)
        self.digest = ""
        self.url = f"http://127.0.0.1:{self.server_port}/x"


class _Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        left, digest = int(self.headers["Content-Length"]), sha256()
        while left:
            piece = self.rfile.read(min(CHUNK, left))
            digest.update(piece)
            left -= len(piece)
        assert isinstance(self.server, Store)
        self.server.digest = digest.hexdigest()
        self._answer(0)

    def do_GET(self) -> None:
        self._answer(40 * MB)

    def _answer(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        for _ in range(length // CHUNK):
            self.wfile.write(bytes(CHUNK))

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_file_is_never_held_in_memory(app: DingTalkApp, store: Store, tmp_path: Path, asynchronous: bool) -> None:
    big, down = tmp_path / "big", tmp_path / "down"
    big.write_bytes(bytes(40 * MB))

    def go(request: HttpRequest) -> int:
        if asynchronous:
            return int(awaited(app, lambda: app.async_transport.send(request)).status)
        return app.transport.send(request).status

    go(HttpRequest("PUT", store.url, {}, b"warm"))
    tracemalloc.start()
    try:
        assert go(HttpRequest("PUT", store.url, {}, FileBody(Upload(big)))) == 200
        assert go(HttpRequest("GET", store.url, {}, None, Download(down))) == 200
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert store.digest == sha256(bytes(40 * MB)).hexdigest()
    assert down.stat().st_size == 40 * MB
    assert peak < 8 * MB


def test_the_two_steps_of_an_upload(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    root = space.root(who)
    assert root.uuid is not None
    sandbox.calls.clear()
    root.upload(b"12345", who, name="a.txt", app_properties=[{"name": "a", "value": "b", "visibility": "PRIVATE"}])
    ask, put, commit = sandbox.calls
    assert ask.path == f"/v2.0/storage/spaces/files/{root.uuid}/uploadInfos/query"
    assert ask.body == {
        "protocol": "HEADER_SIGNATURE", "option": {"preCheckParam": {"size": 5, "name": "a.txt"}},
    }  # fmt: skip
    assert (put.method, put.status, put.headers["content-length"]) == ("PUT", 200, "5")
    assert put.headers["authorization"].startswith("OSS ")
    assert "x-acs-dingtalk-access-token" not in put.headers, "the store is not told the token"
    assert "access_token" not in put.query
    assert commit.path == f"/v2.0/storage/spaces/files/{root.uuid}/commit"
    assert isinstance(commit.body, dict)
    assert commit.body["option"]["size"] == 5

    info = Dentry.objects.upload_info(root.uuid, who)
    with pytest.raises(errors.PlatformBusy) as nothing_put:
        Dentry.objects.commit(root.uuid, who, info.upload_key, "b.txt")
    assert nothing_put.value.code == "dentryStoreError"


def test_the_store_refuses_what_was_not_signed(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    root = space.root(who)
    info = Dentry.objects.upload_info(root.uuid or "", who)
    url, headers = info.signature.url, info.signature.headers
    for wrong in ({}, headers | {"Authorization": "OSS x:y"}, headers | {"Content-Type": "text/plain"}):
        response = app.transport.send(HttpRequest("PUT", url, wrong, b"x"))
        assert (response.status, b"SignatureDoesNotMatch" in response.content) == (403, True)
    with pytest.raises(errors.PermissionDenied) as caught:
        app.send(Transfer("PUT", url, {}, upload=Upload(b"x")))
    assert caught.value.code == "SignatureDoesNotMatch"
    assert caught.value.request is not None
    assert "Signature" not in repr(caught.value.request)
    sandbox.clock.advance(901)
    with pytest.raises(errors.PermissionDenied) as late:
        app.send(Transfer("PUT", url, headers, upload=Upload(b"x")))
    assert late.value.code == "AccessDenied"


@pytest.mark.parametrize("how", [{"status": 503}, {"drop": "after"}, {"truncate": 300_000}])
def test_a_transfer_that_breaks_off_is_begun_anew(
    sandbox: Sandbox, app: DingTalkApp, space: Space, how: Any, tmp_path: Path
) -> None:
    content, who = os.urandom(MB), sandbox.company.users["caohui"].unionid
    file = space.upload(content, who, name="a.bin")
    info = Dentry.objects.download_info(space.id, file.id, who)
    path = info.signature.url.removeprefix(sandbox.url)
    for target in (tmp_path / "down.bin", io.BytesIO()):
        sandbox.fail(path, **how)
        kept = Download(target)
        app.send(Transfer("GET", info.signature.url, info.signature.headers, download=kept))
        got = target.read_bytes() if isinstance(target, Path) else target.getvalue()
        assert (kept.received, got == content) == (MB, True)

        async def again(target: Path | io.BytesIO = target) -> None:
            await app.asend(Transfer("GET", info.signature.url, info.signature.headers, download=Download(target)))

        sandbox.fail(path, **how)
        awaited(app, again)
        got = target.read_bytes() if isinstance(target, Path) else target.getvalue()[-MB:]
        assert got == content
    assert list(tmp_path.iterdir()) == [tmp_path / "down.bin"]


@pytest.mark.parametrize("how", [{"status": 503}, {"drop": "after"}])
def test_an_upload_that_breaks_off_is_begun_anew(
    sandbox: Sandbox, app: DingTalkApp, who: str, space: Space, how: Any
) -> None:
    source = io.BytesIO(b"skipped" + os.urandom(MB))
    source.seek(7)
    info = Dentry.objects.upload_info(space.root(who).uuid or "", who)
    sandbox.fail(info.signature.url.removeprefix(sandbox.url), **how)
    app.send(Transfer("PUT", info.signature.url, info.signature.headers, upload=Upload(source)))
    assert list(sandbox.company.drive.store.objects.values()) == [source.getvalue()[7:]]
    assert len(at_the_store(sandbox)) == 2


def test_a_download_that_fails_leaves_nothing_behind(
    sandbox: Sandbox, app: DingTalkApp, who: str, space: Space, tmp_path: Path
) -> None:
    file = space.upload(b"content", who, name="a.txt")
    target = tmp_path / "a.txt"
    target.write_bytes(b"before")
    objects = sandbox.company.drive.store.objects
    (key,) = objects
    del objects[key]
    with pytest.raises(errors.NotFound) as gone:
        app.send(_download(file, who, target))
    assert gone.value.code == "NoSuchKey"
    assert target.read_bytes() == b"before"

    def give_up(done: int, total: int) -> None:
        raise KeyboardInterrupt

    objects[key] = b"content"
    with pytest.raises(KeyboardInterrupt):
        file.download(target, who, progress=give_up)
    with pytest.raises(KeyboardInterrupt):
        space.upload(b"content", who, name="c.txt", progress=give_up)
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


def _download(file: Dentry, who: str, target: Path) -> Transfer:
    info = Dentry.objects.download_info(file.space_id, file.id, who)
    return Transfer("GET", info.signature.url, info.signature.headers, download=Download(target))


def test_a_commit_whose_answer_is_lost_is_sent_once(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    root = space.root(who)
    commit = f"/v2.0/storage/spaces/files/{root.uuid}/commit"
    sandbox.fail(commit, drop="after")
    with pytest.raises(errors.TransportError):
        root.upload(b"x", who, name="a.txt")
    assert len(sandbox.received(commit)) == 1
    assert [each.name for each in space.list(who)] == ["a.txt"]


def test_a_space_without_room_takes_nothing(sandbox: Sandbox, app: DingTalkApp, who: str) -> None:
    small = Space.create(who, scene="small", quota=10)
    small.upload(b"12345678", who, name="a.txt")
    with pytest.raises(errors.InvalidRequest) as caught:
        small.upload(b"123", who, name="b.txt")
    assert caught.value.code == "spaceQuotaInsufficient"
    assert len(at_the_store(sandbox)) == 1


def test_a_store_that_is_not_named_is_an_error(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    file = space.upload(b"x", who, name="a.txt")
    path = f"/v1.0/storage/spaces/{space.id}/dentries/{file.id}/downloadInfos/query"
    sandbox.fail(path, body='{"protocol":"HEADER_SIGNATURE","headerSignatureInfo":{}}', content_type="application/json")
    with pytest.raises(errors.TransportError, match="no URL of the file store"):
        file.download(io.BytesIO(), who)


def test_what_is_refused_before_an_upload(sandbox: Sandbox, app: DingTalkApp, who: str, tmp_path: Path) -> None:
    folder = Dentry(id="1", space_id="1", uuid="u")
    with pytest.raises(errors.InvalidArgument, match="name: required"):
        folder.upload(b"x", who)
    with pytest.raises(errors.InvalidArgument, match="file: should be a path, bytes or a binary file object"):
        folder.upload(3, who)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(errors.InvalidArgument, match="to: should be a path or a binary file object"):
        folder.download(b"x", who)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(errors.InvalidArgument, match="app_properties"):
        folder.upload(b"x", who, name="a", app_properties=[{"name": "a", "value": "b", "visibility": "PUBLIC"}] * 4)
    with pytest.raises(FileNotFoundError):
        folder.upload(tmp_path / "missing", who)
    with pytest.raises(errors.InvalidArgument, match="max_results"):
        folder.list(who, max_results=51)
    assert sandbox.calls == []


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=3), st.text(max_size=20))
def test_forms_are_read_as_they_were_written(contents: list[bytes], text: str) -> None:
    text = text.encode(errors="ignore").decode()
    form = FormBody({"text": text} | {f"file{at}": Upload(part, f"名字 {at}.bin") for at, part in enumerate(contents)})
    body = b"".join(form.chunks())
    assert len(body) == form.length
    read = ReceivedRequest.read("POST", "/media/upload", {}, {"content-type": form.content_type}, body)
    expected = {f"file{at}": Received(f"名字 {at}.bin", part) for at, part in enumerate(contents)}
    assert read.body == {"text": text, **expected}


def test_a_file_that_shrinks_while_it_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(2 * CHUNK))
    chunks = FileBody(Upload(path)).chunks()
    next(chunks)
    path.write_bytes(b"")
    with pytest.raises(errors.UnusableFile, match="ended after"):
        next(chunks)


def test_a_target_that_cannot_be_rewound_is_written_once() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "wb") as pipe:
        kept = Download(pipe)
        with file_writer(kept, {}) as writer:
            writer.write(b"abc")
        pipe.flush()
        assert reader.read(3) == b"abc"
        with pytest.raises(OSError, match="cannot be rewound"), file_writer(kept, {}):
            pass
