"""The settings of an app in environment variables: `DINGTALK_APPKEY`, `DINGTALK_SESSION_MANAGER` and so on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from difflib import SequenceMatcher

from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.secret import Secret

PREFIX = "DINGTALK_"
ARGUMENTS = (
    "name", "session_manager", "corp_id", "corp_secret", "agent_id", "appkey", "appsecret", "aes_key", "token",
    "callback_url", "domain", "noncestr", "sso_secret", "oapi_url", "api_url", "login_url", "timeout",
)  # fmt: skip
_VARIABLES = {f"{PREFIX}{name.upper()}": name for name in ARGUMENTS}
_OTHER_NAMES = {f"{PREFIX}CLIENT_ID": "appkey", f"{PREFIX}CLIENT_SECRET": "appsecret"}
"""The names that the console uses today."""

SECRETS = frozenset({"session_manager", "corp_secret", "appsecret", "aes_key", "token", "sso_secret"})
"""Also secret: the session manager's URL may contain a password."""

_ALIKE = 0.85


def read_environment(environ: Mapping[str, str]) -> dict[str, str | Secret]:
    """Read the app's arguments from environment variables, and ignore all others.

    Warn about a name that differs from one of ours by a letter or an underscore.

    Raises:
        ConfigurationError: there is none, or two that mean the same differ.
    """
    known = _VARIABLES | _OTHER_NAMES
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX) and text}
    found: dict[str, str] = {}
    for variable, name in known.items():
        if found.setdefault(name, text := given.get(variable, found.get(name, ""))) not in {"", text}:
            raise ConfigurationError(
                f"{variable} and {PREFIX}{name.upper()} differ, and mean the same: set only one / "
                "含义相同而值不同，请只设一个"
            )
        found[name] = text
    found = {name: text for name, text in found.items() if text}
    for variable in given.keys() - known.keys():
        near = max(known, key=lambda right: _alikeness(variable, right))
        if _alikeness(variable, near) >= _ALIKE and known[near] not in found:
            warnings.warn(f"{variable} is not read: did you mean {near}? / 未读取：是否应为 {near}？", stacklevel=3)
    if not found:
        raise ConfigurationError(
            "no DINGTALK_… variable is set; DINGTALK_APPKEY and DINGTALK_APPSECRET are needed / "
            "没有 DINGTALK_… 环境变量，至少要有 DINGTALK_APPKEY 和 DINGTALK_APPSECRET"
        )
    return {name: Secret(text) if name in SECRETS else text for name, text in found.items()}


def _alikeness(one: str, other: str) -> float:
    """Return how similar two names are, from 0 to 1, without prefix and underscores."""
    first, second = (name.removeprefix(PREFIX).replace("_", "") for name in (one, other))
    return SequenceMatcher(None, first, second).ratio()
