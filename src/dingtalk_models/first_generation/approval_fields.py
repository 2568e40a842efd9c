"""The first generation's names for the fields of approvals, and their translation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dingtalk_models.call.operation import Old


class OldCreate(Old):
    """The older names of create. They took the steps in two forms; `approvers_v2` wins over `approvers`."""

    def translate(self, given: dict[str, Any]) -> dict[str, Any]:
        dropped = "approvers" if given.get("approvers_v2") else None
        return super().translate({name: value for name, value in given.items() if name != dropped})


def _listed(value: Any) -> list[str]:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _listing(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda joined: {name: _listed(joined)}


OLD_CREATE: dict[str, Any] = {
    "approvers": _listing("approvers"),
    "approvers_v2": "approvers",
    "cc_list": _listing("cc_list"),
}
OLD_LIST: dict[str, Any] = {"cursor": "next_token", "size": "max_results", "userid_list": _listing("userids")}
