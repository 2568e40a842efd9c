"""Lazy imports for packages: each name is imported when it is first used."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # importing `typing` takes longer than the rest of the package's import
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def lazy(package: dict[str, Any], homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a package.

    Args:
        package: its `globals()`.
        homes: for each of its modules, the names that the package exports from it.
    """
    tables[package["__name__"]] = homes
    home = {name: module for module, names in homes.items() for name in names.split()}

    def find(name: str) -> Any:
        if name == "__all__":
            return list(home)
        if name not in home:
            raise AttributeError(f"module {package['__name__']!r} has no attribute {name!r}")
        value = package[name] = getattr(import_module(f"{package['__name__']}.{home[name]}"), name)
        return value

    return find, lambda: sorted({*package, *home})


tables: dict[str, Mapping[str, str]] = {}
"""The names of each such package. scripts/generate writes stubs from them, for editors."""
