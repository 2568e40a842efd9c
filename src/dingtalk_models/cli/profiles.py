"""Chooses the company for the command, from a profile or the environment."""

from __future__ import annotations

import os
import stat
import tomllib
import warnings
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from dingtalk_models.cli.failures import CommandFailure, ExitCode
from dingtalk_models.cli.output import note
from dingtalk_models.cli.state import state
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.language import said

if TYPE_CHECKING:
    from dingtalk_models import DingTalkApp

VARIABLE = "DINGTALK_PROFILE"
SERVICE = "dingtalk-models"
"""The name of this program in the keyring."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PREFIX = "DINGTALK_"
"""The same as in process/environment.py, which is slow to import."""

Profile = dict[str, Any]


class Keyring(Protocol):
    """The functions of the library `keyring` that are used."""

    def get_password(self, service_name: str, username: str) -> str | None: ...
    def set_password(self, service_name: str, username: str, password: str) -> None: ...
    def delete_password(self, service_name: str, username: str) -> None: ...


def path() -> Path:
    """Return the path of the file of profiles."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    return Path(home) / "dingtalk-models" / "config.toml"


def read() -> dict[str, Any]:
    """Read the file of profiles; empty if there is none.

    Raises:
        CommandFailure: it cannot be read, is malformed, or other users can read its secrets.
    """
    file = path()
    try:
        found = tomllib.loads(file.read_text("utf-8"))
        mode = file.stat().st_mode
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise _wrong(f"cannot be read ({why})", f"无法读取（{why}）") from None
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"is not TOML: {error}", f"不是合法的 TOML：{error}") from None
    profiles = found.get("profiles", {})
    if not is_object(profiles) or not all(is_object(each) for each in profiles.values()):
        raise _wrong("should have a table [profiles.NAME] for each company", "每个企业须有一个 [profiles.名称] 表")
    for name, profile in profiles.items():
        _check(name, profile)
    if os.name == "posix" and mode & _OTHERS and any(secrets() & profile.keys() for profile in profiles.values()):
        raise _wrong(
            f"has secrets and can be read by others: chmod 600 '{file}'", f"含有密钥而他人可读：chmod 600 '{file}'"
        )
    return found


def _check(name: str, profile: Mapping[str, Any]) -> None:
    from dingtalk_models.process.environment import ARGUMENTS  # noqa: PLC0415 - only with a file

    for key, value in profile.items():
        if key not in {*ARGUMENTS, "keyring"}:
            near = get_close_matches(key, ARGUMENTS, n=1)
            raise _wrong(
                f"[profiles.{name}] has an unknown setting {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
                f"[profiles.{name}] 中的 {key!r} 无效" + (f"，是否应为 {near[0]!r}？" if near else ""),
            )
        if key == "keyring" and not (is_array(value) and secrets().issuperset(map(str, value))):
            listed = ", ".join(sorted(secrets()))
            raise _wrong(
                f"[profiles.{name}]: keyring lists secrets: {listed}", f"[profiles.{name}] 的 keyring 须为密钥名列表"
            )
        if key != "keyring" and (isinstance(value, bool) or not isinstance(value, str | int | float)):
            raise _wrong(f"[profiles.{name}]: {key} should be a text", f"[profiles.{name}] 的 {key} 须为字符串")


def _wrong(english: str, chinese: str) -> CommandFailure:
    return CommandFailure(f"{path()} {english} / {path()} {chinese}", ExitCode.CONFIGURATION)


def secrets() -> frozenset[str]:
    """Return the names of the secret settings."""
    from dingtalk_models.process.environment import SECRETS  # noqa: PLC0415 - only with a file

    return SECRETS


def chosen() -> str | None:
    """Return the name of the profile to use, or `None` if the environment has the credentials.

    The order is: `--profile`, the variable, credentials in the environment, the default in the file.
    """
    named = state.profile or os.environ.get(VARIABLE)
    if named:
        return named
    if any(os.environ.get(name) for name in (f"{_PREFIX}APPKEY", f"{_PREFIX}CLIENT_ID", f"{_PREFIX}CORP_SECRET")):
        return None
    default = read().get("default")
    return default if isinstance(default, str) else None


def settings() -> dict[str, str]:
    """Return the settings of the app as environment variables.

    Raises:
        CommandFailure: there is no such profile, or no credentials at all.
    """
    name = chosen()
    if name is None:
        found = {key: text for key, text in os.environ.items() if key.startswith(_PREFIX) and key != VARIABLE}
        if not any(found.values()):
            raise CommandFailure(
                "no credentials: set DINGTALK_APPKEY and DINGTALK_APPSECRET, or run `dingtalk-models profile add NAME` "
                "/ 没有凭证：请设置 DINGTALK_APPKEY 和 DINGTALK_APPSECRET，或运行 `dingtalk-models profile add 名称`",
                ExitCode.CONFIGURATION,
            )
        return found
    profile = find(name)
    plain = {key: str(value) for key, value in profile.items() if key != "keyring"}
    return {f"{_PREFIX}{key.upper()}": text for key, text in (plain | from_keyring(name, profile)).items()}


def find(name: str) -> Profile:
    """Return a profile from the file.

    Raises:
        CommandFailure: there is none with this name.
    """
    known: dict[str, Profile] = read().get("profiles", {})
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    english, chinese = (f" Did you mean {near[0]!r}?", f"是否想用 {near[0]!r}？") if near else ("", "")
    raise CommandFailure(
        f"there is no profile {name!r} in {path()}.{english} `dingtalk-models profile list` shows them. / "
        f"{path()} 中没有配置 {name!r}。{chinese}全部配置见 `dingtalk-models profile list`。",
        ExitCode.CONFIGURATION,
    )


def complete(incomplete: str) -> list[str]:
    """Complete the name of a profile."""
    try:
        return [name for name in read().get("profiles", {}) if name.startswith(incomplete)]
    except CommandFailure:
        return []


def keyring() -> Keyring:
    """Import the library for the system's keyring.

    Raises:
        CommandFailure: it is not installed.
    """
    try:
        import keyring as library  # noqa: PLC0415 - optional
    except ModuleNotFoundError:
        raise CommandFailure(
            "the keyring needs its library: pip install keyring / 使用系统密钥环需要：pip install keyring",
            ExitCode.CONFIGURATION,
        ) from None
    return cast("Keyring", library)


def from_keyring(name: str, profile: Profile) -> dict[str, str]:
    """Return the secrets of a profile that are in the keyring.

    Raises:
        CommandFailure: one is missing, or there is no keyring.
    """
    wanted: list[str] = profile.get("keyring", [])
    return {key: _secret(keyring(), name, key) for key in wanted}


def _secret(library: Keyring, profile: str, key: str) -> str:
    from keyring.errors import KeyringError  # noqa: PLC0415 - optional

    try:
        found = library.get_password(SERVICE, f"{profile}:{key}")
    except KeyringError as error:
        raise unusable(error) from None
    if found is None:
        raise CommandFailure(
            f"the keyring has no {key} of profile {profile!r}: run `dingtalk-models profile add {profile} --keyring` / "
            f"密钥环中没有配置 {profile!r} 的 {key}：请重新运行 `dingtalk-models profile add {profile} --keyring`",
            ExitCode.CONFIGURATION,
        )
    return found


def unusable(error: Exception) -> CommandFailure:
    """Make the error for a keyring that does not work."""
    why = " ".join(str(error).split()) or type(error).__name__
    return CommandFailure(f"the keyring cannot be used: {why} / 无法使用系统密钥环：{why}", ExitCode.CONFIGURATION)


def open_app() -> DingTalkApp:
    """Open the app of the chosen company."""
    from dingtalk_models import DingTalkApp  # noqa: PLC0415 - slow to import

    environ = settings()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        app = DingTalkApp.from_env(environ)
    for warning in caught:
        note(said(str(warning.message)))
    return app
