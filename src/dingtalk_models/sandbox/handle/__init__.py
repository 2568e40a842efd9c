"""The handle: everything that `Sandbox` can do in Python, over HTTP, at `/_sandbox`.

It is made when it is first used, so that a sandbox that nobody steers from outside starts as fast as ever.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from dingtalk_models.sandbox import Sandbox

PREFIX: Final = "/_sandbox"
"""Where the paths of the handle begin."""


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
