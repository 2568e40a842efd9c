"""A bot on several machines (多机部署): any number of processes receive, any number of Celery workers do the work.

    python -m examples.queued_bot                               # receives, in Stream mode, and hands over
    celery --app examples.queued_bot worker --loglevel info     # works

The app's settings are environment variables, `DINGTALK_APPKEY` and so on. `DINGTALK_SESSION_MANAGER` is the URL of the
Redis that all processes share; it is the queue too, unless `QUEUE_URL` says where that is.
"""
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import os
from functools import cache
from typing import Any

from celery import Celery

from dingtalk_models import ChatbotMessage, DingTalkApp, User, WorkNotification
from dingtalk_models.callback.events.contact import UserAddOrg

WORKER = "worker"
LONGEST = float(os.environ.get("LONGEST_WORK", "600"))
"""Seconds that the work for one event may take."""

queue: Any = Celery("bot", broker=os.environ.get("QUEUE_URL") or os.environ.get("DINGTALK_SESSION_MANAGER"))
queue.conf.task_acks_late = True  # a task leaves the queue when it is done; that of a worker that dies comes back
queue.conf.task_reject_on_worker_lost = True
queue.conf.worker_prefetch_multiplier = 1
queue.conf.broker_transport_options = {"visibility_timeout": LONGEST}
queue.conf.broker_connection_retry_on_startup = True

KINDS = {kind.TYPE: kind for kind in (UserAddOrg, ChatbotMessage)}
"""What is handed over."""


def receiver(app: DingTalkApp) -> DingTalkApp:
    """Let an app hand over what arrives. When the queue has it, it is acknowledged."""

    @app.callback.on(UserAddOrg, ChatbotMessage)
    def hand_over(arrival: UserAddOrg | ChatbotMessage) -> None:
        work.delay(arrival.TYPE, arrival.model_dump_json())

    return app


@cache
def worker() -> DingTalkApp:
    """The app of a worker process, with the handlers that do the work."""
    app = DingTalkApp.from_env().use()
    app.callback.on(UserAddOrg)(welcome)
    app.callback.on(ChatbotMessage)(answer)
    return app


@queue.task(name="work", autoretry_for=(Exception,), retry_backoff=True, retry_backoff_max=60, max_retries=20)
def work(name: str, text: str) -> None:
    """Handle one event, in a worker: once, in whichever of them, even if it is in the queue twice."""
    worker().callback.handle(KINDS[name].model_validate_json(text), by=WORKER)


def welcome(event: UserAddOrg) -> None:
    """Send a notification to those who joined."""
    for userid in event.userids:
        WorkNotification.send(f"欢迎加入，{User.get(userid).name}", userids=[userid])


def answer(message: ChatbotMessage) -> None:
    """Answer a question, however long it takes."""
    message.reply(f"{message.sender_nick}，你问的是：{message.text}")


if __name__ == "__main__":
    receiver(DingTalkApp.from_env()).stream.run()
