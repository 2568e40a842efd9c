"""Whatever a peer answers, a call ends with a response or with an error of ours, and memory is bounded."""

from __future__ import annotations

import gzip
import io
import os
import random
import re
import time
import tracemalloc
import zlib
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from peers import CALLERS, Caller, Client, answer, answering, get, peer, target_of

from dingtalk_models import DingTalkError, Download, HttpRequest, HttpResponse, TransportError
from dingtalk_models.call.transport.received import MAX_REPLY

MB = 1024 * 1024

FUZZ = int(os.environ.get("FUZZ", "500"))
"""How many mutated answers each transport gets."""

pack = partial(gzip.compress, mtime=0)  # without it, the bytes have the time, and so have the names of tests


# -- 1xx -------------------------------------------------------------------------------------------------------------

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nContent-Length: 5\r\n\r\n"


@pytest.mark.parametrize(
    "before",
    [
        [CONTINUE],
        [PROCESSING],
        [HINTS],
        [HINTS, HINTS],
        [CONTINUE, PROCESSING, HINTS],
        [CONTINUE + HINTS, 0.02, PROCESSING],
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_informational_replies_are_skipped(caller: Caller, before: list[bytes | float], together: bool) -> None:
    def serve(client: Client) -> None:
        while request := client.read():
            last = answer(target_of(request))
            if together and isinstance(before[-1], bytes):
                client.send(*before[:-1], before[-1] + last)
            else:
                client.send(*before, 0.02, last)

    with peer(serve) as server:
        for number in range(3):
            response = caller.send(get(server.url, f"/{number}"))
            assert (response.status, response.content) == (200, f"/{number}".encode())
            assert "link" not in response.headers
        assert len(server.clients) == 1


@pytest.mark.parametrize("kind", CALLERS)
def test_nothing_but_an_informational_reply_is_no_answer_in_time(kind: str) -> None:
    caller = CALLERS[kind]((0.3, 0.3))

    def serve(client: Client) -> None:
        while client.read():
            client.send(HINTS)

    with peer(serve) as server:
        begun = time.perf_counter()
        with pytest.raises(TransportError, match="no response in time") as caught:
            caller.send(get(server.url))
        assert caught.value.sent
        assert time.perf_counter() - begun < 2
    caller.close()


def test_a_switch_of_protocols_that_nobody_asked_for_is_no_answer(caller: Caller) -> None:
    def serve(client: Client) -> None:
        while request := client.read():
            switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
            client.send((switch if client.number == 0 else b"") + answer(target_of(request)))

    with peer(serve) as server:
        with pytest.raises(TransportError) as caught:
            caller.send(get(server.url, "/1"))
        assert caught.value.sent
        assert caller.send(get(server.url, "/2")).content == b"/2"


# -- size ------------------------------------------------------------------------------------------------------------


def bomb(size: int) -> bytes:
    """So many zeros as gzip."""
    packer, packed = zlib.compressobj(9, wbits=31), list[bytes]()
    for _ in range(size // MB):
        packed.append(packer.compress(bytes(MB)))
    return b"".join([*packed, packer.flush()])


def chunked(content: bytes, size: int) -> bytes:
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def test_a_small_gzip_of_a_large_answer_is_refused_early(caller: Caller) -> None:
    packed = answer(bomb(300 * MB), headers="Content-Encoding: gzip\r\n")
    assert len(packed) < MB
    with peer(answering(lambda request: packed if target_of(request) == "/bomb" else answer(1))) as server:
        assert caller.send(get(server.url)).content == b"1"
        tracemalloc.start()
        try:
            with pytest.raises(TransportError, match=f"more than {MAX_REPLY} bytes") as caught:
                caller.send(get(server.url, "/bomb"))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert caught.value.sent
        assert peak < 2.5 * MAX_REPLY
        assert caller.send(get(server.url)).content == b"1"


LARGE: dict[str, Callable[[bytes], bytes]] = {
    "announced": answer,
    "until the end": lambda body: b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body,
    "in chunks": lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, 1000),
    "in tiny chunks": lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, 1),
    "an error": lambda body: answer(body, "500 Internal Server Error"),
    "gzip": lambda body: answer(pack(body), headers="Content-Encoding: gzip\r\n"),
    "gzip in chunks": lambda body: (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(pack(body), 1)
    ),
    "members": lambda body: answer(
        b"".join(pack(body[at : at + 50]) for at in range(0, len(body), 50)),
        headers="Content-Encoding: gzip\r\n",
    ),
}


@pytest.mark.parametrize("kind", CALLERS)
@pytest.mark.parametrize("form", LARGE.values(), ids=LARGE)
def test_an_answer_may_have_so_many_bytes(kind: str, form: Callable[[bytes], bytes]) -> None:
    caller = CALLERS[kind](max_reply=20_000)

    def serve(client: Client) -> None:
        while request := client.read():
            client.send(reply := form(bytes(int(target_of(request)[1:]))))
            if b"Connection: close" in reply:
                return

    with peer(serve) as server:
        assert caller.send(get(server.url, "/20000")).content == bytes(20_000)
        for size in (20_001, 1_000_000):
            with pytest.raises(TransportError, match="more than 20000 bytes"):
                caller.send(get(server.url, f"/{size}"))
    caller.close()


def test_a_name_of_a_gzip_that_never_ends(caller: Caller) -> None:
    """It unpacks to nothing."""

    def serve(client: Client) -> None:
        client.read()
        client.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\x03")
        while True:
            client.send(b"n" * MB)

    with peer(serve) as server, pytest.raises(TransportError, match="more than"):
        caller.send(get(server.url))


def test_a_download_may_be_larger(caller: Caller, tmp_path: Path) -> None:
    """It is not held in memory, packed or not."""
    size = MAX_REPLY + 10 * MB
    target = tmp_path / "file"
    packed = answer(bomb(size), headers="Content-Encoding: gzip\r\n")
    with peer(answering(lambda request: packed)) as server:
        request = HttpRequest("GET", f"{server.url}/", {}, download=Download(target))
        tracemalloc.start()
        try:
            caller.send(request)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8 * MB
    assert target.stat().st_size == size
    assert request.download is not None
    assert request.download.received == size


def test_what_is_asked_for_is_gzip_or_nothing(caller: Caller) -> None:
    with peer(answering(lambda request: answer(1))) as server:
        caller.send(get(server.url))
        caller.send(HttpRequest("GET", f"{server.url}/", {}, download=Download(io.BytesIO())))
    asked = [re.findall(rb"(?i)\r\naccept-encoding: (.*?)\r\n", request) for request in server.heard]
    assert asked == [[b"gzip"], [b"identity"]]


PACKED = pack(b"content" * 1000)


@pytest.mark.parametrize(
    ("encoding", "body", "what"),
    [
        ("gzip", b"content", "not valid gzip"),
        ("gzip", PACKED[:-1], "not complete"),
        ("gzip", PACKED[:50], "not complete"),
        ("gzip", PACKED + b"x", "not valid gzip|not complete"),
        ("gzip", PACKED[:50] + b"x" + PACKED[51:], "not valid gzip|not complete"),
        ("br", b"content", "was not asked for"),
        ("deflate", zlib.compress(b"content"), "was not asked for"),
        ("gzip, gzip", pack(PACKED), "was not asked for"),
    ],
)
@pytest.mark.parametrize("kept", [False, True])
def test_an_answer_that_cannot_be_unpacked(
    caller: Caller, encoding: str, body: bytes, what: str, *, kept: bool, tmp_path: Path
) -> None:
    bad = answer(body, headers=f"Content-Encoding: {encoding}\r\n")
    good = answer(PACKED, headers="Content-Encoding: gzip\r\n")
    target = tmp_path / "file"
    with peer(answering(lambda request: good if target_of(request) == "/good" else bad)) as server:
        with pytest.raises(TransportError, match=what):
            caller.send(HttpRequest("GET", f"{server.url}/bad", {}, download=Download(target) if kept else None))
        assert list(tmp_path.iterdir()) == []
        assert caller.send(get(server.url, "/good")).content == b"content" * 1000


# -- what is no HTTP -------------------------------------------------------------------------------------------------

OK = "HTTP/1.1 200 OK\r\n"
FILLER = "X: y\r\n" * 100_000
BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "no status": b"HTTP/1.1\r\n\r\n",
    "a word for a status": b"HTTP/1.1 abc OK\r\n\r\n",
    "status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "negative status": b"HTTP/1.1 -200 OK\r\n\r\n",
    "huge status": b"HTTP/1.1 99999999999999999999 OK\r\n\r\n",
    "other protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "HTTP/2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80",
    "huge chunk": f"{OK}Transfer-Encoding: chunked\r\n\r\n{'f' * 15}\r\nabc".encode(),
    "huger chunk": f"{OK}Transfer-Encoding: chunked\r\n\r\n{'f' * 17}\r\nabc".encode(),
    "a chunk of many digits": f"{OK}Transfer-Encoding: chunked\r\n\r\n{'f' * 5000}\r\nabc".encode(),
    "negative chunk": f"{OK}Transfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n".encode(),
    "chunk of no number": f"{OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n".encode(),
    "chunks without a last one": f"{OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".encode(),
    "two lengths": f"{OK}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde".encode(),
    "lengths in one header": f"{OK}Content-Length: 3, 5\r\n\r\nabcde".encode(),
    "huge length": f"{OK}Content-Length: {'9' * 30}\r\n\r\nabc".encode(),
    "a length of many digits": f"{OK}Content-Length: {'9' * 5000}\r\n\r\nabc".encode(),
    "a length that is no number": f"{OK}Content-Length: 3x\r\n\r\nabc".encode(),
    "a line that is no header": f"{OK}Content\r\nContent-Length: 3\r\n\r\nabc".encode(),
    "cut short": f"{OK}Content-Length: 100\r\n\r\nabc".encode(),
    "endless header": f"{OK}X: {'y' * 200_000}".encode(),
    "endless headers": f"{OK}{FILLER}".encode(),
    "endless status line": b"HTTP/1.1 200 " + b"O" * 200_000,
    "no end of the head": f"{OK}Content-Length: 3\r\n".encode(),
}  # fmt: skip
"""After each the connection is closed."""


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_is_no_http_is_a_transport_error(
    caller: Caller, reply: bytes, kept: bool, tmp_path: Path
) -> None:
    def serve(client: Client) -> None:
        request = client.read()
        client.send(answer(7) if target_of(request) == "/good" else reply)

    download = Download(tmp_path / "file") if kept else None
    with peer(serve) as server:
        with pytest.raises(TransportError, match="broke off") as caught:
            caller.send(HttpRequest("GET", f"{server.url}/bad?access_token=s3cret", {}, download=download))
        assert caught.value.sent
        assert "s3cret" not in str(caught.value)
        assert list(tmp_path.iterdir()) == []
        assert caller.send(get(server.url, "/good")).content == b"7"


ODD: dict[str, bytes] = {
    "many trailers": f"{OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n{FILLER}".encode(),
    "chunk without an end": f"{OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabcXX0\r\n\r\n".encode(),
    "twice the same length": f"{OK}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc".encode(),
    "a length and chunks": f"{OK}Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".encode(),
    "no length": f"{OK}\r\nabc".encode(),
    "letters beyond ASCII": OK.encode() + b"X-Name: \xe5\xbc\xa0\xff\r\nContent-Length: 3\r\n\r\nabc",
    "a folded header": f"{OK}X-Name: a\r\n b\r\nContent-Length: 3\r\n\r\nabc".encode(),
    "a header without a name": f"{OK}: x\r\nContent-Length: 3\r\n\r\nabc".encode(),
    "line breaks of one byte": f"{OK}X-Name: x\r\nContent-Length: 3\r\n\r\nabc".replace("\r\n", "\n").encode(),
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nabc",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc",
}


@pytest.mark.parametrize("reply", ODD.values(), ids=ODD)
def test_an_answer_that_is_odd_is_read_or_refused(caller: Caller, reply: bytes) -> None:
    def serve(client: Client) -> None:
        client.read()
        client.send(reply)

    with peer(serve) as server:
        try:
            content = caller.send(get(server.url)).content
        except TransportError as error:
            content = b"abc" if error.sent else b"never sent"
        assert content == b"abc"


# -- at random -------------------------------------------------------------------------------------------------------


def seal(number: int) -> bytes:
    """What tells the answer to a call from that to another, even if both are mutated."""
    return b"<%d %b>" % (number, sha256(b"%d" % number).hexdigest()[:16].encode())


def stranger(number: int, content: bytes) -> bool:
    """Whether there is anything of the answer to another call."""
    return any(
        int(found[1]) != number and seal(int(found[1])) == found[0] for found in re.finditer(rb"<(\d+) \w+>", content)
    )


def plain(body: bytes) -> bytes:
    return answer(body, headers="Content-Type: application/json\r\n")


SEEDS: list[Callable[[bytes], bytes]] = [
    plain,
    lambda body: answer(pack(body), headers="Content-Encoding: gzip\r\n"),
    lambda body: f"{OK}Transfer-Encoding: chunked\r\n\r\n".encode() + chunked(body, 10),
    lambda body: f"{OK}Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n".encode() + chunked(pack(body), 7),
    lambda body: f"{OK}Connection: close\r\n\r\n".encode() + body,
    lambda body: HINTS + plain(body),
    lambda body: plain(body) + plain(b"surplus"),
    lambda body: answer(body, "503 Service Unavailable", "Retry-After: 1\r\n"),
    lambda body: b"HTTP/1.1 204 No Content\r\n\r\n",
]
TOKENS = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"\xff", b"\x80", b";", b",", b"-1", b"+5", b"0x10",
    b"ffffffffffffffff",
    b"Content-Length: 5\r\n", b"Content-Length: -5\r\n", b"Content-Length: 99999999999999999999\r\n",
    b"content-length: 3, 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: \x0bchunked\r\n", b"Content-Encoding: gzip\r\n", b"Content-Encoding: br\r\n",
    b"Connection: close\r\n", b"Connection: upgrade\r\nUpgrade: h2c\r\n", b"Set-Cookie: a=b; Max-Age=x\r\n",
    b"Location: http://[bad\r\n", b"Trailer: X\r\n", b"Keep-Alive: timeout=x\r\n", b" folded\r\n",
    b"X" * 9000, b"X: y\r\n" * 200,
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/9.9 999 ?\r\n", b"101", b"304", b"206",
    b"0\r\n\r\n",
]  # fmt: skip


def mutated(chance: random.Random, number: int) -> bytes:
    """An answer to a call, changed in some places."""
    reply = bytearray(chance.choice(SEEDS)(seal(number) * chance.randint(1, 5)))
    for _ in range(chance.choice([0, 1, 1, 2, 3, 8])):
        at = chance.randrange(len(reply) + 1)
        match chance.randrange(6):
            case 0:
                reply[at:at] = chance.choice(TOKENS)
            case 1:
                del reply[at : at + chance.choice([1, 2, 10, 1000])]
            case 2:
                reply[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                reply[at:at] = reply[at : at + chance.randint(1, 30)]
            case 4 if (line := reply.find(b"\r\n", at)) >= 0:
                reply[line + 2 : line + 2] = chance.choice(TOKENS)
            case _:
                del reply[at:]
    return bytes(reply)


def fuzzing(client: Client) -> None:
    while request := client.read():
        number = int(target_of(request)[1:])
        chance = random.Random(number)
        reply = mutated(chance, number)
        cut = chance.randrange(len(reply) + 1)
        client.send(reply[:cut], chance.choice([0.0, 0.0, 0.002]), reply[cut:])
        if chance.random() < 0.9:
            return


@pytest.mark.parametrize("kind", CALLERS)
def test_whatever_is_answered_ends_in_a_response_or_an_error_of_ours(kind: str) -> None:
    caller = CALLERS[kind]((5.0, 0.3))
    begun = time.perf_counter()
    kinds: dict[str, int] = {}
    with peer(fuzzing) as server:
        for start in range(0, FUZZ, 50):
            numbers = range(start, min(start + 50, FUZZ))
            outcomes = caller.at_once([get(server.url, f"/{number}") for number in numbers])
            for number, outcome in zip(numbers, outcomes, strict=True):
                kinds[type(outcome).__name__] = kinds.get(type(outcome).__name__, 0) + 1
                if isinstance(outcome, HttpResponse):
                    assert not stranger(number, outcome.content), number
                else:
                    assert isinstance(outcome, DingTalkError)
                    assert getattr(outcome, "sent", False), number
    caller.close()
    assert kinds["HttpResponse"] > FUZZ / 10
    assert kinds["TransportError"] > FUZZ / 10
    assert time.perf_counter() - begun < 60 + FUZZ / 20
