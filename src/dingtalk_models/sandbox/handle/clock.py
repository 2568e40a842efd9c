"""The sandbox's time."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dingtalk_models.moments import PlainTime
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.handle.operations import Body, operation
from dingtalk_models.sandbox.server.clock import Clock, in_beijing


class Time(BaseModel):
    """The sandbox's time in seconds since the epoch and in Beijing time, and the seconds it was advanced."""

    now: float
    beijing: PlainTime
    ahead: float

    @classmethod
    def of(cls, clock: Clock) -> Time:
        """Read a clock."""
        return cls(now=(now := clock.now()), beijing=in_beijing(now), ahead=clock.ahead)


class Advance(Body):
    """How far to move the clock."""

    seconds: float = Field(ge=0)


@operation("GET", "/clock", "clock.now")
def read_clock(sandbox: Sandbox) -> Time:
    """Read the clock. / 读取时钟。"""
    return Time.of(sandbox.clock)


@operation("POST", "/clock/advance", "clock.advance")
def advance_clock(sandbox: Sandbox, body: Advance) -> Time:
    """Advance the clock. / 将时钟拨快若干秒。"""
    sandbox.clock.advance(body.seconds)
    return Time.of(sandbox.clock)
