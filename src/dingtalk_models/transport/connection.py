"""urllib3's connections with five guards that they lack; for each there is an attack in the tests.

- What arrived while a connection was idle is never an answer. urllib3 asks the socket whether anything came, but TLS
  may have read ahead, and hold what it has decrypted.
- Each informational reply (1xx) before an answer is skipped. http.client skips 100 alone and takes any other for the
  answer, and then the next call would read this one's.
- A head that leaves open where the answer ends is refused. http.client makes the best of it.
- What fails while connecting is told apart from what fails later: nothing was sent yet.
- A forked process closes its copies of all sockets, even those that a thread of its parent was using, and says nothing
  on them.
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
    """The connections that are open in this process."""

    def __init__(self) -> None:
        self.connections: WeakSet[HTTPConnection] = WeakSet()
        after_fork(self, _Open.leave_to_parent)

    def leave_to_parent(self) -> None:
        """Close the sockets, without TLS's goodbye: the parent goes on using them."""
        for connection in self.connections:
            sock = connection.sock
            if sock is not None:
                os.close(sock.socket.detach() if isinstance(sock, SSLTransport) else sock.detach())
        self.connections = WeakSet()


_open = _Open()


class _Answer(HTTPResponse):
    def begin(self) -> None:
        super().begin()
        while 100 < self.status < 200 and self.status != SWITCHING_PROTOCOLS:  # noqa: PLR2004 - HTTP's own numbers
            vars(self).update(headers=None, msg=None)  # by which http.client knows that it has not begun
            super().begin()
        if self.headers.defects:
            assert_header_parsing(self.headers)
        lengths = {length.strip() for length in self.headers.get_all("content-length", [])}
        if self.status == SWITCHING_PROTOCOLS or len(lengths) > 1 or not all(map(LENGTH.fullmatch, lengths)):
            raise HTTPException("the end of the answer is not clear")


class GuardedConnection(HTTPConnection):
    """A connection in the clear."""

    response_class = _Answer

    def connect(self) -> None:
        """Connect, or raise what says that nothing was sent."""
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
        """Whether it can be used again."""
        return super().is_connected and not _read_ahead(self.sock)


def _read_ahead(sock: object) -> bool:
    if isinstance(sock, SSLSocket):
        return sock.pending() > 0
    return isinstance(sock, SSLTransport) and (sock.sslobj.pending() > 0 or sock.incoming.pending > 0)


class GuardedTlsConnection(GuardedConnection, HTTPSConnection):
    """A connection over TLS."""


GUARDED: dict[type, type] = {HTTPConnection: GuardedConnection, HTTPSConnection: GuardedTlsConnection}
