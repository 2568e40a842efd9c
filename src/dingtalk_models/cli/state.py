"""What the options before the command say: the profile, and how much is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class State:
    """The options of one run.

    Attributes:
        profile: the profile, if one is named.
        verbose: whether calls are shown.
        debug: whether tracebacks are shown.
    """

    profile: str | None = None
    verbose: bool = False
    debug: bool = False


state = State()
