"""Seconds of what `scripts/fuzz` does: replies to every operation, with one value changed, and with many."""

from __future__ import annotations

import os
import time

import fuzzing
import one_value
from samples_of import CONTRADICTING, every_sample

from dingtalk_models import operations

SECONDS = float(os.environ.get("FUZZ_SECONDS", "5"))


def test_whatever_is_replied_becomes_an_error_of_ours_or_the_right_value() -> None:
    fuzzing.subjects()  # compiled before the time runs
    found = fuzzing.fuzz(range(fuzzing.MILLION), time.monotonic() + SECONDS)
    assert found.total() > 10 * SECONDS
    for kind in ("read", "refused", "TransportError", "spoilt, but read"):
        assert found[kind] > found.total() / 200, found


def test_one_odd_value_never_costs_a_call() -> None:
    """A slice of what `scripts/fuzz` does; 7919 is a prime, so that the slice has every operation and value."""
    cases = range(0, one_value.count() * 7919, 7919)
    found, wrong = one_value.sweep((number % one_value.count() for number in cases), time.monotonic() + SECONDS / 2)
    assert not wrong, "\n".join(wrong)
    assert found["read"] > 10 * SECONDS


def test_every_operation_is_in_it() -> None:
    without = {info.name for info in operations() if info.evidence == "documentation"} - {
        sample.info.name for sample, _ in one_value.places()
    }
    silent = {sample.info.name for sample in every_sample() if sample.call.into is None}
    # two have samples that are none
    assert without - silent == {"calendar_1_0.GetSignInLink", *CONTRADICTING}
