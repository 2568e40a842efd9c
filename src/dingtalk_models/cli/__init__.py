"""`dingtalk-models`: the command line, for the real platform or the sandbox."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from io import TextIOWrapper

EXTRA = "the command needs its extra: pip install 'dingtalk-models[cli]' / 命令行需要安装 dingtalk-models[cli]\n"


def main() -> None:
    """Run the command, and exit with its code."""
    if not (find_spec("typer") and find_spec("rich") and find_spec("tomlkit")):
        sys.stderr.write(EXTRA)
        sys.exit(3)
    from dingtalk_models.cli.program import run  # noqa: PLC0415 - it imports typer

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # the terminal may be unable to print Chinese

    sys.exit(run(sys.argv[1:]))
