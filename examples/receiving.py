"""A minimal web server that receives the app's pushes."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dingtalk_models import DingTalkApp
from dingtalk_models.views.starlette import view


class WebServer:
    """Serves `/dingtalk` on a free port of this machine.

    Attributes:
        url: the URL to register.
        bodies: the bodies that it received.
    """

    def __init__(self, app: DingTalkApp) -> None:
        self.bodies: list[str] = []
        self._view = view(app.callback)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/dingtalk"

    async def _dingtalk(self, request: Request) -> Response:
        self.bodies.append((await request.body()).decode())
        return await self._view(request)

    @contextmanager
    def serving(self) -> Generator[WebServer]:
        """Serve in a thread until the end of the block."""
        site = Starlette(routes=[Route("/dingtalk", self._dingtalk, methods=["POST"])])
        server = uvicorn.Server(uvicorn.Config(site, log_config=None, lifespan="off", ws="none"))
        thread = Thread(target=server.run, kwargs={"sockets": [self._listener]})
        thread.start()
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join()
            self._listener.close()
