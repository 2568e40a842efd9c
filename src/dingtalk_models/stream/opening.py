"""Opens a connection: asks for the address of a gateway and a ticket, and connects."""

from __future__ import annotations

import logging
import socket
from typing import Annotated, Any, cast
from urllib.parse import quote

from pydantic import BaseModel
from pydantic_core import to_json
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidURI, WebSocketException

from dingtalk_models.call.call import Call
from dingtalk_models.call.transport.sending import USER_AGENT
from dingtalk_models.call.transport.trust import trusted
from dingtalk_models.core.errors import ConfigurationError, TransportError
from dingtalk_models.core.http import Endpoint, HttpRequest, HttpResponse
from dingtalk_models.core.secret import Hidden, Secret, forget_locals, revealed
from dingtalk_models.stream.connection import Socket
from dingtalk_models.stream.direct_request import has_proxy, send_directly
from dingtalk_models.stream.stream_app import StreamApp

OPEN = Endpoint("POST", "/v1.0/gateway/connections/open", authenticated=False)

LARGEST_FRAME = 32 * 1024 * 1024

_log = logging.getLogger("dingtalk_models.websocket")
_log.setLevel(logging.INFO)  # with DEBUG, the library logs the ticket and every frame


class ConnectionTicket(BaseModel):
    """The gateway's address and a ticket, for one connection within 90 seconds."""

    endpoint: str
    ticket: Annotated[Secret, Hidden()]


async def open_connection(app: StreamApp, subscriptions: list[dict[str, str]], *, patience: float) -> Socket:
    """Open a connection with a new ticket.

    Args:
        app: the app.
        subscriptions: what the gateway is to send.
        patience: seconds for connecting.

    Raises:
        ApiError: the platform refused.
        TransportError: there was no connection.
    """
    call = _asking(app, subscriptions)
    # sent once, since the client has its own retries
    opened = call.read(await _sent(app, _request(call, app.api_url), patience))
    try:
        opened_socket = await connect(
            f"{opened.endpoint}?ticket={quote(opened.ticket.get_secret_value(), safe='')}",
            ssl=trusted() if opened.endpoint.startswith("wss:") else None,
            user_agent_header=USER_AGENT,
            compression=None,
            open_timeout=patience,
            ping_interval=None,  # `Connection` checks itself whether it is alive
            close_timeout=2,
            max_size=LARGEST_FRAME,
            logger=_log,
            create_connection=Socket,
        )
        return cast("Socket", opened_socket)
    except InvalidURI:
        raise TransportError("the gateway's address is not one of a WebSocket") from None
    except (OSError, WebSocketException, ValueError) as error:
        forget_locals(error)  # they have the ticket
        raise TransportError(f"no connection to the gateway: {_reason(error)}") from None


async def _sent(app: StreamApp, request: HttpRequest, patience: float) -> HttpResponse:
    """Send the request with the app's async transport, if it is open already or there is a proxy.

    Loading aiohttp takes 60 ms and 11 MB, and many bots need it for nothing else.
    """
    transport = app.opened_async_transport
    if transport is None and has_proxy(request.url):
        transport = app.async_transport
    return await (transport.send(request) if transport else send_directly(request, patience))


def _asking(app: StreamApp, subscriptions: list[dict[str, str]]) -> Call[ConnectionTicket]:
    if not app.appkey or not app.appsecret:
        raise ConfigurationError(
            f"app {app.name!r} cannot use Stream mode: give it appkey and appsecret / "
            "该应用无法使用 Stream 模式：请提供 appkey 和 appsecret"
        )
    who: dict[str, Any] = {"clientId": app.appkey, "clientSecret": app.appsecret}
    call = Call(ConnectionTicket, **who, subscriptions=subscriptions, ua=USER_AGENT, localIp=_own_address())
    call.endpoint = OPEN
    return call


def _request(call: Call[ConnectionTicket], url: str) -> HttpRequest:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    return HttpRequest(OPEN.verb, url + OPEN.path, headers, to_json(revealed(call.request.body)))


def _own_address() -> str:
    """Return this machine's address in its network, for the console to show. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return ""


def _reason(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text and "ticket" not in text else type(error).__name__
