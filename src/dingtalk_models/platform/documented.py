"""What the documentation says of an endpoint beside its parameters: scopes, kinds of apps, error codes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple


class Documented(NamedTuple):
    """What is documented of one endpoint; see `OperationInfo`."""

    scopes: tuple[str, ...] = ()
    app_types: tuple[str, ...] = ()
    codes: Mapping[str, str] = {}


@cache
def _known() -> dict[str, Any]:
    from importlib.resources import files  # noqa: PLC0415 - slow to import, and not needed by a call that succeeds

    text = files("dingtalk_models.platform").joinpath("documented.json").read_text("utf-8")
    known: dict[str, Any] = json.loads(text)
    return known


def documented(verb: str, path: str) -> Documented:
    """What is documented of an endpoint; nothing, if it is none of the platform's."""
    found = _known().get(f"{verb} {path}")
    return Documented(tuple(found["scopes"]), tuple(found["app_types"]), found["codes"]) if found else Documented()
