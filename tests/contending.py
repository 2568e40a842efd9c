"""What several processes do at once with one session store, for tests/test_sessions.py."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from waiting import until

from dingtalk_models.sessions import open_session

THREADS, TURNS = 2, 3


def contend(url: str, key: str) -> list[int]:
    """Take and give back one lock for a counter; and count the turns won of locks that are never given back."""
    session = open_session(url)
    won: list[int] = []

    def work(number: int) -> None:
        me = f"{os.getpid()}-{number}"
        for turn in range(TURNS):
            won.append(session.add(f"{key}:{turn}", me, 60))
            until(lambda: session.add(f"{key}:lock", me, 60), seconds=60, step=0.02)
            count = int(session.get(f"{key}:count") or 0)
            session.set(f"{key}:count", str(count + 1), 60)
            session.release(f"{key}:lock", me)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    return won
