"""How long a request may still take."""

from __future__ import annotations

import math

from dingtalk_models.call.transport.body import CHUNK
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.http import HttpRequest

Timeout = tuple[float, float]
"""The seconds for a connection, and for the response, to its last byte."""


class Patience:
    """The time that a request has: first for a connection, then for the response, both within its deadline.

    The response has one time, from the first byte that is sent to the last one that is received. Of a file, each chunk
    has this time for itself, so that it depends on the size how long the whole takes. There the deadline ends with the
    connection.

    Attributes:
        is_file: whether it sends or receives a file.
        connected: whether there is a connection. As long as there is none, nothing was sent.
    """

    def __init__(self, request: HttpRequest, timeout: Timeout) -> None:
        connect, self._response = timeout
        self._deadline = math.inf if request.until is None else request.until
        self._ends = min(monotonic() + connect, self._deadline)
        self._moved = 0
        self.is_file = request.download is not None or not isinstance(request.content, bytes | None)
        self.connected = False

    def begin(self, seconds: float) -> None:
        """Give the request so many seconds, or less if its deadline comes earlier."""
        self._ends = min(monotonic() + seconds, self._deadline)

    def connect(self) -> None:
        """There is a connection: the time of the response begins."""
        self.connected = True
        if self.is_file:
            self._deadline = math.inf
        self.begin(self._response)

    def renew(self) -> None:
        """Of a file, the next chunk has its own time, and so has the response."""
        if self.is_file and self.connected:
            self.begin(self._response)

    def moved(self, size: int) -> None:
        """So many bytes of a file were received."""
        self._moved += size
        if self._moved >= CHUNK:
            self._moved = 0
            self.renew()

    @property
    def seconds(self) -> float:
        """The seconds that are left; negative if there are none."""
        return self._ends - monotonic()

    def left(self) -> float:
        """The seconds that are left.

        Raises:
            TimeoutError: there are none.
        """
        if (seconds := self.seconds) <= 0:
            raise TimeoutError
        return seconds
