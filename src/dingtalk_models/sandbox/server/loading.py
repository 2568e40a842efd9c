"""Loads the endpoints: importing a file adds its endpoints to the table."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module


def load_endpoints(packages: Iterable[str]) -> None:
    """Import every file of these packages and their folders."""
    for name in packages:
        package = import_module(name)
        for file in pkgutil.walk_packages(package.__path__, f"{name}."):
            import_module(file.name)
