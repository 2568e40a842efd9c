"""How long the tests try by chance: a little in every run, for minutes in `scripts/soak --tests`."""

from __future__ import annotations

import os

SOAK = "SOAK" in os.environ
"""Whether there is time for everything, as in `scripts/soak --tests`."""


def tries(count: int) -> int:
    """How many cases to try where `count` are enough for every run."""
    return count * 20 if SOAK else count
