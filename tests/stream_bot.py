"""A bot in a process of its own: `python stream_bot.py URL KEY SECRET STORE FILE SECONDS LEAVES`.

It handles each event in some seconds, and each click at once, and writes its id into the file when it is done. Of this
share of them, the handler ends by `SystemExit` when it meets one for the first time.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from listening import TIMING

from dingtalk_models import CardAction, DingTalkApp, Event


def main(url: str, key: str, secret: str, store: str, *rest: str) -> None:
    """Receive until it is told to stop, then print how it went."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    app = DingTalkApp(
        appkey=key, appsecret=secret, oapi_url=url, api_url=url, session_manager=store or None, rate_limit=None
    )
    file, longest, leaves = rest[0], float(rest[1]), float(rest[2])
    met: set[str | None] = set()
    app.stream.timing = replace(TIMING, first=0.02, longest=0.5)

    @app.callback.on("user_add_org")
    async def awaited(event: Event) -> None:
        if longest:
            await asyncio.sleep(random.uniform(0, longest))
        note(event.event_id)

    @app.callback.on("user_leave_org")
    def plain(event: Event) -> None:
        if longest:
            time.sleep(random.uniform(0, longest))
        note(event.event_id)

    @app.callback.on(CardAction)
    def clicked(action: CardAction) -> None:
        note(action.message_id)

    def note(name: str | None) -> None:
        if name not in met:
            met.add(name)
            if random.random() < leaves:
                argparse.ArgumentParser("bot").parse_args(["--what", "somebody wrote"])
        with Path(file).open("a", encoding="utf-8") as done:
            done.write(f"{name}\n")

    app.stream.run()
    status = app.stream.status
    print(
        status.handled,
        status.failed,
        status.duplicates,
        status.opened,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
