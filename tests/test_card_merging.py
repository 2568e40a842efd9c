"""The merging of pieces into updates, as a property: nothing lost, order kept, one update at a time, not too many.

The flows of a card are run by hand, on a clock that stands still until something waits for it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from soaking import tries

from dingtalk_models import Card, DingTalkApp, DingTalkError
from dingtalk_models.call.call import Call, KnownStep
from dingtalk_models.core.errors import (
    AlreadyExists,
    InvalidRequest,
    PermissionDenied,
    PlatformBusy,
    RateLimited,
    TransportError,
)
from dingtalk_models.core.steps import Background, Flow, Promise, Sleep, Step, Wait
from dingtalk_models.message import RobotMessage, RobotSpace
from dingtalk_models.message.cards import stream as card_stream
from dingtalk_models.message.cards.stream import CUT_SHORT
from dingtalk_models.message.cards.text import beginning

REFUSALS: dict[str, Callable[[], Exception]] = {
    "throttled": lambda: RateLimited("send.too.fast"),
    "busy": lambda: PlatformBusy("system.busy"),
    "not sent": lambda: TransportError("cut", sent=False),
    "reply lost": lambda: TransportError("cut", sent=True),
    "scope": lambda: PermissionDenied("Forbidden"),
    "too large": lambda: InvalidRequest("param.stream.content"),
    "unsafe": lambda: InvalidRequest("param.contentUnsafe"),
}
PASSING = ("throttled", "busy", "not sent", "reply lost")

outcomes = st.tuples(st.sampled_from(["ok", *PASSING]), st.floats(0, 3))
worse = st.tuples(st.sampled_from(["ok", *REFUSALS]), st.floats(0, 3))
scripts = st.lists(st.tuples(st.floats(0, 2), st.text(st.sampled_from("ab长\n"), max_size=6)), max_size=25)


@dataclass
class Platform:
    """A platform of one card, which is called by hand."""

    outcomes: list[tuple[str, float]]
    now: float = 1000.0
    card: str | None = None
    status: str = ""
    shown: list[str] = field(default_factory=list[str])
    said: list[str] = field(default_factory=list[str])
    calls: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    error: DingTalkError | None = None

    def act(self, call: Call[Any], outcome: str) -> Any:
        """Carry a call out, or not."""
        path, body = call.endpoint.path, cast("dict[str, Any]", call.request.body)
        if outcome in {"ok", "reply lost"}:
            if path.endswith("createAndDeliver"):
                if self.card is not None:
                    raise AlreadyExists("param.cardAlreadyExist")
                self.card = body["outTrackId"]
                self.shown.append(body["cardData"]["cardParamMap"]["content"])
            elif path.endswith("streaming"):
                self.shown.append(body["content"])
                self.status = "failed" if body["isError"] else "finished" if body["isFinalize"] else "inputting"
            elif path.endswith("instances"):
                params = body["cardData"]["cardParamMap"]
                self.shown.append(params["content"])
                self.status = {"2": "inputting", "3": "finished", "5": "failed"}[params["flowStatus"]]
            else:
                self.said.append(str(body["msgParam"]))
        if outcome != "ok":
            refusal = REFUSALS[outcome]()
            raise refusal
        if path.endswith("createAndDeliver"):
            return Card(out_track_id=body["outTrackId"])
        return RobotMessage(robot_code="key", process_query_keys=["sent"])


class Hand:
    """Runs flows by hand: what waits lets the clock go on, and pieces are written when their time comes."""

    def __init__(self, platform: Platform, stream: Any, script: list[tuple[float, str]]) -> None:
        self.platform = platform
        self.stream = stream
        self.script = [
            (sum(pause for pause, _ in script[: number + 1]), text) for number, (_, text) in enumerate(script)
        ]
        self.began = platform.now

    def write_until(self, when: float) -> None:
        """Write the pieces whose time has come."""
        while self.script and self.began + self.script[0][0] <= when:
            at, piece = self.script.pop(0)
            self.platform.now = max(self.platform.now, self.began + at)
            for _ in self.stream.write.call(piece):
                pass

    def pass_time(self, seconds: float, promise: Promise[Any] | None = None) -> None:
        """Let time pass, or until a promise is kept."""
        end = self.platform.now + seconds
        while not (promise and promise.is_kept()) and self.script and self.began + self.script[0][0] <= end:
            self.write_until(self.began + self.script[0][0])
        if not (promise and promise.is_kept()):
            self.platform.now = max(self.platform.now, end)

    def step(self, step: Step) -> Any:
        """Perform a step."""
        match cast("KnownStep", step):
            case Wait() as waiting:
                if not waiting.promise.is_kept() and not self.script and waiting.seconds > 600:
                    raise Idle
                self.pass_time(waiting.seconds, waiting.promise)
                return None
            case Sleep(seconds):
                self.pass_time(seconds)
                return None
            case Call() as call:
                outcome, lasts = self.platform.outcomes.pop(0) if self.platform.outcomes else ("ok", 0.0)
                self.platform.calls.append((call.endpoint.path, self.platform.now))
                self.pass_time(lasts)
                return self.platform.act(call, outcome)
            case _:
                raise AssertionError(step)

    def run(self, flow: Flow[Any]) -> None:
        """Run a flow to its end, or until it waits for more than will come."""
        result: Any = None
        try:
            step = next(flow)
            while True:
                try:
                    result = self.step(step)
                except Idle:
                    return
                except Exception as error:  # noqa: BLE001 - the flow decides
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration:
            pass


class Idle(Exception):
    """Nothing will happen any more."""


def told(
    script: list[tuple[float, str]], outcomes: list[tuple[str, float]], interval: float, *, failed: bool = False
) -> tuple[Platform, Any, float]:
    """Write a script to a card; returns the platform, the stream, and how long it took."""
    platform = Platform([*outcomes])
    app = DingTalkApp(appkey="key", appsecret="secret")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card_stream, "monotonic", lambda: platform.now)
        patch.setattr(card_stream, "MAX_VALUE", 24)  # so that a text may be beyond it
        stream: Any = app.message.cards.stream("t", RobotSpace("zhaolei"), interval=interval, timeout=1e6)
        (begun,) = [step for step in stream._begin() if isinstance(step, Background)]
        hand = Hand(platform, stream, script)
        worker = begun.flow()
        hand.run(worker)
        hand.write_until(float("inf"))
        took = platform.now - hand.began
        worker.close()
        try:
            hand.run(stream._end(failed=failed))
        except DingTalkError as error:
            platform.error = error
    return platform, stream, took


@settings(max_examples=tries(60))
@given(scripts, st.lists(outcomes, max_size=5), st.sampled_from([0.0, 0.5, 2.0]))
def test_whatever_passes_the_card_ends_with_the_whole_text(
    script: list[tuple[float, str]], outcomes: list[tuple[str, float]], interval: float
) -> None:
    text = "".join(piece for _, piece in script)
    platform, stream, took = told(script, outcomes, interval)
    assert (stream.text, platform.error) == (text, None)
    if not text:
        assert platform.calls == []
        return
    assert (platform.shown[-1], platform.status, platform.said) == (text, "finished", [])
    assert all(platform.shown)
    assert all(text.startswith(each.removesuffix("…")) for each in platform.shown)
    lengths = [len(each.removesuffix("…")) for each in platform.shown]
    assert lengths == sorted(lengths)
    if interval:
        assert len([at for path, at in platform.calls if path.endswith("streaming")]) <= took / interval + 12


@settings(max_examples=tries(60))
@given(scripts, st.lists(worse, max_size=12), st.sampled_from([0.0, 0.5]), st.booleans())
@example([(0.0, "a")], [("reply lost", 0.0), ("ok", 0.0), ("too large", 0.0)], 0.0, False)
@example([(0.0, "aaaa")], [("ok", 0.0), ("scope", 0.0), ("reply lost", 0.0), ("scope", 0.0)], 0.0, True)
def test_whatever_happens_the_answer_is_on_the_card_or_in_a_message(
    script: list[tuple[float, str]], outcomes: list[tuple[str, float]], interval: float, failed: bool
) -> None:
    text = "".join(piece for _, piece in script)
    platform, stream, _ = told(script, outcomes, interval, failed=failed)
    if platform.error is not None:
        assert platform.calls[-1][0].endswith("batchSend")  # the caller knows that even the message failed
    elif text:
        on_card = bool(platform.shown) and platform.shown[-1] in {text, text + CUT_SHORT}
        said = "".join(json.loads(each)["content"] for each in platform.said)
        assert on_card or said in {text, text + CUT_SHORT}
        assert platform.status in {"finished", "failed"} or stream.mode == "message"
    assert all(platform.shown)


@settings(max_examples=tries(40))
@given(scripts, st.sampled_from([0.5, 1.0, 2.0]))
def test_updates_are_no_closer_than_the_interval(script: list[tuple[float, str]], interval: float) -> None:
    platform, _, took = told(script, [], interval)
    times = [at for _, at in platform.calls][:-1]  # the last one tells the end
    assert all(after - before >= interval - 1e-6 for before, after in itertools.pairwise(times))
    assert len(times) <= took / interval + 1


@given(st.text(max_size=40), st.integers(4, 60))
def test_a_beginning_fits_and_is_one(text: str, most: int) -> None:
    cut = beginning(text, most)
    assert len(cut.encode()) <= most
    assert cut == text or text.startswith(cut.removesuffix("…"))
