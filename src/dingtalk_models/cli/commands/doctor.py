"""`dingtalk-models doctor`: find problems of the setup, and say how to solve them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from dingtalk_models.cli import names, profiles
from dingtalk_models.cli.failures import CommandFailure, ExitCode, told
from dingtalk_models.cli.groups import AsJson
from dingtalk_models.cli.help import Commands
from dingtalk_models.cli.needs import needed_scopes, probes
from dingtalk_models.cli.output import colours, line, show_json
from dingtalk_models.clocks import wall
from dingtalk_models.core.language import said

if TYPE_CHECKING:
    from dingtalk_models import DingTalkApp

app = Commands()

MOST_SECONDS_OFF = 60
"""The platform refuses signatures and codes if the clock is further off."""


class Finding(NamedTuple):
    """The result of a check.

    Attributes:
        check: the name of the check.
        state: `ok`, `failed`, or `unknown` if it cannot be checked.
        detail: the details.
        todo: how to solve the problem.
        code: the exit code.
    """

    check: str
    state: str
    detail: str
    todo: str = ""
    code: ExitCode = ExitCode.OK


@app.command(
    "doctor",
    help=said(
        "Check credentials, clock, contacts, scopes and the callback, and say what to do. / "
        "检查凭证、时钟、通讯录范围、接口权限与回调，并给出处理建议。"
    ),
)
def doctor(
    needs: Annotated[
        list[str] | None,
        typer.Option(
            "--needs",
            metavar="NAME",
            help=said(
                "An API that the app needs, or a Python file or folder that uses it; repeatable. / "
                "应用要用的接口名，或使用它的 Python 文件、目录，可多次。"
            ),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run every check. The first one that fails decides the exit code."""
    found: list[Finding] = []
    for finding in _checks(needs or []):
        found.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        show_json([{**each._asdict(), "code": int(each.code)} for each in found])
    failed = next((each for each in found if each.state == "failed"), None)
    if failed:
        raise typer.Exit(failed.code)


_MARKS = {"ok": ("✓", "32"), "failed": ("✗", "31"), "unknown": ("?", "33")}


def _show(finding: Finding) -> None:
    mark, colour = _MARKS[finding.state]
    sys.stdout.write(f"\033[{colour}m{mark}\033[0m " if colours() else f"{mark} ")
    line(f"{finding.check}: {finding.detail}")
    if finding.todo:
        line(f"  → {finding.todo}")
    sys.stdout.flush()


def _checks(needs: list[str]) -> Iterator[Finding]:
    wanted = needed_scopes(needs)
    label = said("credentials / 凭证")
    try:
        dingtalk = profiles.open_app()
    except Exception as error:  # noqa: BLE001 - it becomes a finding
        yield _failed(label, error)
        return
    yield Finding(said("profile / 配置"), "ok", f"{profiles.chosen() or said('environment / 环境变量')} · {dingtalk!r}")
    yield _clock(dingtalk)
    credentials = _tried(label, lambda: _token(dingtalk))
    yield credentials
    if credentials.state != "ok":
        return
    yield _tried(said("contacts / 通讯录"), lambda: _contacts(dingtalk))
    yield from _scopes(dingtalk, wanted)
    yield _callback(dingtalk)


def _tried(check: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(check, "ok", look())
    except Exception as error:  # noqa: BLE001 - it becomes a finding
        return _failed(check, error)


def _failed(check: str, error: Exception) -> Finding:
    text, code = told(error)
    detail, _, todo = text.partition(" · ")
    return Finding(check, "failed", detail, todo or _TODO.get(code, ""), code)


_TODO = {
    ExitCode.TRANSPORT: said(
        "check network, proxy, and DINGTALK_OAPI_URL and DINGTALK_API_URL / "
        "请检查网络、代理以及 DINGTALK_OAPI_URL、DINGTALK_API_URL"
    ),
    ExitCode.AUTHENTICATION: said(
        "check appkey and appsecret in the console, under credentials / "
        "请在开发者后台“凭证与基础信息”核对 AppKey、AppSecret"
    ),
}


def _clock(app: DingTalkApp) -> Finding:
    """Compare this machine's clock with the platform's, which is in the header of any reply."""
    import requests  # noqa: PLC0415 - slow to import

    check = said("clock / 时钟")
    try:
        begun = wall()
        answer = requests.get(f"{app.oapi_url}/gettoken", timeout=app.timeout, allow_redirects=False)
        here = (begun + wall()) / 2
    except requests.RequestException as error:
        detail = f"{app.oapi_url}: {type(error).__name__}"
        return Finding(check, "failed", detail, _TODO[ExitCode.TRANSPORT], ExitCode.TRANSPORT)
    try:
        there = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except ValueError:
        return Finding(check, "unknown", said("the answer has no Date / 响应没有 Date 头"))
    off = here - there
    detail = said(
        f"{abs(off):.0f} s {'ahead' if off > 0 else 'behind'} / {'快' if off > 0 else '慢'} {abs(off):.0f} 秒"
    )
    if abs(off) <= MOST_SECONDS_OFF:
        return Finding(check, "ok", detail)
    todo = said("set this machine's clock, by NTP / 请用 NTP 校准本机时钟")
    return Finding(check, "failed", detail, todo, ExitCode.FAILED)


def _token(app: DingTalkApp) -> str:
    app.get_access_token()
    return said("an access token was issued / 已获取 access_token")


def _contacts(app: DingTalkApp) -> str:
    """Check which part of the contacts the app may see. An exit IP that is not allowed fails here, too."""
    granted = app.platform.auth.scopes()
    reach = granted.auth_org_scopes
    departments = [int(each) for each in reach.authed_dept] if reach else []
    people = len(reach.authed_user) if reach else 0
    if not departments and not people:
        raise CommandFailure(
            "the app may see nobody · set its contact scope in the console, under permissions / "
            "应用的通讯录范围为空 · 请在开发者后台“权限管理”设置通讯录权限范围",
            ExitCode.PERMISSION,
        )
    seen = (
        said("all departments / 全部部门")
        if 1 in departments
        else said(f"{len(departments)} departments, {people} people / {len(departments)} 个部门、{people} 人")
    )
    return f"{seen} · {', '.join(granted.auth_user_field)}".rstrip(" ·")


def _scopes(app: DingTalkApp, wanted: dict[str, list[str]]) -> Iterator[Finding]:
    """Check whether the company has granted the scopes that operations need."""
    for scope, users in wanted.items():
        found = _scope(app, scope)
        listed = f"{', '.join(users[:SHOWN])}{' …' if len(users) > SHOWN else ''}"
        yield found._replace(detail=f"{found.detail} · {said('for / 用于')} {listed}")


def _scope(app: DingTalkApp, scope: str) -> Finding:
    """Check whether the company has granted a scope.

    The platform does not list the granted scopes. So this calls a read that needs the scope with empty arguments, and
    sees whether it is refused because of the scope or because of the arguments.
    """
    from dingtalk_models import ApiError, PermissionDenied, TransportError  # noqa: PLC0415 - slow to import

    check = f"{said('scope / 权限')} {scope}"
    for probe in probes(scope):
        try:
            _ask(app, probe)
        except PermissionDenied as error:
            if error.scopes and scope not in error.scopes:
                continue  # another scope is missing, which says nothing about this one
            todo = error.apply_url or said(
                "apply for it in the console, under permissions / 请在开发者后台“权限管理”申请"
            )
            return Finding(check, "failed", said("is not granted / 未开通"), todo, ExitCode.PERMISSION)
        except ApiError as error:
            if told(error)[1] not in _ABOUT_ARGUMENTS:
                continue
        except TransportError as error:
            return _failed(check, error)
        return Finding(check, "ok", said("is granted / 已开通"))
    detail = said("cannot be checked: no read needs it alone / 没有可用于检测的查询接口")
    todo = said("look in the console, under permissions / 请在开发者后台“权限管理”查看")
    return Finding(check, "unknown", detail, todo)


SHOWN = 3
"""How many operations are listed for each scope."""

_ABOUT_ARGUMENTS = {ExitCode.REFUSED, ExitCode.NOT_FOUND}
"""A call that is refused like this has passed the check of its scope."""


def _ask(app: DingTalkApp, probe: names.DocumentedApi) -> None:
    """Call a read with empty arguments."""
    verb, _, path = probe.endpoint.partition(" ")
    ask: Any = app.request
    ask(verb, path, path=dict.fromkeys(names.path_parameters(path), "0"), **({} if verb == "GET" else {"body": {}}))


def _callback(app: DingTalkApp) -> Finding:
    """Check whether the URL for events answers as the platform expects."""
    check = said("callback / 回调")
    if not app.callback_url:
        detail = said("no callback_url is set; Stream mode needs none / 未设置 callback_url；Stream 模式不需要")
        return Finding(check, "unknown", detail)
    from dingtalk_models.cli.forwarding import Forward, NotTaken  # noqa: PLC0415 - only with a URL

    try:
        Forward(app, app.callback_url, "").check()
    except NotTaken as error:
        todo = said(
            "is it running, reachable, and set up with the same token and aes_key? / "
            "请确认服务已启动、可访问，且 token、aes_key 一致"
        )
        return Finding(check, "failed", said(str(error)), todo, ExitCode.TRANSPORT)
    except CommandFailure as error:
        return _failed(check, error)
    return Finding(check, "ok", f"{app.callback_url} {said('answered with success / 返回 success')}")
