"""`open_session`: makes a `Session` of what was passed as `session_manager`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Protocol, cast

from pydantic import SecretStr

from dingtalk_models.clocks import wall
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.secret import Secret, forget_locals
from dingtalk_models.sessions.base import Session, SessionManager, SessionSource, Store

_ACCEPTED = (
    "session_manager may be a URL (memory://, sqlite:///path/to/file.db, redis://…, rediss://…, unix://…, "
    "memcached://host:port, or that of a database, such as mysql+pymysql://… or postgresql+psycopg://…), "
    "a redis.Redis, a client of pymemcache or python-memcached, or an object with get, set and delete"
)
_MODULE_OF_SCHEME = {
    "memory": "memory",
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "redis": "redis",
    "rediss": "redis",
    "unix": "redis",
    "memcached": "memcached",
}
_MODULE_OF_LIBRARY = {"redis": "redis", "pymemcache": "memcached", "memcache": "memcached"}
_EXTRAS = {"pymemcache": "dingtalk-models[memcached]", "sqlalchemy": "dingtalk-models[sql]"}


class _StoreModule(Protocol):
    def from_url(self, url: str, name: str, /) -> Store: ...
    def from_client(self, client: object, /) -> Store: ...


def open_session(
    session_manager: SessionSource = None, *, fallback: bool = False, clock: Callable[[], float] = wall
) -> Session:
    """Open the store that `session_manager` is or names. The docstring of the package lists what it can be.

    Nothing is sent yet: if a server is down, the first use of the session fails.

    Args:
        session_manager: the store; None for the memory of this process.
        fallback: while the store fails, whether to log a warning and use this process's memory, instead of raising
            `SessionStoreError`.
        clock: the time in seconds since 1970.

    Raises:
        ConfigurationError: this is not accepted, or a package for it is not installed.
    """
    source = "memory://" if session_manager is None else session_manager
    source = session_manager = Secret.of(source) if isinstance(source, str | SecretStr) else source
    try:
        store = _store_at(source.get_secret_value()) if isinstance(source, Secret) else _store_of(source)
    except ConfigurationError as error:
        forget_locals(error)  # they have the URL with its password
        raise
    return Session(store, fallback=fallback, clock=clock)


def _refused(english: str, chinese: str) -> ConfigurationError:
    return ConfigurationError(f"{_ACCEPTED}; {english} / session_manager 只接受以上几种；{chinese}")


def _store_at(url: str) -> Store:
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise _refused("the text given is no URL", "传入的文本不是 URL")
    name = _name(scheme, rest)
    try:
        return _module(_MODULE_OF_SCHEME.get(scheme.lower(), "sql")).from_url(url, name)
    except ModuleNotFoundError as error:
        package = _EXTRAS.get(str(error.name), error.name)
        install = f"`pip install {package}`"
        raise _refused(f"for {name} {install}", f"使用 {name} 请先 {install}") from error
    except ConfigurationError:
        raise
    except ValueError:  # whose text may quote the password
        raise _refused(f"{name} is malformed or of an unknown kind", f"{name} 格式有误或类型未知") from None


def _store_of(manager: SessionManager) -> Store:
    kind = type(manager).__qualname__
    methods = [getattr(manager, method, None) for method in ("get", "set", "delete")]
    if isinstance(manager, type) or not all(map(callable, methods)):
        raise _refused(f"not a {kind}", f"不能是 {kind}")
    modules = [base.__module__ for base in type(manager).__mro__]
    if any(map(inspect.iscoroutinefunction, methods)) or any(".asyncio" in module for module in modules):
        raise _refused(
            f"{kind} is for asyncio, pass its blocking counterpart", f"{kind} 用于 asyncio，请传入对应的同步客户端"
        )
    libraries = (module.partition(".")[0] for module in modules)
    known = (_MODULE_OF_LIBRARY[library] for library in libraries if library in _MODULE_OF_LIBRARY)
    return _module(next(known, "custom")).from_client(manager)


def _module(name: str) -> _StoreModule:
    """Import the module of a kind of store only when it is used, since most need an additional package."""
    return cast("_StoreModule", importlib.import_module(f"dingtalk_models.sessions.{name}"))


def _name(scheme: str, rest: str) -> str:
    """The URL without user, password and query string, even if it is malformed."""
    place, _, options = rest.partition("?")
    return f"{scheme}://…" if "@" in options else f"{scheme}://{place.rpartition('@')[2]}"
