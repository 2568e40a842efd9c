"""Checks the format of the push token and the encryption key from the console."""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import SecretStr

from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.secret import Secret


def right_token(text: str) -> str:
    """Check the format of a token: the console takes 3 to 32 letters and digits, `register` 6 to 63 characters."""
    if not re.fullmatch(r"[!-~]{3,63}", text):
        raise ValueError(
            "should have 3 to 63 characters, without spaces: copy it from the console / "
            "须为 3 至 63 个字符，不含空格：请从开发者后台的事件订阅中复制"
        )
    return text


def right_key(text: str) -> str:
    """Check the format of an encryption key (EncodingAESKey)."""
    if not re.fullmatch(r"[A-Za-z0-9]{43}", text):
        raise ValueError(
            "should have 43 letters and digits: copy it from the console / "
            "须为 43 位字母或数字：请从开发者后台的事件订阅中复制"
        )
    return text


def checked_token(token: str | SecretStr) -> Secret:
    """Return the token if its format is right.

    Raises:
        ConfigurationError: its format is wrong.
    """
    return _checked("token", token, right_token)


def checked_key(aes_key: str | SecretStr) -> Secret:
    """Return the key if its format is right.

    Raises:
        ConfigurationError: its format is wrong.
    """
    return _checked("aes_key", aes_key, right_key)


def _checked(name: str, given: str | SecretStr, check: Callable[[str], str]) -> Secret:
    given = Secret.of(given)
    problem = ""
    try:
        check(given.get_secret_value())
    except ValueError as error:
        problem = str(error)
    if problem:  # not in the `except` block: the error that was caught has the text in its local variables
        raise ConfigurationError(f"{name} {problem}")
    return given
