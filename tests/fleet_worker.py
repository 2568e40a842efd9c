"""What each process of a fleet does, for tests/test_fleet.py."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier, Event

from dingtalk_models import Department, DingTalkApp
from dingtalk_models.call import credential

THREADS = 24


@dataclass
class Signals:
    """What every process waits for: that all are ready, and that it is enough."""

    ready: Barrier
    enough: Event


signals: Signals


def receive(ready: Barrier, enough: Event) -> None:
    global signals  # noqa: PLW0603 - a worker's start-up has nowhere else to leave them
    signals = Signals(ready, enough)


def work(url: str, appkey: str, appsecret: str, store: str, name: str) -> tuple[int, list[str]]:
    """Call without a pause from many threads; how many calls succeeded, and the errors of those that did not."""
    app = DingTalkApp(
        name=name,
        appkey=appkey,
        appsecret=appsecret,
        session_manager=store,
        oapi_url=url,
        api_url=url,
        rate_limit=None,
    )
    together = threading.Barrier(THREADS)
    counts: list[int] = []
    errors: list[str] = []

    def loop() -> None:
        departments, count = Department.objects.using(app), 0
        try:
            if together.wait() == 0:
                signals.ready.wait()
            together.wait()
            while not signals.enough.is_set():
                assert departments.get(1).dept_id == 1
                count += 1
        except Exception as error:  # noqa: BLE001 - the test shows them
            errors.append(repr(error))
        counts.append(count)

    threads = [threading.Thread(target=loop) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    app.close()
    return sum(counts), errors


def refresh_slowly(url: str, appkey: str, appsecret: str, store: str) -> None:
    credential.LOCK_LIFE = 0.7
    app = DingTalkApp(appkey=appkey, appsecret=appsecret, session_manager=store, oapi_url=url, api_url=url)
    app.get_access_token()
