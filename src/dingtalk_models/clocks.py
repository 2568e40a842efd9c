"""The two clocks of the package. freezegun and time-machine control only the wall clock.

Timestamps use the wall clock, so tests can set it: signatures, events, expiry in a store. Waiting uses the monotonic
clock, or it would never end while a test has frozen the time: pauses, limits, deadlines.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial


def wall() -> float:
    """Return the seconds since 1970. A test can set them."""
    # not time.time(): freezegun does not replace it in calls near the start of a thread
    return datetime.now().timestamp()  # noqa: DTZ005 - freezegun shifts one with a time zone by its tz_offset


if sys.platform == "win32":

    def monotonic() -> float:
        """Return the seconds of a clock that only goes forward, whatever a test does."""
        return time.monotonic()  # noqa: TID251 - Windows has no other

else:
    monotonic: Callable[[], float] = partial(time.clock_gettime, time.CLOCK_MONOTONIC)
    """Return the seconds of a clock that only goes forward, whatever a test does."""
