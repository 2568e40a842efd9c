"""A program whose calls are watched: `python reported_calls.py sentry`, or `opentelemetry`, each with its defaults.

What it needs comes over its input, since error reporters send the command line too. It prints how many errors were
reported, or each span as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterable
from importlib.metadata import entry_points
from io import BytesIO
from typing import Any

import sentry_sdk
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from dingtalk_models import Department, DingTalkApp, DingTalkError, Media, Retry, Secret, Space, User, WebhookRobot

ROUNDS = 8

Act = Callable[[], object]
Awaited = Callable[[], Coroutine[Any, Any, object]]


def robots(given: dict[str, Any]) -> Iterable[WebhookRobot]:
    base = f"{given['url']}/robot/"
    yield WebhookRobot(f"{base}send?access_token={given['robot']}", given["robot_secret"])
    yield WebhookRobot(f"{base}send?access_token={given['robot']}", "SECwrong")
    yield WebhookRobot(f"{base}send?access_token={given['wrong']}", given["robot_secret"])
    yield WebhookRobot(f"{base}sendBySession?session={given['session']}")


def acts(app: DingTalkApp, watched: list[WebhookRobot], code: Secret) -> tuple[list[Act], list[Awaited]]:
    """What the program does in a round, blocking and awaited. Most of it fails."""
    departments, users, media = Department.objects.using(app), User.objects.using(app), Media.objects.using(app)
    cut, who = departments.list_ids.call(1), users.get("caohui").unionid
    spaces = Space.objects.using(app)
    space = spaces.create(who, name="资料")
    stored = space.upload(b"one", who, name="a.txt")
    hands: list[Act] = [
        lambda: departments.get(404),
        lambda: app.send(cut),
        lambda: app.request("GET", "/topapi/nothing", query={"access_token": code}),
        lambda: media.upload(b"no picture", "image", name="a.txt"),
        lambda: stored.download(BytesIO(), who),
        lambda: space.upload(b"two", who, name="a.txt"),
        lambda: app.auth.login(code),
        *[lambda robot=robot: robot.send("一") for robot in watched],
    ]
    loops: list[Awaited] = [
        lambda: departments.get.aio(404),
        lambda: app.asend(cut),
        lambda: app.request.aio("GET", "/topapi/nothing", query={"access_token": code}),
        lambda: media.upload.aio(b"no picture", "image", name="a.txt"),
        lambda: stored.download.aio(BytesIO(), who),
        lambda: space.upload.aio(b"two", who, name="a.txt"),
        lambda: app.auth.login.aio(code),
        *[lambda robot=robot: robot.send.aio("一") for robot in watched],
    ]
    return hands, loops


def run(app: DingTalkApp, watched: list[WebhookRobot], code: Secret, tell: Callable[[BaseException], object]) -> None:
    hands, loops = acts(app, watched, code)

    async def awaited() -> None:
        for act in loops:
            try:
                await act()
            except DingTalkError as error:
                tell(error)
        await app.aclose()
        for robot in watched:
            await robot.aclose()

    for _ in range(ROUNDS):
        for act in hands:
            try:
                act()
            except DingTalkError as error:
                tell(error)
        asyncio.run(awaited())


def with_sentry(dsn: str) -> tuple[Callable[[BaseException], object], Callable[[], None]]:
    told: list[str | None] = []
    sentry_sdk.init(dsn)

    def finish() -> None:
        sentry_sdk.flush(10)
        print(len(told))

    return lambda error: told.append(sentry_sdk.capture_exception(error)), finish


def with_opentelemetry() -> tuple[Callable[[BaseException], object], Callable[[], None]]:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)
    for instrumentor in entry_points(group="opentelemetry_instrumentor"):  # as `opentelemetry-instrument` does
        instrumentor.load()().instrument()

    def finish() -> None:
        print(json.dumps([span.to_json() for span in kept.get_finished_spans()]))

    return lambda error: None, finish


def main(tool: str) -> None:
    given = json.load(sys.stdin)
    tell, finish = with_sentry(given["dsn"]) if tool == "sentry" else with_opentelemetry()
    app = DingTalkApp(
        appkey=given["appkey"], appsecret=given["appsecret"], oapi_url=given["url"], api_url=given["url"],
        retry=Retry(attempts=1), rate_limit=None,
    )  # fmt: skip
    run(app, list(robots(given)), Secret(given["code"]), tell)
    finish()


if __name__ == "__main__":
    main(sys.argv[1])
