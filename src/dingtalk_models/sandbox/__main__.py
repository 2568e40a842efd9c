"""`python -m dingtalk_models.sandbox`: serve until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
import threading

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox import __doc__ as about


def options(program: str = "python -m dingtalk_models.sandbox") -> argparse.ArgumentParser:
    """The options. The command `dingtalk-models sandbox` has the same."""
    parser = argparse.ArgumentParser(
        prog=program,
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8787, help="port; 0 for a free one (default: %(default)s)")
    parser.add_argument("--qps", type=int, help="calls a second for each API, such as 20 (default: no limit)")
    parser.add_argument("--empty", action="store_true", help="start with the root department alone")
    return parser


def main(arguments: argparse.Namespace | None = None) -> None:
    """Serve; print the address and the credentials, and log every request.

    Args:
        arguments: what `options` read; by default this reads the command line.
    """
    given = arguments or options().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")
    sandbox = Sandbox(given.port, given.host, qps=given.qps, org="empty" if given.empty else "seeded")
    with sandbox, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(
            f"""\
A local DingTalk is listening at {sandbox.url} (both hosts). Ctrl-C stops it.
模拟服务器已就绪：{sandbox.url}（新旧接口同一地址），按 Ctrl-C 停止。

  export DINGTALK_OAPI_URL={sandbox.url}
  export DINGTALK_API_URL={sandbox.url}
  export DINGTALK_LOGIN_URL={sandbox.url}
  export DINGTALK_CORP_ID={sandbox.corp_id}
  export DINGTALK_CORP_SECRET={sandbox.corp_secret}
  export DINGTALK_APPKEY={sandbox.appkey}
  export DINGTALK_APPSECRET={sandbox.appsecret}
  export DINGTALK_AGENT_ID={sandbox.agent_id}
  export DINGTALK_SSO_SECRET={sandbox.sso_secret}

  curl '{sandbox.url}/gettoken?appkey={sandbox.appkey}&appsecret={sandbox.appsecret}'

"""
        )
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
