"""The WebSocket: admits a client by its ticket, sends it messages from `Streams`, and takes its answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState

from dingtalk_models.sandbox.state.stream import Client, Streams

if TYPE_CHECKING:
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

quiet = logging.getLogger("dingtalk_models.sandbox.websocket")
quiet.setLevel(logging.WARNING)  # uvicorn's log lines show the ticket in the query


def protocol(config: Config, server_state: ServerState, app_state: dict[str, Any]) -> WebSocketsSansIOProtocol:
    """Make the protocol of a connection that becomes a WebSocket. The library is imported for the first one."""
    from uvicorn.protocols.websockets.websockets_sansio_impl import (  # noqa: PLC0415 - only when used
        WebSocketsSansIOProtocol,
    )

    made = WebSocketsSansIOProtocol(config, server_state, app_state)
    made.logger = made.conn.logger = quiet
    made.conn.debug = False
    return made


class WebSocket:
    """The ASGI application for WebSockets."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await receive()
        ticket = parse_qs(scope["query_string"].decode()).get("ticket", [""])[0]
        admitted = self._streams.redeem(ticket) if scope["path"] == "/connect" else None
        if admitted is None:
            await send({"type": "websocket.close"})
            return
        client = Client(*admitted, scope["state"]["transport"])
        self._streams.came(client)  # before the handshake, so that a client that is connected is always in the list
        beside = [asyncio.create_task(work) for work in (_send(client, send), self._streams.keep_alive(client))]
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                if not client.silent:
                    self._streams.take(client, message.get("text") or "")
        finally:
            self._streams.went(client)
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)


async def _send(client: Client, send: Send) -> None:
    with contextlib.suppress(ClientDisconnected):
        await send({"type": "websocket.accept"})
        while True:
            text = await client.outbox.get()
            if not client.mute:
                await send({"type": "websocket.send", "text": text})
