"""The program: its commands, the common options, and the exit code."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from dingtalk_models.cli import profiles
from dingtalk_models.cli.commands import (
    api,
    approve,
    describe,
    directory,
    doctor,
    listen,
    people,
    profile,
    sending,
    serve,
    trigger,
)
from dingtalk_models.cli.failures import ExitCode, told
from dingtalk_models.cli.groups import help_alone
from dingtalk_models.cli.help import CommandGroup
from dingtalk_models.cli.output import note
from dingtalk_models.cli.state import state
from dingtalk_models.core.language import said

PROGRAM = "dingtalk-models"

_FLAGS = {"--verbose", "-v", "--debug"}
_VALUED = {"--profile", "-p"}


class _Everywhere(CommandGroup):
    """Accepts the common options after the command, too: `dingtalk-models api … --profile acme`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own: list[str] = []
        rest: list[str] = []
        given = iter(args)
        for arg in given:
            if arg == "--":
                rest += [arg, *given]
            elif arg in _FLAGS or arg.startswith("--profile="):
                own.append(arg)
            elif arg in _VALUED:
                if (value := next(given, None)) is None:
                    return super().parse_args(ctx, [arg])  # click reports the missing value
                own += [arg, value]
            else:
                rest.append(arg)
        return super().parse_args(ctx, [*own, *rest])


app = typer.Typer(
    name=PROGRAM,
    cls=_Everywhere,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - only for this

        typer.echo(version(PROGRAM))
        raise typer.Exit


@app.callback(
    help=said(
        "DingTalk from the command line: the platform, or a local sandbox. "
        "Credentials come from a profile, or from DINGTALK_… variables. / "
        "钉钉命令行：可连接开放平台或模拟服务器。凭证来自 profile 配置或 DINGTALK_… 环境变量。"
    )
)
def _root(
    context: typer.Context,
    profile_name: Annotated[
        str | None,
        typer.Option(
            "--profile",
            "-p",
            envvar=profiles.VARIABLE,
            autocompletion=profiles.complete,
            help=said("Company to use. / 使用哪个企业的配置。"),
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help=said("Show each call. / 显示每次调用。"))] = False,
    debug: Annotated[bool, typer.Option("--debug", help=said("Show tracebacks. / 显示错误堆栈。"))] = False,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help=said("Print the version. / 显示版本。"))
    ] = False,
) -> None:
    """Store the common options."""
    state.profile, state.verbose, state.debug = profile_name, verbose, debug
    logger = logging.getLogger("dingtalk_models")
    logger.setLevel(logging.DEBUG if verbose or debug else logging.WARNING)
    help_alone(context)


for _file in (serve, api, describe, people, sending, approve, directory, listen, trigger, doctor, profile):
    app.add_typer(_file.app)


def run(args: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    handler = _Notes()
    logger = logging.getLogger("dingtalk_models")
    logger.addHandler(handler)
    try:
        returned = typer.main.get_command(app).main([*args], prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _unread()
    except SystemExit as ended:
        # typer exits like this when a pipe breaks, and after completion
        return _unread() if isinstance(ended.__context__, BrokenPipeError) else int(ended.code or 0)
    except typer.TyperException as error:
        return _tell(error.format_message().rstrip("."), error.exit_code, said("see --help / 请看 --help"))
    except Exception as error:  # noqa: BLE001 - the last resort: a line instead of a traceback
        if state.debug:
            traceback.print_exc()
        line, code = told(error)
        if code is ExitCode.FAILED:
            line = f"{type(error).__name__}: {line} · {said('run it with --debug for more / 加上 --debug 可查看详情')}"
        return _tell(line, code)
    finally:
        logger.removeHandler(handler)
    return returned if isinstance(returned, int) else ExitCode.OK


def _tell(line: str, code: int, hint: str = "") -> int:
    note(f"{said('error / 错误')}: {line}{f' · {hint}' if hint else ''}")
    return code


def _unread() -> int:
    """Exit silently after a broken pipe, even when the interpreter flushes the rest of the output at exit."""
    if sys.stdout is sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return ExitCode.BROKEN_PIPE


class _Notes(logging.Handler):
    """Prints the package's log to standard error, one line per record, without tracebacks."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("dingtalk_models.sandbox"):
            return  # the sandbox prints its own log
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            if state.debug:
                text += "\n" + "".join(traceback.format_exception(record.exc_info[1]))
            else:
                text += f": {told(record.exc_info[1])[0]}"
        note(text)
