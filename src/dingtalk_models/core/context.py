"""What the core needs from an app, and which app class-level calls use."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, Protocol, TypeVar, overload

from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.secret import Secret
from dingtalk_models.core.steps import Steps

T = TypeVar("T")


class Driver(Protocol):
    """Runs calls and flows on the calling thread."""

    def run(self, steps: Steps[T], instead: str = "", /) -> T:
        """Run a call or a flow to its end. `instead` is what to write on an event loop."""
        ...

    def check_loop(self, instead: str, /) -> None:
        """Refuse to block the event loop of this thread."""
        ...


class AsyncDriver(Protocol):
    """Runs calls and flows on the event loop."""

    async def run(self, steps: Steps[T], /) -> T:
        """Run a call or a flow to its end."""
        ...


class AppLike(Protocol):
    """An app as operations need it: its drivers and settings."""

    driver: Driver
    name: str
    agent_id: int | None
    appkey: str | None
    corp_id: str | None
    domain: str | None
    token: Secret | None
    aes_key: Secret | None
    callback_url: str | None

    @property
    def async_driver(self) -> AsyncDriver: ...


_process_default: list[AppLike] = []

chosen: ContextVar[Sequence[AppLike]] = ContextVar("dingtalk_apps", default=_process_default)
"""The apps entered by `with app:` in this thread or task, innermost last; or else the process default."""


def enter(app: AppLike) -> None:
    """Make an app the innermost one of this thread or task."""
    chosen.set((*entered(), app))


def leave() -> None:
    """Return to the previous app."""
    # the list itself: `use` may change the process default later
    chosen.set(entered()[:-1] or _process_default)


def entered() -> tuple[AppLike, ...]:
    """Return the entered apps of this thread or task, innermost last."""
    apps = chosen.get()
    return () if apps is _process_default else tuple(apps)


@contextmanager
def none_entered() -> Generator[None]:
    """Ignore the entered apps of this thread or task in a block: only the process default counts."""
    before = chosen.get()
    try:
        chosen.set(_process_default)  # inside of the block, since an interrupt may come as soon as it is set
        yield
    finally:
        chosen.set(before)


def use(app: AppLike | None) -> None:
    """Make an app the default of this process; `None` removes the default."""
    _process_default[:] = [] if app is None else [app]


@contextmanager
def as_default(app: AppLike) -> Generator[None]:
    """Make an app the default of this process for a block."""
    before = [*_process_default]
    try:
        use(app)
        yield
    finally:
        _process_default[:] = before


def current_app() -> AppLike:
    """Return the app of the innermost `with app:`, or else the process default.

    Raises:
        ConfigurationError: there is none.
    """
    if apps := chosen.get():
        return apps[-1]
    raise ConfigurationError(
        "no app is chosen: call app.use() once at start-up, or work inside `with app:`, "
        "or name it with Model.objects.using(app); a thread of your own does not know the `with app:` that it was "
        "started in: run its work with contextvars.copy_context().run / "
        "没有选定应用：请在启动时调用一次 app.use()，或写在 `with app:` 中，或用 Model.objects.using(app) 指定；"
        "自己创建的线程不知道外层的 `with app:`，请用 contextvars.copy_context().run 运行"
    )


@overload
def setting_of(app: AppLike | None, name: Literal["agent_id"], parameter: str) -> int: ...
@overload
def setting_of(app: AppLike | None, name: Literal["appkey"], parameter: str) -> str: ...
def setting_of(app: AppLike | None, name: Literal["agent_id", "appkey"], parameter: str) -> int | str:
    """Return a setting that a call needs, from the current app if none is given.

    Raises:
        ConfigurationError: the app has no such setting, so the call has to name the `parameter`.
    """
    chosen = app or current_app()
    value = chosen.agent_id if name == "agent_id" else chosen.appkey
    if value is None:
        raise ConfigurationError(
            f"app {chosen.name!r} has no {name}: give it one, or give the call a {parameter} / "
            f"应用没有 {name}：请在创建应用时传入，或在调用时传入 {parameter}"
        )
    return value
