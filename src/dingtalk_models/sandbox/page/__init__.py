"""The page: shows in a browser what happens in the sandbox, and can change it.

It is made at the first visit. Until then, nothing is imported or kept for it.
"""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from dingtalk_models.sandbox import Sandbox

PREFIX: Final = "/_page"
"""The prefix of the page's paths, except that of its first section, which is `/`."""


class SandboxPage:
    """The ASGI application of a sandbox's page."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._apps[0](scope, receive, send)

    async def asks(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the form for the key of the sandbox."""
        await self._apps[1](scope, receive, send)

    @cached_property
    def _apps(self) -> tuple[ASGIApp, ASGIApp]:
        if not (find_spec("jinja2") and find_spec("markdown_it")):
            why = PlainTextResponse("The page needs its extra: pip install 'dingtalk-models[sandbox]'\n", 501)
            return why, why
        from dingtalk_models.sandbox.page.serving import asking, serving  # noqa: PLC0415 -- what it imports takes a while

        return serving(self._sandbox), asking(self._sandbox)
