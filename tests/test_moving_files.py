"""Files that change while they are sent, and names that are planted where a download will be."""

from __future__ import annotations

import errno
import io
import os
import ssl
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from peers import Caller, Client, Peer, answer, answering, peer, target_of

from dingtalk_models import ConfigurationError, Download, HttpRequest, Media, TransportError, UnusableFile, Upload
from dingtalk_models.call.transport.received import CHUNK
from dingtalk_models.call.transport.uploads import FileBody, FormBody
from dingtalk_models.sandbox import Sandbox

SMUGGLED = b"POST /topapi/v2/user/delete HTTP/1.1\r\nContent-Length: 21\r\n\r\n" + b'{"userid":"manager1"}'
SIZE = 3 * CHUNK


class Moving:
    """A file that changes once a part of it has been read."""

    def __init__(self, path: Path, change: Callable[[Path], object]) -> None:
        self.path, self._change, self._changed = path, change, False
        path.write_bytes(b"a" * SIZE)
        self.file = path.open("rb")

    def close(self) -> None:
        self.file.close()

    def __call__(self, sent: int, total: int) -> None:
        if not self._changed:
            self._change(self.path)
            self._changed = True


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(SMUGGLED)


def shrink(path: Path) -> None:
    os.truncate(path, SIZE // 2)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def as_path(moving: Moving) -> Upload:
    return Upload(moving.path, "file.bin", moving)


def as_file(moving: Moving) -> Upload:
    return Upload(moving.file, "file.bin", moving)


def plain(server: Peer, upload: Upload) -> HttpRequest:
    return HttpRequest("PUT", f"{server.url}/store", {}, FileBody(upload))


def form(server: Peer, upload: Upload) -> HttpRequest:
    body = FormBody({"type": "file", "media": upload})
    return HttpRequest("POST", f"{server.url}/media/upload", {"Content-Type": body.content_type}, body)


ways = pytest.mark.parametrize("source", [as_path, as_file])
kinds = pytest.mark.parametrize("request_of", [plain, form])
SourceOf = Callable[[Moving], Upload]
RequestOf = Callable[[Peer, Upload], HttpRequest]

noted = answering(lambda request: answer(target_of(request)))


@ways
@kinds
def test_what_a_file_gains_while_it_is_sent_is_not_sent(
    caller: Caller, tls: ssl.SSLContext | None, tmp_path: Path, source: SourceOf, request_of: RequestOf
) -> None:
    with closing(Moving(tmp_path / "file", grow)) as moving, peer(noted, tls) as server:
        request = request_of(server, source(moving))
        assert caller.send(request).content == target_of(server.heard[0]).encode()
        assert caller.send(HttpRequest("GET", f"{server.url}/next", {})).content == b"/next"
        assert [target_of(each) for each in server.heard] == [target_of(server.heard[0]), "/next"]
        assert server.bodies[0].count(b"a" * CHUNK) == SIZE // CHUNK
        assert SMUGGLED not in b"".join(server.heard)


class Growing(io.BytesIO):
    """A file that grows once it has been measured, before it is read."""

    def __init__(self, content: bytes, gained: bytes = SMUGGLED, measured: int = 1) -> None:
        super().__init__(content)
        self._gained, self._measured = gained, measured

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if whence == os.SEEK_END:
            end = super().seek(0, os.SEEK_END)
            self._measured -= 1
            if self._measured == 0:
                self.write(self._gained)
            return end
        return super().seek(offset, whence)


@kinds
def test_nor_what_it_gains_before(caller: Caller, tls: ssl.SSLContext | None, request_of: RequestOf) -> None:
    with peer(noted, tls) as server:
        request = request_of(server, Upload(Growing(b"a" * SIZE), "file.bin"))
        assert caller.send(request).content == target_of(server.heard[0]).encode()
        assert caller.send(HttpRequest("GET", f"{server.url}/next", {})).content == b"/next"
        assert [target_of(each) for each in server.heard] == [target_of(server.heard[0]), "/next"]
        assert SMUGGLED not in b"".join(server.heard)


@ways
@kinds
@pytest.mark.parametrize("change", [shrink, empty])
def test_a_file_that_shrinks_while_it_is_sent_ends_the_connection(
    caller: Caller, tmp_path: Path, source: SourceOf, request_of: RequestOf, change: Callable[[Path], object]
) -> None:
    with closing(Moving(tmp_path / "file", change)) as moving, peer(noted) as server:
        with pytest.raises(UnusableFile, match="ended after"):
            caller.send(request_of(server, source(moving)))
        # on another connection: on the same, it would be read as the rest of the file
        assert caller.send(HttpRequest("GET", f"{server.url}/next", {})).content == b"/next"
        assert len(server.clients) == 2
        assert [target_of(each) for each in server.heard if each.endswith(b"\r\n\r\n")] == ["/next"]


def test_a_file_that_is_gone_when_it_is_sent(caller: Caller, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    with peer(noted) as server:
        request = plain(server, Upload(path))
        path.unlink()
        with pytest.raises(FileNotFoundError):
            caller.send(request)
        assert caller.send(HttpRequest("GET", f"{server.url}/next", {})).content == b"/next"


class Wrong:
    """A body of a user's own that has other bytes than it says."""

    def __init__(self, length: int, *pieces: bytes) -> None:
        self.length, self._pieces = length, pieces

    def chunks(self) -> Iterator[bytes]:
        yield from self._pieces


@pytest.mark.parametrize(
    "body", [Wrong(4, b"abcd", SMUGGLED), Wrong(4, b"abcd" + SMUGGLED), Wrong(4, b"ab", b"cd" * 9)]
)
def test_a_body_of_ones_own_that_is_longer_than_it_says(caller: Caller, body: Wrong) -> None:
    with peer(noted) as server:
        assert caller.send(HttpRequest("PUT", f"{server.url}/store", {}, body)).content == b"/store"
        assert caller.send(HttpRequest("GET", f"{server.url}/next", {})).content == b"/next"
        assert [target_of(each) for each in server.heard] == ["/store", "/next"]
        assert server.bodies == [b"abcd", b""]


@pytest.mark.parametrize("body", [Wrong(400, b"abcd"), Wrong(4)])
def test_a_body_of_ones_own_that_is_shorter_than_it_says(caller: Caller, body: Wrong) -> None:
    with peer(noted) as server:
        with pytest.raises(ConfigurationError, match="bytes fewer than"):
            caller.send(HttpRequest("PUT", f"{server.url}/store", {}, body))
        assert caller.send(HttpRequest("GET", f"{server.url}/next", {})).content == b"/next"
        assert len(server.clients) == 2


def test_a_file_that_is_sent_again_begins_where_it_stood(caller: Caller) -> None:
    """And has as many bytes as the first time."""
    file = io.BytesIO(b"skipped" + b"a" * SIZE)
    file.seek(7)

    def serve(client: Client) -> None:
        if client.number == 0:
            client.sock.recv(1000)
        else:
            noted(client)

    with peer(serve) as server:
        request = plain(server, Upload(file))
        with pytest.raises(TransportError) as caught:
            caller.send(request)
        assert caught.value.sent
        file.seek(0, os.SEEK_END)
        file.write(SMUGGLED)
        assert caller.send(request).content == b"/store"
        assert server.bodies[-1] == b"a" * SIZE


def test_nothing_beyond_a_file_reaches_the_platform() -> None:
    """The attack as it was made: what a growing file gained was carried out."""
    with Sandbox() as sandbox:
        app = sandbox.app()
        victim = next(iter(sandbox.company.users))
        body = f'{{"userid":"{victim}"}}'.encode()
        head = f"POST /topapi/v2/user/delete?access_token={app.access_token} HTTP/1.1\r\nHost: x\r\n"
        smuggled = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        with app:
            assert Media.upload(Growing(bytes(SIZE), smuggled, measured=2), "image", name="a.png").media_id
            app.contact.departments.get(1)
        assert sandbox.received("/topapi/v2/user/delete") == []
        assert victim in sandbox.company.users
        app.close()


# -- downloads -------------------------------------------------------------------------------------------------------


def fetch(server: Peer, target: Path | BinaryIO) -> HttpRequest:
    return HttpRequest("GET", f"{server.url}/file", {}, download=Download(target))


files = answering(lambda request: answer(b"content" * 1000))


def test_a_planted_link_is_not_followed(caller: Caller, tmp_path: Path) -> None:
    """Whoever may write beside the target, but not to the victim."""
    victim, target = tmp_path / "victim", tmp_path / "target"
    victim.write_bytes(b"precious")
    (tmp_path / "target.part").symlink_to(victim)
    with peer(files) as server:
        assert caller.send(fetch(server, target)).status == 200
    assert victim.read_bytes() == b"precious"
    assert target.read_bytes() == b"content" * 1000
    assert not target.is_symlink()


def test_the_name_of_a_part_cannot_be_guessed(caller: Caller, tmp_path: Path) -> None:
    seen: set[str] = set()

    def look(received: int, total: int) -> None:
        seen.update(each.name for each in tmp_path.iterdir())

    with peer(files) as server:
        for _ in range(5):
            request = HttpRequest("GET", f"{server.url}/file", {}, download=Download(tmp_path / "target", look))
            caller.send(request)
    assert len(seen - {"target"}) == 5
    assert all(len(name) > 30 for name in seen - {"target"})
    assert [each.name for each in tmp_path.iterdir()] == ["target"]


def test_a_part_is_created_and_never_opened(caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where its name has been guessed."""

    def guessed(_: int) -> str:
        return "guessed"

    monkeypatch.setattr("dingtalk_models.call.transport.received.secrets.token_hex", guessed)
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / ".guessed.part").symlink_to(victim)
    with peer(files) as server, pytest.raises(FileExistsError):
        caller.send(fetch(server, tmp_path / "target"))
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_download_has_the_mode_of_any_new_file(caller: Caller, tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        (tmp_path / "ordinary").write_bytes(b"")
        with peer(files) as server:
            caller.send(fetch(server, tmp_path / "target"))
    finally:
        os.umask(before)
    assert mode(tmp_path / "target") == mode(tmp_path / "ordinary")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def cut(client: Client) -> None:
    while client.read():
        client.send(answer(b"content" * 1000)[:3000])
        client.sock.close()


def test_a_download_that_breaks_off_leaves_what_was_there(caller: Caller, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"before")
    with peer(cut) as server, pytest.raises(TransportError, match="broke off"):
        caller.send(fetch(server, target))
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


class Full(io.BytesIO):
    def write(self, piece: Any, /) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_target_that_cannot_be_written_says_so(caller: Caller, tmp_path: Path) -> None:
    """It is no fault of the connection, which goes on."""
    with peer(files) as server:
        with pytest.raises(FileNotFoundError):
            caller.send(fetch(server, tmp_path / "no" / "target"))
        with pytest.raises(OSError, match="No space left") as caught:
            caller.send(fetch(server, Full()))
        assert not isinstance(caught.value, TransportError)
        with tempfile.TemporaryFile() as file:
            assert caller.send(fetch(server, file)).status == 200
            file.seek(0)
            assert file.read() == b"content" * 1000
