"""`dingtalk-models profile`: add, list and remove companies."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from dingtalk_models.cli import profiles
from dingtalk_models.cli.failures import CommandFailure, ExitCode
from dingtalk_models.cli.groups import AsJson, Name, group
from dingtalk_models.cli.output import line, note, show_json, show_table
from dingtalk_models.core.language import said
from dingtalk_models.process.atomic_file import write_whole

app = group("profile", "Companies that the command knows. / 管理多个企业的配置。")


@app.command(help=said("Add or change a company; asks for its secrets. / 新增或修改企业配置，密钥以交互方式输入。"))
def add(
    name: Name,
    appkey: Annotated[str, typer.Option(help=said("AppKey (Client ID). / AppKey（Client ID）。"))] = "",
    corp_id: Annotated[str, typer.Option(help="CorpId.")] = "",
    agent_id: Annotated[str, typer.Option(help="AgentId.")] = "",
    oapi_url: Annotated[str, typer.Option(help=said("Host of the older APIs. / 旧版接口地址。"))] = "",
    api_url: Annotated[str, typer.Option(help=said("Host of the newer APIs. / 新版接口地址。"))] = "",
    callback_url: Annotated[str, typer.Option(help=said("URL that receives events. / 事件推送地址。"))] = "",
    events: Annotated[
        bool, typer.Option("--events", help=said("Ask for token and aes_key. / 输入 token 与 aes_key。"))
    ] = False,
    in_keyring: Annotated[
        bool, typer.Option("--keyring", help=said("Keep secrets in the keyring. / 密钥存入系统密钥环。"))
    ] = False,
    default: Annotated[bool, typer.Option("--default", help=said("Use it by default. / 设为默认。"))] = False,
) -> None:
    """Add a company. Its secrets are typed without echo, or read from lines of standard input."""
    given = {
        "appkey": appkey or (typer.prompt("AppKey") if sys.stdin.isatty() else ""),
        "corp_id": corp_id,
        "agent_id": agent_id,
        "oapi_url": oapi_url,
        "api_url": api_url,
        "callback_url": callback_url,
    }
    if not given["appkey"]:
        raise CommandFailure("an AppKey is needed: --appkey / 缺少 AppKey：--appkey")
    hidden = {key: _ask(key) for key in ("appsecret", *(("token", "aes_key") if events else ()))}
    known = profiles.read()
    before = known.get("profiles", {}).get(name, {})
    moved = set[str]() if in_keyring else hidden.keys() & before.get("keyring", [])
    kept: dict[str, Any] = {**before, **{key: text for key, text in given.items() if text}}
    if in_keyring:
        _keep(name, hidden)
        kept = {key: value for key, value in kept.items() if key not in hidden}
        kept["keyring"] = sorted({*kept.get("keyring", []), *hidden})
    else:
        kept |= hidden
        if "keyring" in kept:
            kept["keyring"] = [key for key in kept["keyring"] if key not in moved]
    _write(name, kept, default=default or not known.get("profiles"))
    for key in moved:
        _forget(name, key)
    note(said(f"Profile {name!r} is in {profiles.path()}. / 配置 {name!r} 已写入 {profiles.path()}。"))


@app.command("list", help=said("List the companies, without secrets. / 列出企业配置（不含密钥）。"))
def list_(as_json: AsJson = False) -> None:
    """List the companies."""
    known = profiles.read()
    chosen = profiles.chosen()
    rows = [
        {
            "name": name,
            "in use": "*" if name == chosen else "",
            **{key: profile.get(key) for key in ("appkey", "corp_id", "agent_id", "oapi_url")},
            "secrets": ", ".join(sorted([*(profiles.secrets() & profile.keys()), *profile.get("keyring", [])])),
        }
        for name, profile in known.get("profiles", {}).items()
    ]
    if as_json:
        show_json(rows)
    elif rows:
        show_table(rows)
    else:
        note(said(f"{profiles.path()} has no profile. / {profiles.path()} 中没有配置。"))


@app.command(help=said("Remove a company and its secrets. / 删除企业配置及其密钥。"))
def remove(name: Name) -> None:
    """Remove a company."""
    profile = profiles.find(name)
    for key in profile.get("keyring", []):
        _forget(name, key)
    _write(name, None)
    line(name)


def _ask(key: str) -> str:
    """Ask for a secret without echo on a terminal, or read the next line of standard input."""
    text: str = typer.prompt(key, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not text:
        raise CommandFailure(f"standard input has no line for {key} / 标准输入中缺少 {key}", ExitCode.CONFIGURATION)
    return text


def _keep(name: str, hidden: dict[str, str]) -> None:
    library = profiles.keyring()
    from keyring.errors import KeyringError  # noqa: PLC0415 - optional

    try:
        for key, text in hidden.items():
            library.set_password(profiles.SERVICE, f"{name}:{key}", text)
    except KeyringError as error:
        raise profiles.unusable(error) from None


def _forget(name: str, key: str) -> None:
    library = profiles.keyring()
    from keyring.errors import KeyringError, PasswordDeleteError  # noqa: PLC0415 - optional

    try:
        library.delete_password(profiles.SERVICE, f"{name}:{key}")
    except PasswordDeleteError:
        return  # already gone
    except KeyringError as error:
        raise profiles.unusable(error) from None


def _write(name: str, profile: dict[str, Any] | None, *, default: bool = False) -> None:
    """Change a profile in the file. Everything else stays, including comments. Only the owner may read the file."""
    import tomlkit  # noqa: PLC0415 - only to write

    path = profiles.path()
    document: Any = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    if default:
        document["default"] = name
    tables: Any = document.setdefault("profiles", tomlkit.table(is_super_table=True))
    if profile is None:
        del tables[name]
        if document.get("default") == name:
            del document["default"]
    else:
        table: Any = tomlkit.table()
        table.update(profile)
        tables[name] = table
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = tomlkit.dumps(document)
    text.encode()  # invalid bytes from the shell would make the file unreadable
    write_whole(path.resolve(), [text])
