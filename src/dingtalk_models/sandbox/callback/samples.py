"""The documented events with a sample of each, read at first use; scripts/generate writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class EventSample:
    """A documented event.

    Attributes:
        name: its type.
        title: its Chinese title.
        fields: its documented fields, without those that every event has.
    """

    name: str
    title: str
    fields: Mapping[str, Any]


@cache
def event_samples() -> Mapping[str, EventSample]:
    """Return every documented event, by type."""
    text = files("dingtalk_models.sandbox.callback").joinpath("event_samples.json").read_text("utf-8")
    return {each["name"]: EventSample(**each) for each in json.loads(text)}
