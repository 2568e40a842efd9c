"""The times of a client, and its clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dingtalk_models.clocks import monotonic, wall


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of a client, in seconds.

    Attributes:
        ping: between two pings of its own. A connection is dead if the answer takes longer than that.
        silence: without any frame, after which a connection is given up: a healthy gateway sends one every 20 to 30.
        jump: by which the wall clock may run ahead of the monotonic one. More means that the machine slept.
        patience: for connecting.
        first: the shortest pause before connecting again after a failure.
        longest: the longest one.
        steady: after which a connection counts as a good one, so that the next pause is short again.
        linger: for which the old connection is kept after the gateway gave notice.
        wall: the wall clock.
        monotonic: the monotonic clock.
    """

    ping: float = 10.0
    silence: float = 60.0
    jump: float = 15.0
    patience: float = 15.0
    first: float = 1.0
    longest: float = 60.0
    steady: float = 10.0
    linger: float = 15.0
    wall: Callable[[], float] = wall
    monotonic: Callable[[], float] = monotonic
