"""Shared parts of the views: the visitor's choices, times, and hiding of secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dingtalk_models.sandbox.calls import masked
from dingtalk_models.sandbox.page.texts import Language
from dingtalk_models.sandbox.server.clock import in_beijing
from dingtalk_models.sandbox.server.json_values import is_array, is_object

if TYPE_CHECKING:
    from dingtalk_models.sandbox import Sandbox

HIDDEN: Final = "***"
TOO_DEEP: Final = "[[[…]]]"
"""Shown instead of JSON that is nested too deeply to search it for secrets."""

_IN_TEXT: Final = re.compile(
    r"(?i)((?:access_?token|app_?secret|client_?secret|refresh_?token|session|sign|signature)=)[^&\s\"']+"
)


class Missing(LookupError):
    """The requested item does not exist."""


@dataclass(frozen=True)
class Look:
    """One visitor's view of a section.

    Attributes:
        sandbox: the sandbox.
        asked: the parameters in the address.
        language: the visitor's language.
    """

    sandbox: Sandbox
    asked: Mapping[str, str]
    language: Language

    def name(self, userid: str | None) -> str:
        """Return the name of a person, or the id if they are not in the company."""
        user = self.sandbox.company.users.get(userid or "")
        return user.name if user else userid or ""

    def hide(self, value: Any) -> Any:
        """Hide fields with names of secrets, and this company's secrets wherever they appear."""
        try:
            return _without(masked(value), self._secrets())
        except RecursionError:
            return TOO_DEEP

    def _secrets(self) -> list[str]:
        held = self.sandbox.company.credentials
        return [each for each in (held.appsecret, held.corp_secret, held.sso_secret) if each]


def _without(value: Any, secrets: list[str]) -> Any:
    if is_object(value):
        return {name: _without(part, secrets) for name, part in value.items()}
    if is_array(value):
        return [_without(part, secrets) for part in value]
    if not isinstance(value, str):
        return value
    for secret in secrets:
        value = value.replace(secret, HIDDEN)
    return _IN_TEXT.sub(rf"\1{HIDDEN}", value)


def clock_time(at: float) -> str:
    """Return the time of day in Beijing."""
    return f"{in_beijing(at):%H:%M:%S}"


def date_time(at: float) -> str:
    """Return the date and time in Beijing."""
    return f"{in_beijing(at):%Y-%m-%d %H:%M:%S}"


def pretty(value: Any) -> str:
    """Format a value as readable JSON, and leave a text unchanged."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=repr)
