"""`python -m dingtalk_models.sandbox`: serve until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from errno import EADDRINUSE
from types import FrameType
from typing import Final, NoReturn
from urllib.parse import quote

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox import __doc__ as about

KEY: Final = "DINGTALK_SANDBOX_KEY"
"""The variable with the key of the handle and the page. Without it, a key is generated if one is needed."""

_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


class _Parser(argparse.ArgumentParser):
    """Reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see --help / 详见 --help)\n")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535 / 端口须为 0 到 65535")
    return int(text)


def _rate(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of calls: 1 or more / 须为正整数")
    return int(text)


def options(program: str = "python -m dingtalk_models.sandbox") -> argparse.ArgumentParser:
    """Return the options, which `dingtalk-models sandbox` has, too."""
    parser = _Parser(
        prog=program,
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8787, help="port; 0 for a free one (default: %(default)s)")
    parser.add_argument("--qps", type=_rate, help="calls a second for each API, such as 20 (default: no limit)")
    parser.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="another host name for the handle and the page, such as host.docker.internal; repeatable",
    )
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--empty", action="store_true", help="start with the root department alone")
    begin.add_argument("--company", metavar="FILE", help="start with the company of this file (YAML)")
    return parser


def main(arguments: argparse.Namespace | None = None) -> None:
    """Print the address and the credentials, then serve and log every request.

    Args:
        arguments: the parsed options; by default those of the command line.
    """
    given = arguments or options().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")
    sandbox = _made(given)
    with _told_to_end() as ending, _started(sandbox, f"{given.host}:{given.port}"):
        sys.stdout.write(_greeting(sandbox))
        sys.stdout.flush()
        ending.wait()
        sys.stdout.write("Stopped. / 已停止。\n")


def _made(given: argparse.Namespace) -> Sandbox:
    """Make the sandbox, or print each mistake in the company file and the settings in one line and exit."""
    try:
        return Sandbox(
            given.port,
            given.host,
            qps=given.qps,
            org="empty" if given.empty else "seeded",
            company=given.company,
            key=os.environ.get(KEY) or None,
            allow_hosts=given.allow_host,
        )
    except ValueError as wrong:
        told = str(wrong)
    except OSError as error:
        told = f"{given.company}: {error.strerror} / 无法读取公司文件"
    sys.stderr.write(f"{told}\n")
    sys.exit(2)


def _greeting(sandbox: Sandbox) -> str:
    """Return the text for the start: the address, the credentials, the key and two sample calls."""
    url = sandbox.url
    exports = [f"  export {name}={value}" for name, value in sandbox.environ.items()]
    key = ""
    if sandbox.key:
        exports.append(f"  export {KEY}={shlex.quote(sandbox.key)}")
        key = f'-H "X-Sandbox-Key: ${KEY}" '
    return "\n".join(
        [
            f"A local DingTalk is listening at {url} (both hosts). Ctrl-C stops it.",
            f"模拟服务器已就绪：{url}（新旧接口同一地址），按 Ctrl-C 停止。",
            f"Look inside with a browser / 用浏览器查看：{url}/{f'?key={quote(sandbox.key)}' if sandbox.key else ''}",
            "",
            *exports,
            "",
            f"  curl '{url}/gettoken?appkey={sandbox.appkey}&appsecret={sandbox.appsecret}'",
            f"  curl {key}'{url}/_sandbox/openapi.json'",
            "",
            "",
        ]
    )


@contextmanager
def _started(sandbox: Sandbox, place: str) -> Generator[None]:
    """Serve in a block, or report in one line that the address cannot be used, and exit."""
    try:
        sandbox.start()
    except OSError as error:
        used = f"{place} is in use; choose another with --port / 端口已被占用，请用 --port 换一个"
        why = str(error.strerror).partition(" (")[0]
        told = used if error.errno == EADDRINUSE else f"cannot listen on {place}: {why} / 无法监听该地址"
        sys.stderr.write(f"{told}\n")
        sys.exit(1)
    try:
        yield
    finally:
        sandbox.stop()


@contextmanager
def _told_to_end() -> Generator[threading.Event]:
    """Provide an event that Ctrl-C or SIGTERM sets."""
    ending = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        ending.set()

    held = {each: signal.signal(each, end) for each in _ENDING}
    try:
        yield ending
    finally:
        for each, handler in held.items():
            signal.signal(each, handler)


if __name__ == "__main__":
    main()
