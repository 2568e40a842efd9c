"""`dingtalk-models sandbox`: run a local DingTalk, like `python -m dingtalk_models.sandbox`."""

from __future__ import annotations

import logging

import typer

from dingtalk_models.cli.failures import CommandFailure, ExitCode
from dingtalk_models.cli.help import Commands
from dingtalk_models.core.language import said

app = Commands()


@app.command(
    "sandbox",
    help=said("Serve a local DingTalk; `sandbox --help` lists its options. / 启动模拟服务器，选项见 --help。"),
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False},
)
def serve(context: typer.Context) -> None:
    """Serve until Ctrl-C, with the options of `python -m dingtalk_models.sandbox`."""
    try:
        from dingtalk_models.sandbox import __main__ as sandbox  # noqa: PLC0415 - an extra, and slow to import
    except ModuleNotFoundError:
        raise CommandFailure(
            "the sandbox needs its extra: pip install 'dingtalk-models[sandbox]' / "
            "模拟服务器需要安装 dingtalk-models[sandbox]",
            ExitCode.CONFIGURATION,
        ) from None
    logging.getLogger("dingtalk_models").setLevel(logging.NOTSET)  # so that the sandbox logs every request
    sandbox.main(sandbox.options("dingtalk-models sandbox").parse_args(context.args))
