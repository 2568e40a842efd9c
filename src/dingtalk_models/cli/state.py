"""The common options: the profile, and how much is printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class State:
    """The options of one run.

    Attributes:
        profile: the profile, if given.
        verbose: whether to show calls.
        debug: whether to show tracebacks.
    """

    profile: str | None = None
    verbose: bool = False
    debug: bool = False


state = State()
