"""`app.run(name, …)`: runs methods by the platform's names, or by names from `@method`."""

from __future__ import annotations

import inspect
from functools import partial
from importlib import import_module
from typing import Any

from dingtalk_models.by_name.nearest import nearest
from dingtalk_models.call.operation import Bound, Old
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.documentation.endpoints import documented, undocumented
from dingtalk_models.core.errors import ConfigurationError, RetiredMethod, UndocumentedMethod, UnknownMethod
from dingtalk_models.first_generation.retired import retired
from dingtalk_models.modules import MODULES
from dingtalk_models.platform.module import product_of
from dingtalk_models.platform.products import PRODUCTS, REPLACED
from dingtalk_models.resource import registry


def operations() -> list[registry.OperationInfo]:
    """Every operation that is one documented API. Tests, docs and tools use this list.

    The modules of all products are imported for it, which takes a second or two.
    """
    _load()
    for product in PRODUCTS:
        import_module(f"dingtalk_models.platform.{product}")
    return [_described(info) for info in registry.operations()]


def _described(info: registry.OperationInfo) -> registry.OperationInfo:
    # what is written by hand is documented, if only by a page in the archive
    known = documented(info.http, info.path)._asdict()
    generated = info.manager.__module__.startswith("dingtalk_models.platform.")
    return info._replace(**known if generated else known | {"evidence": "documentation"})


class Runner:
    """Runs the methods of an app by name.

    Type checkers see `run_types.Run`, with the types of what is written by hand. The others are at `app.platform`.
    """

    def __init__(self, app: AppLike) -> None:
        self._app = app

    def __call__(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Run a method by name.

        Args:
            name: the platform's current name of an API, an older one, or one from `@method`.
            args: the method's arguments.
            kwargs: the method's arguments, by their Python names, their wire names, or the names that belong to an
                older name of the API.

        Returns:
            What the method returns.

        Raises:
            UnknownMethod: there is no such name; `nearest` has those that are similar, or near in meaning.
            RetiredMethod: the platform has retired the API; `instead` is its replacement.
            UndocumentedMethod: the platform has such a method, and does not document it; `endpoint` says where.
            InvalidArgument: the arguments are wrong.
        """
        try:
            target, old = self._find(name)
            return target(*args, **_todays(target, old, kwargs))
        finally:
            del args, kwargs  # a secret is plain in them, and a traceback could show it

    async def aio(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Run a method by name on the event loop. Methods that are not operations may block, so they use a thread."""
        try:
            target, old = self._find(name)
            use = target.aio if _is_operation(target) else target
            if not inspect.iscoroutinefunction(use):
                import asyncio  # noqa: PLC0415 - slow to import, and blocking programs do not need it

                use = partial(asyncio.to_thread, target)
            running = use(*args, **_todays(target, old, kwargs))
        finally:
            del args, kwargs  # as in `__call__`
        return await running

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """The unsent call of an operation, by name."""
        try:
            target, old = self._find(name)
            if not _is_operation(target):
                raise ConfigurationError(f"{name!r} is a plain method: it has no unsent call / 普通方法不能只生成请求")
            return target.call(*args, **_todays(target, old, kwargs))
        finally:
            del args, kwargs  # as in `__call__`

    @property
    def names(self) -> list[str]:
        """Every known name."""
        _load()
        return sorted({*registry.by_name, *registry.built_in()})

    def _find(self, name: str) -> tuple[Any, Old]:
        if name not in registry.by_name:
            _load()
        if name not in registry.by_name and (product := product_of(name)):
            import_module(f"dingtalk_models.platform.{product}")
        named = registry.by_name.get(name)
        if named is None:
            if name in REPLACED:
                raise RetiredMethod(name, REPLACED[name])
            if (gone := retired(name)) is not None:
                raise gone
            if (said := undocumented().get(name)) is not None:
                raise UndocumentedMethod(name, said.known_from, said.endpoint)
            raise UnknownMethod(name, nearest(name, self.names))
        target: Any = getattr(named.owner(self._app), named.attribute)
        return target, named.old


def _todays(target: Any, old: Old, given: dict[str, Any]) -> dict[str, Any]:
    """Today's arguments. By its name, an API takes the platform's names for ids of users too, without a warning."""
    today = old.translate(given)
    return target.definition.arguments.by_todays_names(today) if _is_operation(target) else today


def _is_operation(target: object) -> bool:
    return isinstance(target, Bound)


def _load() -> None:
    for module in MODULES:
        import_module(f"dingtalk_models.{module}.module")
