"""A minute of mutated replies to every operation; `scripts/fuzz` has a million of them."""

from __future__ import annotations

import os
import time

import fuzzing

SECONDS = float(os.environ.get("FUZZ_SECONDS", "15"))


def test_whatever_is_replied_becomes_an_error_of_ours_or_the_right_value() -> None:
    found = fuzzing.fuzz(range(fuzzing.MILLION), time.monotonic() + SECONDS)
    assert found.total() > 10 * SECONDS
    for kind in ("read", "refused", "TransportError", "spoilt, but read"):
        assert found[kind] > found.total() / 200, found
