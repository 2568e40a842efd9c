"""What is sent in Stream mode, as the handle shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator


class StreamAnswer(BaseModel, from_attributes=True):
    """What a client answered."""

    code: Any
    data: Any


class StreamMessageView(BaseModel, from_attributes=True):
    """An event or a callback: to which connections it was sent, and what they answered."""

    type: str
    topic: str
    headers: dict[str, str]
    data: Mapping[str, Any]
    sent_to: list[str]
    answers: Annotated[list[StreamAnswer], BeforeValidator(tuple)]  # one may come while they are read
    accepted: bool
    lost: bool
