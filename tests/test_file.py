"""Spaces, files and folders in them, media, the older drive and files of approvals, against the sandbox."""

from __future__ import annotations

import io
import json
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from helpers import awaited
from hypothesis import given
from hypothesis import strategies as st

from dingtalk_models import (
    AlreadyExists,
    ApprovalFile,
    CustomSpace,
    Dentry,
    DingTalkApp,
    HttpRequest,
    InvalidArgument,
    InvalidRequest,
    Media,
    NotFound,
    PermissionDenied,
    PlatformBusy,
    Retry,
    Space,
    TransportError,
)
from dingtalk_models.core.body import CHUNK, File, Form, Sink
from dingtalk_models.file.transfer import Transfer
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.envelopes import Call, Upload
from dingtalk_models.sandbox.objects import PREFIX

MB = 1024 * 1024


@pytest.fixture
def app(sandbox: Sandbox) -> Iterator[DingTalkApp]:
    app = sandbox.app(retry=Retry(first_wait=0.01))
    with app:
        yield app
    app.close()


@pytest.fixture
def who(sandbox: Sandbox) -> str:
    """The union id of somebody."""
    return sandbox.company.users["caohui"].unionid


@pytest.fixture
def space(app: DingTalkApp, who: str) -> Space:
    return Space.create(who, name="资料")


@pytest.fixture
def ten_megabytes(tmp_path: Path) -> Path:
    path = tmp_path / "报告.bin"
    path.write_bytes(os.urandom(10 * MB))
    return path


def at_the_store(sandbox: Sandbox) -> list[Any]:
    return [call for call in sandbox.calls if call.path.startswith(PREFIX)]


# spaces


def test_a_scene_has_one_space(app: DingTalkApp, who: str) -> None:
    made = Space.create(
        who, name="合同", scene="contract", scene_id="7", quota=MB, owner_type="USER", capabilities={"can_search": True}
    )
    again = Space.create(who, scene="contract", scene_id="7")
    other = Space.create(who, scene="contract", scene_id="8")
    assert (made.id, made.name, made.quota, made.owner_id) == (again.id, "合同", MB, who)
    assert other.id != made.id
    loaded = Space.get(made.id, who)
    assert loaded.capabilities is not None
    assert loaded.capabilities.can_search is True
    assert loaded.create_time is not None
    assert loaded.create_time.tzinfo is not None
    assert loaded.refresh(who) == made
    with pytest.raises(NotFound):
        Space.get("1", who)
    with pytest.raises(PermissionDenied):
        Space.get(made.id, "nobody")


def test_the_union_id_travels_in_the_query(sandbox: Sandbox, app: DingTalkApp, who: str) -> None:
    Space.create(who, scene="a", capabilities={"can_rename": False})
    (sent,) = sandbox.received("/v1.0/storage/spaces")
    assert sent.query == {"unionId": who}
    assert sent.body == {"option": {"scene": "a", "capabilities": {"canRename": False}}}
    assert Space.create.call(who, name="x").request.query == {"unionId": who}


# files and folders


def test_folders_and_files_come_and_go(app: DingTalkApp, who: str, space: Space) -> None:
    folder = space.create_folder("2026", who)
    inner = folder.create_folder("合同", who)
    file = inner.upload(b"one", who, name="a.txt")
    assert (file.name, file.size, file.path, file.extension, file.type) == (
        "a.txt", 3, "/2026/合同/a.txt", "txt", "FILE",
    )  # fmt: skip
    assert folder.size is None
    assert [each.name for each in space.list(who)] == ["2026"]
    assert [each.name for each in folder.list(who)] == ["合同"]

    assert file.rename("b.txt", who) is file
    assert file.path == "/2026/合同/b.txt"
    copied = file.copy_to(folder, who)
    assert copied.dentry is not None
    assert copied.is_async is False
    assert copied.dentry.path == "/2026/b.txt"
    moved = file.move_to(space.root(who), who)
    assert moved.dentry is not None
    assert (moved.dentry.path, moved.dentry.id) == ("/b.txt", file.id)
    assert file.refresh(who).path == "/b.txt"
    file.delete(who)
    with pytest.raises(NotFound):
        Dentry.get(space.id, file.id, who)

    task_id = folder.delete(who, to_recycle_bin=True).task_id
    assert task_id is not None
    task = Dentry.objects.task(task_id, who)
    assert (task.status, task.total_count) == ("SUCCESS", 3)
    assert space.list(who).all() == []
    with pytest.raises(NotFound):
        Dentry.objects.task("1", who)


def test_the_same_by_ids(app: DingTalkApp, who: str, space: Space) -> None:
    folder = Dentry.objects.create_folder(space.id, "0", "2026", who)
    file = space.upload(b"one", who, name="a.txt")
    assert Dentry.objects.rename(space.id, file.id, "b.txt", who).path == "/b.txt"
    copied = Dentry.objects.copy(space.id, file.id, space.id, folder.id, who).dentry
    assert copied is not None
    assert copied.path == "/2026/b.txt"
    moved = Dentry.objects.move(space.id, file.id, space.id, folder.id, who, conflict="AUTO_RENAME").dentry
    assert moved is not None
    assert (moved.id, moved.path) == (file.id, "/2026/b(1).txt")
    listed = Dentry.objects.list(space.id, who, parent_id=folder.id)
    assert {each.id for each in listed} == {copied.id, file.id}
    Dentry.objects.delete(space.id, file.id, who)
    assert [each.id for each in listed] == [copied.id]


def test_folders_are_copied_and_moved_with_what_is_in_them(app: DingTalkApp, who: str, space: Space) -> None:
    folder = space.create_folder("a", who)
    folder.create_folder("b", who).upload(b"deep", who, name="c.txt")
    other = Space.create(who, scene="other")
    assert folder.copy_to(other.root(who), who).is_async is True
    folder.move_to(other.root(who), who)
    assert [each.name for each in other.list(who)] == ["a", "a(1)"]
    for each in other.list(who):
        (inner,) = each.list(who)
        assert [file.size for file in inner.list(who)] == [4]
    (target,) = [each for each in other.list(who) if each.name == "a"]
    with pytest.raises(InvalidRequest):
        target.move_to(target, who)


def test_long_folders_are_listed_page_by_page(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    drive = sandbox.company.drive
    for number in range(7):
        drive.add_file(drive.dentry(space.id, "0"), f"{number}.txt", b"x" * number)
    names = [each.name for each in space.list(who, max_results=3, order_by="SIZE", order="DESC")]
    assert names == [f"{number}.txt" for number in reversed(range(7))]
    pages = list(space.list(who, max_results=3).pages())
    assert [len(page.items) for page in pages] == [3, 3, 1]
    assert pages[0].items[0].app is app
    rest = space.list(who, max_results=3, next_token=str(pages[1].next_cursor))
    assert [each.name for each in rest] == ["6.txt"]


@pytest.mark.parametrize(
    ("conflict", "names", "content"),
    [
        (None, ["a(1).txt", "a.txt"], b"old"),
        ("AUTO_RENAME", ["a(1).txt", "a.txt"], b"old"),
        ("OVERWRITE", ["a.txt"], b"new"),
        ("RETURN_DENTRY_IF_EXISTS", ["a.txt"], b"old"),
    ],
)
def test_what_happens_where_the_name_is_taken(
    who: str, space: Space, conflict: Any, names: list[str], content: bytes
) -> None:
    first = space.upload(b"old", who, name="a.txt")
    how: Any = {"conflict": conflict} if conflict else {}
    space.upload(b"new", who, name="a.txt", **how)
    assert [each.name for each in space.list(who)] == names
    got = io.BytesIO()
    assert first.download(got, who) == 3
    assert got.getvalue() == content
    got = io.BytesIO()
    first.download(got, who, version=1)
    assert got.getvalue() == b"old"


def test_a_taken_name_can_be_an_error(app: DingTalkApp, who: str, space: Space) -> None:
    file = space.upload(b"old", who, name="a.txt")
    folder = space.create_folder("b", who)
    with pytest.raises(AlreadyExists) as upload:
        space.upload(b"new", who, name="a.txt", conflict="RETURN_ERROR_IF_EXISTS")
    assert upload.value.code == "dentryNameConflict"
    for attempt in (
        lambda: space.create_folder("b", who, conflict="RETURN_ERROR_IF_EXISTS"),
        lambda: file.copy_to(space.root(who), who, conflict="RETURN_ERROR_IF_EXISTS"),
        lambda: file.rename("b", who),
    ):
        with pytest.raises(AlreadyExists):
            attempt()
    assert space.create_folder("b", who, conflict="RETURN_DENTRY_IF_EXISTS").id == folder.id


# transfer


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
        assert go(HttpRequest("PUT", store.url, {}, File(big))) == 200
        assert go(HttpRequest("GET", store.url, {}, None, Sink(down))) == 200
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
    with pytest.raises(InvalidRequest) as nothing_put:
        Dentry.objects.commit(root.uuid, who, info.upload_key, "b.txt")
    assert nothing_put.value.code == "dentryStoreError"


def test_the_store_refuses_what_was_not_signed(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    root = space.root(who)
    info = Dentry.objects.upload_info(root.uuid or "", who)
    url, headers = info.signature.url, info.signature.headers
    for wrong in ({}, headers | {"Authorization": "OSS x:y"}, headers | {"Content-Type": "text/plain"}):
        response = app.transport.send(HttpRequest("PUT", url, wrong, b"x"))
        assert (response.status, b"SignatureDoesNotMatch" in response.content) == (403, True)
    with pytest.raises(PermissionDenied) as caught:
        app.send(Transfer("PUT", url, {}, file=File(b"x")))
    assert caught.value.code == "SignatureDoesNotMatch"
    assert caught.value.request is not None
    assert "Signature" not in repr(caught.value.request)
    sandbox.clock.advance(901)
    with pytest.raises(PermissionDenied) as late:
        app.send(Transfer("PUT", url, headers, file=File(b"x")))
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
        sink = Sink(target)
        app.send(Transfer("GET", info.signature.url, info.signature.headers, sink=sink))
        got = target.read_bytes() if isinstance(target, Path) else target.getvalue()
        assert (sink.received, got == content) == (MB, True)

        async def again(target: Path | io.BytesIO = target) -> None:
            await app.asend(Transfer("GET", info.signature.url, info.signature.headers, sink=Sink(target)))

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
    app.send(Transfer("PUT", info.signature.url, info.signature.headers, file=File(source)))
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
    with pytest.raises(NotFound) as gone:
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
    return Transfer("GET", info.signature.url, info.signature.headers, sink=Sink(target))


def test_a_commit_whose_answer_is_lost_is_sent_once(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    root = space.root(who)
    commit = f"/v2.0/storage/spaces/files/{root.uuid}/commit"
    sandbox.fail(commit, drop="after")
    with pytest.raises(TransportError):
        root.upload(b"x", who, name="a.txt")
    assert len(sandbox.received(commit)) == 1
    assert [each.name for each in space.list(who)] == ["a.txt"]


def test_a_space_without_room_takes_nothing(sandbox: Sandbox, app: DingTalkApp, who: str) -> None:
    small = Space.create(who, scene="small", quota=10)
    small.upload(b"12345678", who, name="a.txt")
    with pytest.raises(InvalidRequest) as caught:
        small.upload(b"123", who, name="b.txt")
    assert caught.value.code == "spaceQuotaInsufficient"
    assert len(at_the_store(sandbox)) == 1


def test_a_store_that_is_not_named_is_an_error(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    file = space.upload(b"x", who, name="a.txt")
    path = f"/v1.0/storage/spaces/{space.id}/dentries/{file.id}/downloadInfos/query"
    sandbox.fail(path, body='{"protocol":"HEADER_SIGNATURE","headerSignatureInfo":{}}', content_type="application/json")
    with pytest.raises(TransportError, match="no address"):
        file.download(io.BytesIO(), who)


def test_companies_that_are_not_certified_are_told_so(
    sandbox: Sandbox, app: DingTalkApp, who: str, space: Space
) -> None:
    file = space.upload(b"x", who, name="a.txt")
    path = f"/v1.0/storage/spaces/{space.id}/dentries/{file.id}/downloadInfos/query"
    sandbox.fail(path, code="orgAuthLevelNotEnough", message="auth level of org is not enough", status=403)
    with pytest.raises(PermissionDenied) as caught:
        file.download(io.BytesIO(), who)
    assert caught.value.hint is not None
    assert "企业认证" in caught.value.hint


def test_an_operation_under_way_elsewhere_is_the_platforms_trouble(
    sandbox: Sandbox, app: DingTalkApp, who: str, space: Space
) -> None:
    file = space.upload(b"x", who, name="a.txt")
    path = f"/v1.0/storage/spaces/{space.id}/dentries/{file.id}/rename"
    sandbox.fail(path, code="operationConcurrentControl", status=400)
    with pytest.raises(PlatformBusy):
        file.rename("b.txt", who)


@pytest.mark.parametrize("name", ["", "a\tb", "a*", 'a"b', "<a", "a>", "a|b", "a.", "."])
def test_unfit_names_are_refused(sandbox: Sandbox, app: DingTalkApp, who: str, name: str) -> None:
    space = Space(id="1")
    attempts: list[Callable[[], Any]] = [
        lambda: space.create_folder(name, who),
        lambda: Dentry(id="1", space_id="1").rename(name, who),
        lambda: Dentry.objects.commit("uuid", who, "key", name),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidArgument):
            attempt()
    assert sandbox.calls == []


@pytest.mark.parametrize("name", ["a", "a.txt", " a ", ".a", "报告 (1).docx", "a.b.c"])
def test_fit_names_are_sent(who: str, name: str) -> None:
    assert Dentry.objects.commit.call("uuid", who, "key", name).request.body == {"uploadKey": "key", "name": name}


def test_what_is_refused_before_an_upload(sandbox: Sandbox, app: DingTalkApp, who: str, tmp_path: Path) -> None:
    folder = Dentry(id="1", space_id="1", uuid="u")
    with pytest.raises(InvalidArgument, match="name: required"):
        folder.upload(b"x", who)
    with pytest.raises(InvalidArgument, match="file: should be a path, bytes or a binary file object"):
        folder.upload(3, who)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidArgument, match="to: should be a path or a binary file object"):
        folder.download(b"x", who)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidArgument, match="app_properties"):
        folder.upload(b"x", who, name="a", app_properties=[{"name": "a", "value": "b", "visibility": "PUBLIC"}] * 4)
    with pytest.raises(FileNotFoundError):
        folder.upload(tmp_path / "missing", who)
    with pytest.raises(InvalidArgument, match="max_results"):
        folder.list(who, max_results=51)
    assert sandbox.calls == []


# media


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
    by_name = app.run("dingtalk.oapi.media.upload", type=type, media=content, name=name)
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
        ({"media": File(b"x", "a.png")}, 40004),
        ({"type": "sticker", "media": File(b"x", "a.png")}, 40004),
        ({"type": "image", "media": "no file"}, 41005),
        ({"type": "image", "media": File(b"", "a.png")}, 44001),
        ({"type": "image", "media": File(b"x", "a.pdf")}, 40005),
        ({"type": "voice", "media": File(bytes(2 * MB + 1), "a.mp3")}, 40006),
        ({"type": "voice", "media": File(bytes(2 * MB), "a.mp3")}, 0),
    ],
)
def test_the_sandbox_refuses_media_itself(
    app: DingTalkApp, sandbox: Sandbox, fields: dict[str, Any], code: int
) -> None:
    form = Form(fields)
    url = f"{sandbox.url}/media/upload?access_token={app.access_token}"
    response = app.transport.send(HttpRequest("POST", url, {"Content-Type": form.content_type}, form))
    assert json.loads(response.content)["errcode"] == code


def test_the_sandbox_refuses_files_itself(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    headers = {"x-acs-dingtalk-access-token": app.access_token, "Content-Type": "application/json"}

    def answer(path: str, body: object, verb: str = "POST") -> tuple[int, str]:
        content = None if body is None else json.dumps(body).encode()
        response = app.transport.send(HttpRequest(verb, sandbox.url + path, headers, content))
        return response.status, json.loads(response.content).get("code", "")

    root, files = f"/v1.0/storage/spaces/{space.id}/dentries/0", "/v2.0/storage/spaces/files"
    uuid = space.root(who).uuid
    upload = f"{files}/{uuid}/uploadInfos/query?unionId={who}"
    assert answer(f"{root}/folders?unionId={who}", {"name": "a|b"}) == (400, "dentryNameIllegal")
    assert answer(f"{root}/folders?unionId=nobody", {"name": "a"}) == (403, "permissionDenied")
    assert answer(f"{root}/folders", {"name": "a", "unionId": who}) == (400, "paramError")
    assert answer(f"{root}/rename?unionId={who}", {"newName": "a"}) == (400, "paramError.dentryId")
    assert answer(f"{root}/downloadInfos/query?unionId={who}", {}) == (400, "operationNotSupported")
    assert answer(f"{root}?unionId={who}", None, "DELETE") == (400, "operationNotSupported")
    assert answer(f"{root}/query?unionId={who}", None) == (400, "Missingbody")
    assert answer(upload, {"protocol": "FTP"}) == (400, "paramError.protocol")
    assert answer(upload.replace(str(uuid), "x"), {"protocol": "HEADER_SIGNATURE"}) == (
        400, "paramError.parentDentryUuid",
    )  # fmt: skip
    commit = {"uploadKey": "unknown", "name": "a"}
    assert answer(f"{files}/{uuid}/commit?unionId={who}", commit) == (400, "paramError.uploadKey")


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=3), st.text(max_size=20))
def test_forms_are_read_as_they_were_written(contents: list[bytes], text: str) -> None:
    text = text.encode(errors="ignore").decode()
    form = Form({"text": text} | {f"file{at}": File(part, f"名字 {at}.bin") for at, part in enumerate(contents)})
    body = b"".join(form.chunks())
    assert len(body) == form.length
    read = Call.read("POST", "/media/upload", {}, {"content-type": form.content_type}, body)
    expected = {f"file{at}": Upload(f"名字 {at}.bin", part) for at, part in enumerate(contents)}
    assert read.body == {"text": text, **expected}


def test_a_file_that_shrinks_while_it_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(2 * CHUNK))
    chunks = File(path).chunks()
    next(chunks)
    path.write_bytes(b"")
    with pytest.raises(EOFError, match="ended after"):
        next(chunks)


def test_a_target_that_cannot_be_rewound_is_written_once() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "wb") as pipe:
        sink = Sink(pipe)
        with sink.receive(3) as write:
            write(b"abc")
        pipe.flush()
        assert reader.read(3) == b"abc"
        with pytest.raises(OSError, match="cannot be rewound"), sink.receive(3):
            pass


# the older drive


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
    assert sandbox.company.drive.media[media_id].content == b"".join(pieces)
    single = app.run("dingtalk.oapi.file.upload.single", agent_id="1", file_size=3, file=io.BytesIO(b"abc"), name="a")
    assert sandbox.company.drive.media[single].content == b"abc"
    call = app.run.call("dingtalk.oapi.file.upload.chunk", agent_id="1", upload_id="u", chunk_sequence=1, file=b"x")
    assert call.request.query == {"agent_id": "1", "upload_id": "u", "chunk_sequence": 1}


# files of approvals


def test_files_of_approvals(sandbox: Sandbox, app: DingTalkApp, tmp_path: Path) -> None:
    content = os.urandom(MB)
    attached = sandbox.company.drive.attach("instance", "发票.pdf", content)
    files = app.file.approval_files
    space_id = files.space("caohui")
    previewed = ApprovalFile.objects.authorize_preview("caohui", "instance", attached.id, file_ids=[attached.id])
    assert space_id == previewed
    assert space_id == app.run("dingtalk.oapi.processinstance.cspace.info", user_id="caohui", agent_id=1)
    request = {"userid": "caohui", "process_instance_id": "instance", "file_id": attached.id, "agentid": 1}
    assert space_id == app.run("dingtalk.oapi.processinstance.cspace.preview", request=request)
    assert files.authorize_download("caohui", [{"file_id": attached.id, "space_id": space_id}])
    old = {"userid": "caohui", "file_infos": [{"file_id": attached.id, "space_id": space_id}]}
    assert app.run("dingtalk.oapi.process.dentry.auth", request=old)

    assert files.download("instance", attached.id, tmp_path / "a.pdf") == MB
    assert (tmp_path / "a.pdf").read_bytes() == content
    request = {"process_instance_id": "instance", "file_id": attached.id}
    file = app.run("dingtalk.oapi.processinstance.file.url.get", request=request)
    assert (file.file_id, file.space_id) == (attached.id, space_id)
    got = io.BytesIO()
    assert awaited(app, lambda: file.download.aio(got)) == MB
    assert got.getvalue() == content
    for call in at_the_store(sandbox):
        assert "x-acs-dingtalk-access-token" not in call.headers


@pytest.mark.parametrize("asynchronous", [False, True])
def test_signed_addresses_are_not_logged(
    sandbox: Sandbox, app: DingTalkApp, caplog: pytest.LogCaptureFixture, asynchronous: bool
) -> None:
    attached = sandbox.company.drive.attach("instance", "发票.pdf", b"%PDF")
    file = ApprovalFile.get("instance", attached.id)
    signature = file.download_uri.partition("Signature=")[2]
    with caplog.at_level("DEBUG"):
        if asynchronous:
            awaited(app, lambda: file.download.aio(io.BytesIO()))
        else:
            file.download(io.BytesIO())
    assert "GET" in caplog.text
    assert signature
    assert signature not in caplog.text


def test_what_is_refused_of_files_of_approvals(sandbox: Sandbox, app: DingTalkApp) -> None:
    files = app.file.approval_files
    with pytest.raises(NotFound):
        files.space("nobody")
    with pytest.raises(NotFound):
        ApprovalFile.get("unknown", "1")
    sent = len(sandbox.calls)
    with pytest.raises(InvalidArgument):
        files.authorize_preview("caohui", "instance", "1", file_ids=["1"] * 21)
    with pytest.raises(InvalidArgument):
        files.authorize_download("caohui", [])
    with pytest.raises(InvalidArgument):
        files.authorize_download("caohui", [{"file_id": "1", "space_id": 1}] * 11)
    assert len(sandbox.calls) == sent
    assert files.space.call("caohui", agent_id=1).request.body == {"userId": "caohui", "agentId": 1}
