"""Answers that grow on cards, written from a thread or on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from waiting import until, until_async

from dingtalk_models import Card, DingTalkApp
from dingtalk_models.message import CardStream
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.state.talk.card import Card as Stored

STREAMING = "/v1.0/card/streaming"
CREATION = "/v1.0/card/instances/createAndDeliver"
INSTANCES = "/v1.0/card/instances"

Script = Iterable[str | Callable[[], bool]]
"""Pieces to write, and conditions to wait for."""

Write = Callable[[DingTalkApp, CardStream[Card], Script], None]


def on_threads(app: DingTalkApp, stream: CardStream[Card], script: Script) -> None:
    """Write a script inside a `with`."""
    del app
    with stream as card:
        for each in script:
            if isinstance(each, str):
                card.write(each)
            else:
                until(each)


def on_a_loop(app: DingTalkApp, stream: CardStream[Card], script: Script) -> None:
    """Write a script inside an `async with`."""

    async def run() -> None:
        async with stream as card:
            for each in script:
                if isinstance(each, str):
                    await card.write.aio(each)
                else:
                    await until_async(each)
        await app.aclose()

    asyncio.run(run())


WORLDS: list[Write] = [on_threads, on_a_loop]


def stored(sandbox: Sandbox, stream: CardStream[Card]) -> Stored:
    """The card in the sandbox."""
    return sandbox.cards[stream.out_track_id]


def shows(sandbox: Sandbox, stream: CardStream[Card], text: str, key: str = "content") -> Callable[[], bool]:
    """Whether the card shows a text."""
    return lambda: stream.out_track_id in sandbox.cards and stored(sandbox, stream).params.get(key) == text


def growing(sandbox: Sandbox, stream: CardStream[Card], pieces: Iterable[str]) -> Iterator[str | Callable[[], bool]]:
    """Pieces, each of which is shown before the next one is written."""
    text = ""
    for piece in pieces:
        text += piece
        yield piece
        yield shows(sandbox, stream, text)


def bodies(sandbox: Sandbox, path: str) -> list[dict[str, Any]]:
    """What was sent to a path, oldest first."""
    return [call.body for call in sandbox.calls if call.path == path and isinstance(call.body, dict)]
