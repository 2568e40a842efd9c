"""Serves the page: HTML made from views, and a signal whenever a view changes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dingtalk_models.clocks import monotonic
from dingtalk_models.sandbox.handle import PREFIX as HANDLE
from dingtalk_models.sandbox.page import PREFIX, calls, company, events, faults, phone
from dingtalk_models.sandbox.page.looks import Look, Missing
from dingtalk_models.sandbox.page.texts import LANGUAGES, Language, text

if TYPE_CHECKING:
    from dingtalk_models.sandbox import Sandbox

EVERY: Final = 0.15
"""Seconds between two checks for changes while somebody watches."""

SHARE: Final = 0.1
"""The largest share of time for these checks. In a large company, they are made less often."""

BEAT: Final = 15.0
"""Seconds after which a line is sent although nothing has changed, to keep the connection open."""

THEMES: Final = ("system", "light", "dark")

_YEAR: Final = 365 * 24 * 3600
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
_STATIC: Final = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Section:
    """A section of the page: its address, and the function that makes its view."""

    name: str
    address: str
    view: Callable[[Look], object]

    def seen_by(self, look: Look) -> object:
        """Make the view while nobody can change the company."""
        with look.sandbox.company.changing:
            return self.view(look)


SECTIONS: Final = (
    Section("calls", "/", calls.view),
    Section("phone", f"{PREFIX}/phone", phone.view),
    Section("company", f"{PREFIX}/company", company.view),
    Section("events", f"{PREFIX}/events", events.view),
    Section("faults", f"{PREFIX}/faults", faults.view),
)


def serving(sandbox: Sandbox) -> ASGIApp:
    """Make the page of a sandbox."""
    pages = _Pages(sandbox)
    routes = [Route(each.address, partial(pages.section, each), methods=["GET"]) for each in SECTIONS]
    routes += [Route(f"{PREFIX}/live/{each.name}", _Live(each, pages), methods=["GET"]) for each in SECTIONS]
    routes += [
        Route(f"{PREFIX}/settings", pages.settings, methods=["POST"]),
        Route(f"{PREFIX}/static/{{name}}", _static, methods=["GET"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: pages.missing, Missing: pages.missing})


def asking(sandbox: Sandbox) -> ASGIApp:
    """Make the form for the key, for visitors without it."""
    pages = _Pages(sandbox)
    routes = [
        Route(f"{PREFIX}/settings", pages.settings, methods=["POST"]),
        Route(f"{PREFIX}/static/{{name}}", _static, methods=["GET"]),
        Route("/{path:path}", pages.login, methods=["GET"]),
    ]
    return Starlette(routes=routes)


class _Pages:
    """Makes HTML from views."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._templates = Environment(
            loader=PackageLoader("dingtalk_models.sandbox.page"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        reader = MarkdownIt("js-default", {"breaks": True}).disable("image")
        self._templates.filters["urlencode"] = partial(quote, safe="", errors="replace")
        self._templates.filters["markdown"] = partial(_marked, reader)

    def look(self, request: Request) -> Look:
        """Read the visitor's choices from a request."""
        return Look(self._sandbox, dict(request.query_params), _language(request))

    async def section(self, section: Section, request: Request) -> Response:
        """Show a whole section."""
        look = self.look(request)
        view = section.seen_by(look)
        return self._page(request, section.name, view=view, seen=version(view), asked=look.asked)

    async def settings(self, request: Request) -> Response:
        """Store the visitor's language or theme, and return to the previous address."""
        form = await request.form()
        back = str(form.get("back", "/"))
        response = RedirectResponse(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/", 303)
        for name, known in (("language", LANGUAGES), ("theme", THEMES)):
            if (chosen := form.get(name)) in known:
                response.set_cookie(f"sandbox-{name}", str(chosen), max_age=_YEAR, httponly=True, samesite="strict")
        return response

    async def missing(self, request: Request, error: Exception) -> Response:
        """Show that there is nothing at this address."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        response = self._page(request, "missing", status=status)
        response.headers.update(getattr(error, "headers", None) or {})
        return response

    async def login(self, request: Request) -> Response:
        """Show the form for the key."""
        return self._page(request, "login", status=401, wrong="key" in request.query_params)

    def _page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        language, theme = _language(request), request.cookies.get("sandbox-theme", "")
        here = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        html = self._templates.get_template(f"{name}.html").render(
            t=partial(_text, language),
            language=language,
            languages=LANGUAGES,
            theme=theme if theme in THEMES else "system",
            themes=THEMES,
            sections=SECTIONS,
            section=name,
            here=here,
            handle=HANDLE,
            prefix=PREFIX,
            company=self._sandbox.company.departments[1].name,
            url=str(request.base_url).rstrip("/"),
            **values,
        )
        return Response(
            html.encode("utf-8", "replace"), status, {**_HEADERS, "vary": "cookie, accept-language"}, "text/html"
        )


class _Live:
    """Sends a server-sent event whenever a view has changed, until the client or the sandbox stops."""

    def __init__(self, section: Section, pages: _Pages) -> None:
        self._section = section
        self._pages = pages
        self._made: dict[tuple[object, ...], _Made] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch one view."""
        request = Request(scope)
        look = self._pages.look(request)
        seen = look.asked.get("seen", "")
        gone = asyncio.ensure_future(_gone(receive))
        stopping = asyncio.ensure_future(request.state.stopping.wait())
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _line(send, "retry: 1000\n\n")
        quiet = monotonic()
        try:
            while not (gone.done() or stopping.done()):
                made = self._version(look)
                if made.version != seen:
                    seen, quiet = made.version, monotonic()
                    await _line(send, f"data: {seen}\n\n")
                elif monotonic() - quiet > BEAT:
                    quiet = monotonic()
                    await _line(send, ": still here\n\n")
                await asyncio.wait({gone, stopping}, timeout=made.lasts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            stopping.cancel()
            self._made.clear()
        if not gone.done() or gone.cancelled():
            with contextlib.suppress(OSError):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _version(self, look: Look) -> _Made:
        """Return the version of a view, computed once for all visitors of the same view."""
        key = (look.language, *sorted((name, value) for name, value in look.asked.items() if name != "seen"))
        made, begun = self._made.get(key), monotonic()
        if made is None or begun - made.at >= made.lasts * 0.9:
            try:
                now = version(self._section.seen_by(look))
            except Missing:
                now = "missing"
            at = monotonic()
            made = self._made[key] = _Made(now, at, max(EVERY, (at - begun) / SHARE))
        return made


@dataclass(frozen=True)
class _Made:
    """The version of a view, the time when it was computed, and the seconds until the next check."""

    version: str
    at: float
    lasts: float


def version(view: object) -> str:
    """Return a digest that changes with the view."""
    return hashlib.blake2b(repr(view).encode("utf-8", "replace"), digest_size=8).hexdigest()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _line(send: Send, line: str) -> None:
    await send({"type": "http.response.body", "body": line.encode(), "more_body": True})


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        raise HTTPException(404)
    content = files("dingtalk_models.sandbox.page").joinpath("static", name).read_bytes()
    return Response(content, headers={**_HEADERS, "cache-control": "no-cache", "content-type": _STATIC[name]})


def _marked(markdown: MarkdownIt, text: str) -> Markup:
    """Convert Markdown to HTML. Tags become text, links open new pages, and pictures are left out."""
    html = markdown.render(text).replace("<a ", '<a target="_blank" rel="noreferrer noopener" ')
    return Markup(html)


def _text(language: Language, key: str, /, **values: str) -> str:
    return text(key, language, **values)


def _language(request: Request) -> Language:
    """Return the chosen language, or the one that the browser prefers."""
    chosen = request.cookies.get("sandbox-language")
    for language in LANGUAGES:
        if chosen == language:
            return language
    return _preferred(request.headers)


def _preferred(headers: Mapping[str, str]) -> Language:
    """Return the language with the highest weight in the browser's list; English if it accepts neither."""
    weights: dict[Language, float] = {}
    for part in headers.get("accept-language", "").split(","):
        name, _, weight = part.strip().lower().partition(";q=")
        for language in LANGUAGES:
            if name.split("-")[0] == language:
                with contextlib.suppress(ValueError):
                    weights[language] = max(weights.get(language, 0.0), float(weight or 1))
    return max(LANGUAGES, key=lambda each: weights.get(each, 0.0))
