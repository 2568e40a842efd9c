"""`dingtalk-models trigger`: let the sandbox push an event."""

from __future__ import annotations

import os
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from dingtalk_models.cli import profiles
from dingtalk_models.cli.failures import CommandFailure, ExitCode
from dingtalk_models.cli.help import Commands
from dingtalk_models.cli.output import show_json
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.language import said

app = Commands()

KEY = "DINGTALK_SANDBOX_KEY"
"""The key of the sandbox's handle, if it needs one."""


def complete_events(incomplete: str) -> Iterator[tuple[str, str]]:
    """Complete the type of an event."""
    from dingtalk_models.callback.events.event import event_types  # noqa: PLC0415 - slow to import

    return ((each.name, each.title) for each in event_types().values() if each.name.startswith(incomplete))


def complete_fields(context: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Complete the fields of the named event."""
    from dingtalk_models.callback.events.event import event_types  # noqa: PLC0415 - slow to import

    known = event_types().get(str(context.params.get("event", "")))
    if known is not None:
        yield from ((f"{name}=", kind) for name, kind in known.fields.items() if name.startswith(incomplete))


@app.command(
    "trigger",
    help=said(
        "Let the sandbox push an event: the documented sample, with these fields changed. / "
        "让模拟服务器推送一个事件：以文档示例为准，可覆盖字段。"
    ),
)
def trigger(
    event: Annotated[
        str,
        typer.Argument(
            metavar="EVENT", autocompletion=complete_events, help=said("The type of the event. / 事件类型。")
        ),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE…",
            autocompletion=complete_fields,
            help=said("Fields, as for api. / 字段，写法同 api。"),
        ),
    ] = None,
) -> None:
    """Push an event from the sandbox to the registered URL and to clients in Stream mode."""
    from dingtalk_models.callback.events.event import event_types  # noqa: PLC0415 - slow to import
    from dingtalk_models.cli.values import read_arguments  # noqa: PLC0415

    known = event_types()
    if event not in known:
        raise _unknown(event, [*known])
    hints = {name: _HINTS.get(kind.partition("<")[0], str) for name, kind in known[event].fields.items()}
    fields = read_arguments(words or (), hints)
    handle = _Handle(profiles.open_app().oapi_url)
    types = handle("GET", "/event-types")
    if not is_array(types):
        raise handle.no_sandbox()
    samples = {each["name"]: each["fields"] for each in types}
    show_json(handle("POST", "/events", {"type": event, "fields": samples.get(event, {}) | fields}))


_HINTS: dict[str, Any] = {"integer": int | str, "number": float | str, "array": list[Any], "object": dict[str, Any]}


def _unknown(event: str, known: list[str]) -> CommandFailure:
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    near = ", ".join(get_close_matches(event, known, n=3))
    english, chinese = (f"; did you mean {near}?", f"，是否想用 {near}？") if near else ("", "")
    return CommandFailure(f"there is no event {event!r}{english} / 没有事件 {event!r}{chinese}")


class _Handle:
    """The handle of the sandbox, `/_sandbox`.

    Raises:
        CommandFailure: the profile's host is not a sandbox.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        if (urlsplit(url).hostname or "").endswith("dingtalk.com"):
            raise self.no_sandbox()
        key = os.environ.get(KEY)
        self._headers = {"X-Sandbox-Key": key} if key else {}

    def __call__(self, verb: str, path: str, body: Any = None) -> Any:
        """Send a request to the handle.

        Raises:
            CommandFailure: the host is not a sandbox, or it refuses the request.
        """
        import requests  # noqa: PLC0415 - slow to import

        url = f"{self._url}/_sandbox{path}"
        try:
            answer = requests.request(verb, url, json=body, headers=self._headers, timeout=30, allow_redirects=False)
            found = answer.json()
        except requests.JSONDecodeError:
            raise self.no_sandbox() from None
        except requests.RequestException as error:
            raise CommandFailure(f"{url}: {type(error).__name__}", ExitCode.TRANSPORT) from None
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            return found
        if not is_object(found) or "hint" not in found:
            raise self.no_sandbox()
        code = ExitCode.PERMISSION if answer.status_code == HTTPStatus.FORBIDDEN else ExitCode.REFUSED
        raise CommandFailure(f"{said(str(found.get('message')))} · {said(str(found['hint']))}", code)

    def no_sandbox(self) -> CommandFailure:
        """Make the error for a host that is not a sandbox."""
        return CommandFailure(
            f"{self._url} is no sandbox: events are triggered there only; `dingtalk-models sandbox` starts one / "
            f"{self._url} 不是模拟服务器：只能在模拟服务器中触发事件，可用 `dingtalk-models sandbox` 启动",
            ExitCode.CONFIGURATION,
        )
