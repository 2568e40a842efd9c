"""A bot in a process of its own: `python stream_bot.py URL KEY SECRET STORE FILE SECONDS`.

It handles each event in some seconds, and writes its id into the file when it is done.
"""

from __future__ import annotations

import asyncio
import logging
import random
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from listening import TIMING

from dingtalk_models import DingTalkApp, Event


def main(url: str, key: str, secret: str, store: str, *rest: str) -> None:
    """Receive until it is told to stop, then print how it went."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    app = DingTalkApp(
        appkey=key, appsecret=secret, oapi_url=url, api_url=url, session_manager=store or None, rate_limit=None
    )
    file, longest = rest[0], float(rest[1])
    app.stream.timing = replace(TIMING, first=0.02, longest=0.5)

    @app.callback.on("user_add_org")
    async def awaited(event: Event) -> None:
        if longest:
            await asyncio.sleep(random.uniform(0, longest))
        note(event)

    @app.callback.on("user_leave_org")
    def plain(event: Event) -> None:
        if longest:
            time.sleep(random.uniform(0, longest))
        note(event)

    def note(event: Event) -> None:
        with Path(file).open("a", encoding="utf-8") as done:
            done.write(f"{event.event_id}\n")

    app.stream.run()
    status = app.stream.status
    print(status.handled, status.opened, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main(*sys.argv[1:])
