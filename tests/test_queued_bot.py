"""Events are received by two processes, and worked on by Celery's workers on a Redis, all of them real: once each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import queued_bot
from redis import Redis
from waiting import until

from dingtalk_models import ReplayedCallback
from dingtalk_models.callback.events.contact import UserAddOrg
from dingtalk_models.callback.events.table import read_event
from dingtalk_models.sandbox import Sandbox

ENOUGH = 60.0
LEASE = "*:worker:event:of-a-dying-worker*"
ROOT = Path(__file__).parent.parent
RECEIVE = [sys.executable, "-m", "examples.queued_bot"]
WORK = [
    sys.executable,
    "-m",
    "celery",
    "--app",
    "examples.queued_bot",
    "worker",
    "--concurrency",
    "2",
    "--loglevel",
    "info",
    "--without-mingle",  # it asks the other workers first, of which one has just been killed
    "--without-gossip",
]


class Fleet:
    """Processes of the bot, against one sandbox and one Redis."""

    def __init__(self, sandbox: Sandbox, redis: str) -> None:
        self.sandbox = sandbox
        self.redis = redis
        self.settings = {
            "DINGTALK_APPKEY": sandbox.appkey,
            "DINGTALK_APPSECRET": sandbox.appsecret,
            "DINGTALK_AGENT_ID": str(sandbox.agent_id),
            "DINGTALK_OAPI_URL": sandbox.url,
            "DINGTALK_API_URL": sandbox.url,
            "DINGTALK_SESSION_MANAGER": redis,
            "QUEUE_URL": f"{redis.removesuffix('/0')}/7",
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        made = subprocess.Popen(command, cwd=ROOT, env=os.environ | self.settings, start_new_session=True)
        self.running.append(made)
        return made

    def receivers(self, count: int) -> list[subprocess.Popen[bytes]]:
        made = [self.start(RECEIVE) for _ in range(count)]
        self.sandbox.stream.wait_for_clients(count, timeout=ENOUGH)
        return made

    def stop(self) -> None:
        """Ask each process to end what it is doing and to stop."""
        for each in self.running:
            each.send_signal(signal.SIGTERM)
        codes = [each.wait(timeout=ENOUGH) for each in self.running]
        self.running.clear()
        assert {*codes} <= {0, -signal.SIGTERM}

    def kill(self) -> None:
        for each in self.running:
            os.killpg(each.pid, signal.SIGKILL)
            each.wait()

    def welcomed(self) -> Counter[str]:
        """How many notifications each new user has."""
        return Counter(userid for task in self.sandbox.company.outbox.tasks.values() for userid in task.receivers)


@pytest.fixture
def fleet(sandbox: Sandbox, redis_url: str) -> Generator[Fleet]:
    made = Fleet(sandbox, redis_url)
    yield made
    made.kill()


def joined(sandbox: Sandbox, count: int) -> list[str]:
    """People who join, each with an event."""
    people = [sandbox.company.add_user(f"员工{number}", userid=f"u{number}").userid for number in range(count)]
    for userid in people:
        sandbox.stream.push_event("user_add_org", {"timeStamp": "1", "userId": [userid]})
    return people


def test_each_event_is_handled_once_by_some_process(fleet: Fleet, sandbox: Sandbox) -> None:
    sandbox.stream.duplicates = 1.0
    sandbox.stream.redeliver_after = 1.0
    dying, _ = fleet.receivers(2)
    for _ in range(2):
        fleet.start(WORK)
    people = joined(sandbox, 30)
    until(lambda: len(fleet.welcomed()) >= 5, seconds=ENOUGH)
    fleet.running.remove(dying)
    os.killpg(dying.pid, signal.SIGKILL)
    dying.wait()
    people += [f"late{number}" for number in range(10)]
    for userid in people[30:]:
        sandbox.company.add_user("后来的员工", userid=userid)
        sandbox.stream.push_event("user_add_org", {"timeStamp": "1", "userId": [userid]})
    until(lambda: len(fleet.welcomed()) == len(people), seconds=ENOUGH)
    sandbox.stream.wait_until_accepted(timeout=ENOUGH)
    fleet.stop()
    assert fleet.welcomed() == dict.fromkeys(people, 1)
    assert len(sandbox.received("/v1.0/oauth2/accessToken")) + len(sandbox.received("/gettoken")) == 1


def test_events_are_acknowledged_before_a_worker_has_them(fleet: Fleet, sandbox: Sandbox) -> None:
    fleet.receivers(1)
    people = joined(sandbox, 5)
    sandbox.stream.wait_until_accepted(timeout=ENOUGH)  # before there is a worker
    assert not fleet.welcomed()
    fleet.start(WORK)
    until(lambda: fleet.welcomed() == dict.fromkeys(people, 1), seconds=ENOUGH)
    said = sandbox.say("zhaolei", "几点开会", to=sandbox.robot)
    reply = sandbox.wait_for_reply(said, timeout=ENOUGH)
    assert "你问的是：几点开会" in reply.text
    fleet.stop()


def test_work_is_done_again_if_its_worker_dies(fleet: Fleet, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(queued_bot.queue.conf, "broker_url", fleet.settings["QUEUE_URL"])
    event = read_event({"EventType": "user_add_org", "eventId": "of-a-dying-worker", "userId": ["zhaolei"]})
    assert type(event) is UserAddOrg
    sandbox.fail("/topapi/v2/user/get", delay=30)
    fleet.settings["LONGEST_WORK"] = "11"
    dying = fleet.start(WORK)
    for _ in range(3):
        queued_bot.work.delay(UserAddOrg.TYPE, event.model_dump_json())
    until(lambda: sandbox.received("/topapi/v2/user/get"), seconds=ENOUGH)
    taken = time.monotonic()
    fleet.running.remove(dying)
    os.killpg(dying.pid, signal.SIGKILL)
    dying.wait()
    client: Any = Redis
    with closing(client.from_url(fleet.redis)) as store:
        (lease,) = store.keys(LEASE)
        assert 0 < store.pttl(lease) < 10_000  # however long the work may take: it is renewed
        until(lambda: not store.keys(LEASE), seconds=ENOUGH)
    # a worker looks for tasks that come back when it starts, and then every 100 seconds
    until(lambda: time.monotonic() > taken + 11, seconds=ENOUGH)
    fleet.start(WORK)
    until(fleet.welcomed, seconds=ENOUGH)
    fleet.stop()
    assert fleet.welcomed() == {"zhaolei": 1}


def test_workers_and_receivers_handle_the_same_event(sandbox: Sandbox) -> None:
    app, seen = sandbox.app(), list[str]()
    app.callback.on(UserAddOrg)(lambda event: seen.append(event.userids[0]))
    event = UserAddOrg.model_validate({"EventType": "user_add_org", "eventId": "e1", "userId": ["u1"]})
    assert [app.callback.handle(event), app.callback.handle(event)] == [False, True]
    assert [app.callback.handle(event, by="worker") for _ in range(2)] == [False, True]
    assert app.callback.handle(event, by="others") is False
    assert seen == ["u1"] * 3

    def again(event: UserAddOrg) -> None:
        with pytest.raises(ReplayedCallback):
            app.callback.handle(event, by="once")
        seen.append("once")

    app.callback.handlers.clear()
    app.callback.on(UserAddOrg)(again)
    app.callback.handle(event, by="once")
    assert seen[-1] == "once"
    app.close()
