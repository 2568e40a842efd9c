"""Which company the command speaks to: profiles, the keyring, the environment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from cli_running import Cli

from dingtalk_models.cli.failures import ExitCode
from dingtalk_models.process.environment import PREFIX
from dingtalk_models.sandbox import Sandbox

keyring: Any = pytest.importorskip("keyring")
SECRET = "a-secret-of-nobody"


@pytest.fixture
def file(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of profiles, in an environment without credentials."""
    for name in ("APPKEY", "APPSECRET", "CORP_ID", "AGENT_ID", "OAPI_URL", "API_URL"):
        monkeypatch.delenv(f"{PREFIX}{name}")
    return tmp_path / "dingtalk-models" / "config.toml"


def add(cli: Cli, sandbox: Sandbox, name: str, *more: str, secret: str | None = None) -> None:
    urls = ("--oapi-url", sandbox.url, "--api-url", sandbox.url)
    given = ("profile", "add", name, "--appkey", sandbox.appkey, *urls, *more)
    ran = cli(*given, stdin=f"{secret or sandbox.appsecret}\n")
    assert ran.code == 0, ran.err
    assert sandbox.appsecret not in ran.out + ran.err


def write(file: Path, text: str, mode: int = 0o600) -> None:
    file.parent.mkdir()
    file.write_text(text, "utf-8")
    file.chmod(mode)


class Memory(keyring.backend.KeyringBackend):  # type: ignore[misc]
    """A keyring that lasts for a test."""

    priority = 1

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.held.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("not there")


@pytest.fixture
def ring() -> Any:
    """A keyring of this test alone."""
    before, made = keyring.get_keyring(), Memory()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_two_companies(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(org="empty") as other:
        add(cli, cli.sandbox, "acme")
        add(cli, other, "empty", "--corp-id", "dingempty")
        assert file.stat().st_mode & 0o777 == 0o600
        for words in (["api", "User.count"], ["api", "User.count", "--profile", "acme"], ["-p", "acme", "tree"]):
            assert cli(*words).code == 0
        assert cli("api", "User.count").json == 27
        assert cli("api", "User.count", "--profile=empty").json == 0
        monkeypatch.setenv("DINGTALK_PROFILE", "empty")
        assert cli("api", "User.count").json == 0
        assert cli("api", "User.count", "-p", "acme").json == 27
        rows = cli("profile", "list", "--json").json
        assert [(each["name"], each["in use"]) for each in rows] == [("acme", ""), ("empty", "*")]
        assert cli.sandbox.appsecret not in cli("profile", "list").out


def test_a_profile_is_changed_and_removed(cli: Cli, file: Path) -> None:
    add(cli, cli.sandbox, "acme", "--corp-id", "ding1")
    file.write_text(f"# ours\n{file.read_text('utf-8')}", "utf-8")
    file.chmod(0o600)
    add(cli, cli.sandbox, "acme", secret=SECRET)
    text = file.read_text("utf-8")
    assert text.startswith("# ours\n")
    assert 'corp_id = "ding1"' in text
    assert SECRET in text
    assert cli("profile", "remove", "acme").code == 0
    assert SECRET not in file.read_text("utf-8")
    ran = cli("profile", "remove", "acme")
    assert ran.code == ExitCode.CONFIGURATION


def test_a_link_to_the_file_stays_a_link(cli: Cli, file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    file.symlink_to(tmp_path / "dotfiles.toml")
    add(cli, cli.sandbox, "acme")
    assert file.is_symlink()
    assert "[profiles.acme]" in (tmp_path / "dotfiles.toml").read_text("utf-8")


def test_stray_bytes_are_not_kept(cli: Cli, file: Path) -> None:
    assert cli("profile", "add", "acme", "--appkey", "k\udc80", stdin="s\n").code == ExitCode.USAGE
    assert not file.exists()


def test_token_and_key_for_events(cli: Cli, file: Path) -> None:
    key = "a" * 43
    ran = cli("profile", "add", "acme", "--appkey", "k", "--events", stdin=f"{SECRET}\ntoken-1\n{key}\n")
    assert ran.code == 0
    assert f'aes_key = "{key}"' in file.read_text("utf-8")


def test_standard_input_without_a_secret(cli: Cli, file: Path) -> None:
    ran = cli("profile", "add", "acme", "--appkey", "k")
    assert ran.code == ExitCode.CONFIGURATION
    assert not file.exists()


def test_secrets_in_the_keyring(cli: Cli, file: Path, ring: Any) -> None:
    add(cli, cli.sandbox, "acme", "--keyring")
    assert cli.sandbox.appsecret not in file.read_text("utf-8")
    assert ring.held == {("dingtalk-models", "acme:appsecret"): cli.sandbox.appsecret}
    file.chmod(0o644)  # it has no secret
    assert cli("api", "User.count").json == 27
    ring.held.clear()
    ran = cli("api", "User.count")
    assert ran.code == ExitCode.CONFIGURATION
    assert "the keyring has no appsecret" in ran.err
    assert cli("profile", "remove", "acme").code == 0


def test_a_secret_that_leaves_the_keyring_is_there_no_more(cli: Cli, file: Path, ring: Any) -> None:
    add(cli, cli.sandbox, "acme", "--keyring")
    add(cli, cli.sandbox, "acme")
    assert ring.held == {}
    assert cli("api", "User.count").json == 27


def test_no_keyring_on_this_machine(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch, ring: Any) -> None:
    add(cli, cli.sandbox, "acme", "--keyring")
    keyring.set_keyring(keyring.backends.fail.Keyring())
    ran = cli("api", "User.count")
    assert (ran.code, ran.err.count("\n")) == (ExitCode.CONFIGURATION, 1)
    monkeypatch.setitem(sys.modules, "keyring", None)
    ran = cli("api", "User.count")
    assert ran.code == ExitCode.CONFIGURATION
    assert "pip install keyring" in ran.err


WRONG = {
    "not TOML": "profiles = [",
    "unknown setting 'appsecrt'; did you mean 'appsecret'": '[profiles.acme]\nappsecrt = "x"',
    "should have a table": "profiles = 1",
    "should be a text": "[profiles.acme]\nappkey = true",
    "keyring lists secrets": '[profiles.acme]\nkeyring = ["appkey"]',
}


@pytest.mark.parametrize("told", WRONG)
def test_a_file_that_is_wrong(cli: Cli, file: Path, told: str) -> None:
    write(file, WRONG[told])
    ran = cli("api", "User.count", "-p", "acme")
    assert (ran.code, ran.err.count("\n")) == (ExitCode.CONFIGURATION, 1)
    assert told in ran.err
    assert str(file) in ran.err


def test_a_file_that_others_can_read(cli: Cli, file: Path) -> None:
    write(file, f'[profiles.acme]\nappkey = "k"\nappsecret = "{SECRET}"', 0o640)
    ran = cli("api", "User.count", "-p", "acme")
    assert ran.code == ExitCode.CONFIGURATION
    assert f"chmod 600 '{file}'" in ran.err
    assert SECRET not in ran.err


def test_a_file_that_cannot_be_read(cli: Cli, file: Path) -> None:
    file.mkdir(parents=True)
    ran = cli("api", "User.count", "-p", "acme")
    assert ran.code == ExitCode.CONFIGURATION
    assert "cannot be read (Is a directory)" in ran.err


def test_a_profile_that_is_not_there(cli: Cli, file: Path) -> None:
    add(cli, cli.sandbox, "acme")
    ran = cli("api", "User.count", "-p", "acne")
    assert ran.code == ExitCode.CONFIGURATION
    assert "Did you mean 'acme'?" in ran.err


def test_no_credentials_at_all(cli: Cli, file: Path) -> None:
    ran = cli("doctor")
    assert ran.code == ExitCode.CONFIGURATION
    assert "profile add NAME" in ran.out
    assert cli("profile", "list").code == 0


def test_a_variable_whose_name_is_nearly_right(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DINGTALK_CALLBACKURL", "http://x")
    ran = cli("api", "User.count")
    assert ran.err == "DINGTALK_CALLBACKURL is not read: did you mean DINGTALK_CALLBACK_URL?\n"
