"""Where each documented endpoint is in `app.platform`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from dingtalk_models.by_name.run import operations
from dingtalk_models.call.operation import is_operation, operation
from dingtalk_models.platform.products import PRODUCTS
from dingtalk_models.resource.registry import OperationInfo


class Place(NamedTuple):
    """A method of `app.platform`.

    Attributes:
        product: the product that has it: `calendar_1_0`.
        method: its name there: `create_event`.
        info: the operation that it is.
    """

    product: str
    method: str
    info: OperationInfo

    @property
    def call(self) -> str:
        """How it is written, after `app.platform.`."""
        return f"{self.product}.{self.method}"

    @property
    def by_hand(self) -> bool:
        """Whether the operation is written by hand, and this is another name of it."""
        return not self.info.manager.__module__.startswith("dingtalk_models.platform.")

    def definition(self) -> operation[Any, ...]:
        """The operation itself."""
        found: operation[Any, ...] = vars(self.info.manager)[self.info.method]
        return found

    @property
    def page(self) -> str:
        """Its place in the reference, as a page in docs/ links to it."""
        return f"reference/{self.product}.md#{self.method}"


@cache
def places() -> dict[tuple[str, str], Place]:
    """Every method of `app.platform`, by verb and path."""
    known = {(info.http, info.path): info for info in operations()}
    found: dict[tuple[str, str], Place] = {}
    for product, manager in PRODUCTS.items():
        kind: type = getattr(import_module(f"dingtalk_models.platform.{product}"), manager)
        for method in vars(kind):
            made = getattr(kind, method)
            if is_operation(made) and made.endpoint is not None:
                at = made.endpoint.verb, made.endpoint.path
                # a method may have a second name, which stands after the first
                found.setdefault(at, Place(product, method, known[at]))
    return found


def place(endpoint: str) -> Place:
    """The method for `POST /v1.0/…`."""
    verb, _, path = endpoint.partition(" ")
    return places()[verb, path]
