"""The transport of the event loop: httpx. Imported only when something is awaited."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from dingtalk_models.core.call import HttpRequest, HttpResponse
from dingtalk_models.core.errors import ConfigurationError, TransportError
from dingtalk_models.transport.blocking import POOL_SIZE, Timeout
from dingtalk_models.transport.masking import mask_logger

try:
    import httpx
except ImportError as error:
    raise ConfigurationError("awaiting needs httpx: pip install 'dingtalk-models[async]'") from error


class HttpxTransport:
    """Sends over pooled connections; each event loop has its own, since a connection belongs to its loop.

    Args:
        timeout: seconds to wait for a connection, and for the answer.
    """

    def __init__(self, timeout: Timeout) -> None:
        connect, read = timeout
        self._timeout = httpx.Timeout(read, connect=connect)
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()
        mask_logger("httpx")

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and return what came back, whatever its status.

        Raises:
            TransportError: nothing, or only a part, came back.
        """
        try:
            response = await self._client.request(
                request.method, request.url, content=request.content, headers=request.headers
            )
        except httpx.HTTPError as error:
            raise _unreachable(request, error) from None
        return HttpResponse(response.status_code, response.headers, response.content)

    async def close(self) -> None:
        """Give back the connections of this event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    @property
    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            limits = httpx.Limits(max_connections=POOL_SIZE, max_keepalive_connections=POOL_SIZE)
            client = self._clients[loop] = httpx.AsyncClient(timeout=self._timeout, limits=limits)
        return client


def _unreachable(request: HttpRequest, error: httpx.HTTPError) -> TransportError:
    url = httpx.URL(request.url)
    never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    if isinstance(error, httpx.TimeoutException):
        what = "no connection in time" if never_sent else "no answer in time"
    elif never_sent:
        what = "no connection"
    else:
        what = "the connection or the answer broke off"
    return TransportError(f"{what} ({request.method} {url.path} at {url.netloc.decode()})", sent=not never_sent)
