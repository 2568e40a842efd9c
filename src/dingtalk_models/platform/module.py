"""`app.platform`: every API, product by product: `app.platform.calendar_1_0.create_event(…)`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dingtalk_models.platform.products import OLDER_NAMES, PRODUCTS, Products


def product_of(name: str) -> str | None:
    """The product of an API, by one of the platform's names for it; `None` if there is none.

    `calendar_1_0` of `calendar_1_0.CreateEvent`; `user` of `dingtalk.oapi.v2.user.get`.
    """
    product, *rest = name.removeprefix("dingtalk.oapi.").removeprefix("v2.").split(".")
    found = OLDER_NAMES.get(name, product)
    return found if rest and found in PRODUCTS else None


class Platform(Products):
    """The platform's products, each imported when it is first used."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The operations of a product."""
            if name not in PRODUCTS:
                raise AttributeError(f"the platform has no product {name!r}", name=name, obj=self)
            manager = getattr(import_module(f"dingtalk_models.platform.{name}"), PRODUCTS[name])(self.app)
            setattr(self, name, manager)
            return manager

    def __dir__(self) -> list[str]:
        """The names of the products too."""
        return sorted({*super().__dir__(), *PRODUCTS})
