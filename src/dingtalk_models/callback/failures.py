"""Failures of handlers: the object that error handlers receive, and the apology to a waiting person."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from dingtalk_models.callback.arrival import Arrival
from dingtalk_models.core.errors import DingTalkError

logger = logging.getLogger("dingtalk_models")

APOLOGY = (
    "抱歉，处理这条消息时出了问题，请稍后再试。\nSorry, something went wrong with this message. Please try again later."
)


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception from a handler, passed to the handlers of `app.callback.on_error`.

    Attributes:
        error: what it raised.
        arrival: what it was called with: an event, a message or a click.
        first: whether this is the first failure with it. Whatever comes again may fail again.
    """

    error: Exception
    arrival: Arrival
    first: bool


def apologise(text: str, failure: Failure) -> None:
    """Send an apology to the person in their conversation, once for each message."""
    if not failure.first:
        return
    try:
        failure.arrival.say(text)
    except DingTalkError as error:
        logger.warning("nobody was told that a handler has failed: %s", error)
