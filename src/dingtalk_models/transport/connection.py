"""Connections of urllib3 with five additional checks. The tests have an attack for each.

- Data that came while a connection was idle is never taken for a response. urllib3 checks whether the socket has data,
  but TLS may have read it already, and keeps it decrypted.
- Every informational response (1xx) is skipped. http.client skips only 100, and takes any other for the final response.
  The next call would then read the response of this one.
- A response is refused if its headers do not say clearly where it ends. http.client guesses.
- An error while connecting differs from a later one: nothing was sent yet.
- A forked process closes its copies of all sockets and sends nothing on them. This includes sockets that a thread of
  the parent was using.
"""

from __future__ import annotations

import os
from http.client import SWITCHING_PROTOCOLS, HTTPException, HTTPResponse
from ssl import SSLSocket
from weakref import WeakSet

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util.response import assert_header_parsing
from urllib3.util.ssltransport import SSLTransport

from dingtalk_models.forking import after_fork
from dingtalk_models.transport.body import LENGTH


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


class _FinalResponse(HTTPResponse):
    def begin(self) -> None:
        super().begin()
        while 100 < self.status < 200 and self.status != SWITCHING_PROTOCOLS:  # noqa: PLR2004 - HTTP's own numbers
            vars(self).update(headers=None, msg=None)  # otherwise `begin` does nothing
            super().begin()
        if self.headers.defects:
            assert_header_parsing(self.headers)
        lengths = {length.strip() for length in self.headers.get_all("content-length", [])}
        if self.status == SWITCHING_PROTOCOLS or len(lengths) > 1 or not all(map(LENGTH.fullmatch, lengths)):
            raise HTTPException("it is not clear where the response ends")


class GuardedConnection(HTTPConnection):
    """A connection without TLS."""

    response_class = _FinalResponse

    def connect(self) -> None:
        """Connect. An error here says that nothing was sent."""
        try:
            super().connect()
        except (ConnectTimeoutError, NewConnectionError):
            raise
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except (OSError, ValueError, HTTPException, HTTPError) as error:
            raise NewConnectionError(self, "no connection") from error
        _open.connections.add(self)

    @property
    def is_connected(self) -> bool:
        """Whether it can be used again: it is open, and no data came while it was idle."""
        return super().is_connected and not _read_ahead(self.sock)


def _read_ahead(sock: object) -> bool:
    if isinstance(sock, SSLSocket):
        return sock.pending() > 0
    return isinstance(sock, SSLTransport) and (sock.sslobj.pending() > 0 or sock.incoming.pending > 0)


class GuardedTlsConnection(GuardedConnection, HTTPSConnection):
    """A connection with TLS."""


GUARDED: dict[type, type] = {HTTPConnection: GuardedConnection, HTTPSConnection: GuardedTlsConnection}
