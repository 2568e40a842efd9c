"""Sends one message to many receivers, in as many calls as its API needs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from dingtalk_models.call.call import Call
from dingtalk_models.core.errors import DingTalkError, NobodyReached, PartlySent
from dingtalk_models.core.steps import Flow

T = TypeVar("T")

logger = logging.getLogger("dingtalk_models")

Batch = tuple[Sequence[str | int], Call[T]]
"""The receivers of one call, and the call."""


def send_all(batches: Sequence[Batch[T]], join: Callable[[list[T]], T]) -> Flow[T]:
    """Make the calls one after another, and join their results. If one reaches nobody, the others are still made.

    Raises:
        PartlySent: a call failed after others had been made. The error holds their results.
    """
    done: list[T] = []
    for number, (receivers, call) in enumerate(batches, start=1):
        try:
            done.append((yield from call))
        except NobodyReached as error:
            done.append(error.sent)
        except BaseException as error:
            if not done:
                raise
            unsent = [receiver for receivers, _ in batches[number:] for receiver in receivers]
            partly = PartlySent(join(done), receivers, unsent)
            if isinstance(error, DingTalkError):
                raise partly from error
            # a cancellation or interrupt passes through unchanged, so the log has to say what was sent
            logger.exception("%s; .sent is %r, and these may have it: %s", partly, partly.sent, receivers)
            raise
    return join(done)
