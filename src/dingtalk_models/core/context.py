"""Which app a class-level call goes through."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from .errors import ConfigurationError
from .flow import Edge


class AppLike(Edge, Protocol):
    """An app, as the core sees it."""

    name: str
    agent_id: str | None
    appkey: str | None
    corp_id: str | None
    domain: str | None
    token: str | None
    aes_key: str | None
    callback_url: str | None


innermost: ContextVar[tuple[AppLike, ...]] = ContextVar("dingtalk_apps", default=())
"""The apps entered by `with app:`, in this thread or task."""

_process_default: list[AppLike] = []


def use(app: AppLike | None) -> None:
    """Make an app the default of this process, or have none."""
    _process_default[:] = [] if app is None else [app]


def current_app() -> AppLike:
    """The app of the innermost `with app:`, or else the process default.

    Raises:
        ConfigurationError: there is none.
    """
    for apps in (innermost.get(), _process_default):
        if apps:
            return apps[-1]
    raise ConfigurationError(
        "no app is chosen: call app.use() once at start-up, or work inside `with app:`, "
        "or name it with Model.objects.using(app)"
    )
