"""Every operation and every name. Classes register themselves; `run()`, docs and tests read the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args

from dingtalk_models.call.operation import METHOD_NAMES, Old, OwnName, is_operation, operation
from dingtalk_models.core.documentation.endpoints import Evidence
from dingtalk_models.core.errors import ConfigurationError


class OperationInfo(NamedTuple):
    """One operation.

    Attributes:
        name: the platform's current name of the API.
        names: every name under which `run()` finds it, the current one first.
        manager: the class that has it.
        method: the name of the method.
        http: the HTTP verb.
        host: `oapi` or `api`.
        path: the path on that host.
        title: the Chinese title of the API.
        source: the slug of its documentation page.
        scopes: the permissions of which an app needs one, as the platform names them.
        app_types: which kinds of apps may call it: `internal`, `third_party_org`, `third_party_personal`.
        codes: the documented error codes, with their texts.
        evidence: how it is known: from a page of the documentation, or from the official SDK only (`sdk`), which has no
            source, scopes, kinds of apps, codes and limits.
    """

    name: str
    names: tuple[str, ...]
    manager: type
    method: str
    http: str
    host: str
    path: str
    title: str
    source: str
    scopes: tuple[str, ...] = ()
    app_types: tuple[str, ...] = ()
    codes: Mapping[str, str] = {}
    evidence: Evidence = "documentation"


class NamedOperation(NamedTuple):
    """The method that a name refers to, and how that name's parameters translate."""

    owner: type
    attribute: str
    old: Old


by_name: dict[str, NamedOperation] = {}
"""Every name that `run()` knows."""

_owners: list[type] = []


def register(owner: type) -> None:
    """Register the names of a class's methods.

    Raises:
        ConfigurationError: a user's class has a name of this package without `replace=True`.
    """
    ours = owner.__module__.startswith("dingtalk_models.")
    names = [(attribute, *name) for attribute, value in vars(owner).items() for name in _names(owner, attribute, value)]
    if not ours:
        for attribute, old, replace in names:
            if not replace and old.name in built_in():
                raise ConfigurationError(
                    f"{owner.__module__}.{owner.__qualname__}.{attribute}: {old.name!r} is a name of this package; "
                    "to take its place, write replace=True / 与内置接口同名；如要取代它，请写 replace=True"
                )
    _owners.append(owner)
    # a class of this package may be imported after the user's class: it must not replace that name then
    take = by_name.setdefault if ours else by_name.__setitem__
    for attribute, old, _ in names:
        take(old.name, NamedOperation(owner, attribute, old))


def _names(owner: type, attribute: str, value: object) -> Iterator[tuple[Old, bool]]:
    """Return the names of a class attribute, and whether each replaces one of this package."""
    if is_operation(value) and _is_its_name(owner, attribute, value):
        yield from ((old, value.replace) for old in value.names)
    given: tuple[OwnName, ...] = getattr(value, METHOD_NAMES, ())
    yield from ((Old(own.name), own.replace) for own in given)


def _is_its_name(owner: type, attribute: str, value: operation[Any, ...]) -> bool:
    """Whether an operation is defined under this name: it may have a second one, `list_ = list_reports`."""
    return value.home is owner and value.__name__ == attribute


@cache
def built_in() -> frozenset[str]:
    """The names that this package has or knows, by which `run` finds methods."""
    from dingtalk_models.resource.method_names import MethodName  # noqa: PLC0415 - rarely needed

    return frozenset(get_args(MethodName))


def described(owner: type, attribute: str, value: operation[Any, ...]) -> OperationInfo | None:
    """The description of an operation that is one documented API."""
    if value.endpoint is None:
        return None
    names = tuple(old.name for old in value.names)
    endpoint = value.endpoint
    return OperationInfo(
        names[0],
        names,
        owner,
        attribute,
        endpoint.verb,
        endpoint.host,
        endpoint.path,
        value.title,
        value.source,
    )


def operations() -> list[OperationInfo]:
    """Every operation that is one documented API, in the order of their names."""
    found = [
        described(owner, attribute, value)
        for owner in _owners
        for attribute, value in vars(owner).items()
        if is_operation(value) and _is_its_name(owner, attribute, value)
    ]
    return sorted((info for info in found if info is not None), key=lambda info: info.name)
