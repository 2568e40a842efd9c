"""The two clocks of the package. freezegun and time-machine move one of them, the other goes on.

What says a time follows the time of a test: signatures, events, what is kept in a store. What waits does not, or it
would not end while the time is frozen: pauses, limits, deadlines.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial


def wall() -> float:
    """Seconds since 1970, as a test has set them."""
    # not time.time(): freezegun leaves that real where few calls are between it and the start of a thread
    return datetime.now().timestamp()  # noqa: DTZ005 - freezegun shifts one with a time zone by its tz_offset


if sys.platform == "win32":

    def monotonic() -> float:
        """Seconds that only grow, whatever a test does."""
        return time.monotonic()  # noqa: TID251 - Windows has no other

else:
    monotonic: Callable[[], float] = partial(time.clock_gettime, time.CLOCK_MONOTONIC)
    """Seconds that only grow, whatever a test does."""
