"""Connections of urllib3 with eight additional checks. The tests have an attack for each.

- A request takes no longer than its `Patience`. A socket timeout restarts with each byte, and does not cover the DNS
  lookup.
- Only this class knows the query string of a URL: see `Outgoing`.
- Data that came while a connection was idle is never taken for a response. urllib3 checks whether the socket has data,
  but TLS may have read it already, and keeps it decrypted.
- Every informational response (1xx) is skipped. http.client skips only 100, and takes any other for the final response.
  The next call would then read the response of this one.
- A response is refused if its headers do not say clearly where it ends. http.client guesses.
- An error while connecting differs from a later one: nothing was sent yet.
- A forked process closes its copies of all sockets and sends nothing on them. This includes sockets that a thread of
  the parent was using.
- A fork waits while a TLS connection is being made: the child would find locks of OpenSSL held, and never connect.
"""

from __future__ import annotations

import os
from _thread import allocate_lock, start_new_thread
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from functools import cache
from http.client import SWITCHING_PROTOCOLS, HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from ssl import SSLSocket
from typing import Any, cast
from weakref import WeakSet

from typing_extensions import Buffer
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util.response import assert_header_parsing
from urllib3.util.ssltransport import SSLTransport

from dingtalk_models.call.transport.received import LENGTH
from dingtalk_models.call.transport.sending import Outgoing, Patience
from dingtalk_models.clocks import monotonic
from dingtalk_models.process.forking import after_fork, no_fork

_BEGUN = 0.2
"""Seconds after which another thread is started if the first one has not begun."""

PIECE = 16 * 1024
"""How many bytes are sent at a time: one TLS record, since the timeout applies to a record."""

outgoing: ContextVar[Outgoing | None] = ContextVar("outgoing", default=None)
"""The request that this thread is sending."""


class _Open:
    """The open connections of this process."""

    def __init__(self) -> None:
        self.connections: WeakSet[HTTPConnection] = WeakSet()
        after_fork(self, _Open.leave_to_parent)

    def leave_to_parent(self) -> None:
        """In a forked process: close the sockets without a TLS shutdown, since the parent still uses them."""
        for connection in self.connections:
            if (sock := connection.sock) is not None:
                descriptor = (sock.socket if isinstance(sock, SSLTransport) else sock).detach()
                if descriptor >= 0:
                    os.close(descriptor)
        self.connections = WeakSet()


_open = _Open()


class _Patient(RawIOBase):
    """Reads from a socket until the request's time is over."""

    def __init__(self, reader: BufferedReader, sock: socket, patience: Patience) -> None:
        self._reader, self._raw = reader, cast("RawIOBase", reader.raw)
        self._sock, self._patience = sock, patience

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: Buffer, /) -> int | None:
        self._sock.settimeout(_left(self._patience))
        return self._raw.readinto(buffer)


class _FinalResponse(HTTPResponse):
    def begin(self) -> None:
        request = outgoing.get()
        if request and request.sock:
            patience = request.patience
            if patience.is_file:
                patience.renew()
            # An exception from outside, such as Ctrl-C, may come between these lines. Closing the response closes its
            # reader, so at each moment one of the two readers must be complete.
            reader, patient = self.fp, _Patient(self.fp, request.sock, patience)
            self.fp = BufferedReader(patient)
            vars(patient)["close"] = reader.close
        super().begin()
        while 100 < self.status < 200 and self.status != SWITCHING_PROTOCOLS:  # noqa: PLR2004 - HTTP's own numbers
            vars(self).update(headers=None, msg=None)  # otherwise `begin` returns at once
            super().begin()
        if self.headers.defects:
            assert_header_parsing(self.headers)
        lengths = {length.strip() for length in self.headers.get_all("content-length", [])}
        if self.status == SWITCHING_PROTOCOLS or len(lengths) > 1 or not all(map(LENGTH.fullmatch, lengths)):
            raise HTTPException("it is not clear where the response ends")


class GuardedConnection(HTTPConnection):
    """The checks that every connection needs, with and without TLS."""

    response_class = _FinalResponse

    def send(self, data: Any) -> None:
        """Send the head of a request, or a part of its body."""
        request = outgoing.get()
        if request is None:  # the application uses the pool itself
            super().send(data)
            return
        if self.sock is None:
            self.connect()
        sock: Any = self.sock
        patience = request.patience
        if not request.begun and not data.startswith(b"CONNECT "):  # a CONNECT to the proxy comes first
            request.sock = sock
            data = request.begin(data)
        elif patience.is_file:
            patience.renew()
        # Send small pieces, each with the time that is left: one `sendall` of a large body would use a single timeout
        # and could exceed the deadline.
        with memoryview(data) as whole:
            for start in range(0, len(whole), PIECE):
                sock.settimeout(_left(patience))
                super().send(whole[start : start + PIECE])

    def connect(self) -> None:
        """Connect. An error here says that nothing was sent."""
        request = outgoing.get()
        try:
            if request is None:
                self._reach()
            else:
                _in_time(self._reach, self.close, _left(request.patience))
        except (ConnectTimeoutError, NewConnectionError):
            raise
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except (OSError, ValueError, HTTPException, HTTPError) as error:
            raise NewConnectionError(self, "no connection") from error
        _open.connections.add(self)

    def _reach(self) -> None:
        super().connect()


class GuardedTlsConnection(GuardedConnection):
    """The additional checks of a TLS connection."""

    def _reach(self) -> None:
        with no_fork():  # a child would find locks of OpenSSL held, and could never connect
            super()._reach()

    @property
    def is_connected(self) -> bool:
        """Whether it can be reused: it is open, and TLS read no data while it was idle."""
        return super().is_connected and not _read_ahead(self.sock)


def _left(patience: Patience) -> float:
    """Return the seconds that a request has left.

    Raises:
        TimeoutError: there are none.
    """
    if (seconds := patience.ends - monotonic()) <= 0:
        raise TimeoutError
    return seconds


def _read_ahead(sock: object) -> bool:
    if isinstance(sock, SSLSocket):
        return sock.pending() > 0
    return isinstance(sock, SSLTransport) and (sock.sslobj.pending() > 0 or sock.incoming.pending > 0)


@cache
def guarded(kind: type[Any]) -> type[Any]:
    """Return the guarded variant of a connection class, or the class itself if it overrides how to send."""
    if not issubclass(kind, HTTPConnection) or issubclass(kind, GuardedConnection):
        return kind
    if kind.send is not HTTPConnection.send or kind.request is not HTTPConnection.request:
        return kind
    guard = GuardedTlsConnection if issubclass(kind, HTTPSConnection) else GuardedConnection
    return type(f"Guarded{kind.__name__}", (guard, kind), {})


def _in_time(work: Callable[[], None], undo: Callable[[], None], seconds: float) -> None:  # noqa: C901 - one wait
    """Do some work on a thread, and wait at most some seconds, because a DNS lookup cannot be interrupted.

    Args:
        work: the work.
        undo: undoes it if nobody waits for it any more.
        seconds: how long to wait.

    Raises:
        TimeoutError: it was not done in time.
    """
    problems: list[BaseException] = []
    abandoned: list[bool] = []
    # The thread that pops the work does it. An exception from outside may end a new thread before that, so the loop
    # below starts another one as long as the work is still here.
    waiting = [work]
    done = allocate_lock()
    done.acquire()

    def run() -> None:
        try:
            do = waiting.pop()
        except IndexError:
            return
        try:
            do()
        except BaseException as error:  # noqa: BLE001 - it is raised where the work is waited for
            problems.append(error)
        if abandoned:
            undo()
        done.release()

    until = monotonic() + seconds
    in_time = False
    try:
        while not in_time and (left := until - monotonic()) > 0:
            if waiting:
                # not `threading.Thread`: an interrupt during its start would leave a lock held
                start_new_thread(copy_context().run, (run,))
            in_time = done.acquire(timeout=min(left, _BEGUN) if waiting else left)
    except RuntimeError:  # the interpreter is ending, or has no more threads
        work()
        return
    finally:
        if not in_time:
            abandoned.append(True)
    if not in_time:
        raise TimeoutError
    if problems:
        raise problems[0]
