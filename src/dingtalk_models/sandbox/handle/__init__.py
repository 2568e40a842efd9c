"""The handle: an HTTP API at `/_sandbox` for everything that `Sandbox` can do in Python.

It is made at first use, so that it does not slow down the start of a sandbox that does not need it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from dingtalk_models.sandbox import Sandbox

PREFIX: Final = "/_sandbox"
"""The prefix of the handle's paths."""


class Handle:
    """The ASGI application of a sandbox's handle."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)

    @cached_property
    def _app(self) -> ASGIApp:
        from dingtalk_models.sandbox.handle.serving import serving  # noqa: PLC0415 -- what it imports takes a while

        return serving(self._sandbox)
