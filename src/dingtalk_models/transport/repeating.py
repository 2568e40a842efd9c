"""Going on after a first failure, run by tenacity: apart from `retry`, since most calls need none of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from tenacity import (
    DoAttempt,
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_before_delay,
    wait_random_exponential,
)

from dingtalk_models.core.errors import DingTalkError, RateLimited
from dingtalk_models.core.flow import Flow, Sleep
from dingtalk_models.transport.retry import Retry, worth_repeating

T = TypeVar("T")


def repeat(retry: Retry, attempt: Callable[[], Flow[T]], begun: float, *, idempotent: bool) -> Flow[T]:
    """Go on after a first failure, which is being handled; the arguments are those of `Retry.run`."""

    def over(state: RetryCallState) -> bool:
        exhausted = state.attempt_number >= retry.attempts and not isinstance(_error(state), RateLimited)
        return exhausted or stop_before_delay(retry.deadline)(state)

    def wait(state: RetryCallState) -> float:
        asked = getattr(_error(state), "retry_after", None) or 0.0
        # added to what the platform asks for, so that callers that were refused together do not come back together
        return asked + float(wait_random_exponential(multiplier=retry.first_wait, max=retry.longest_wait)(state))

    retrying = Retrying(
        retry=retry_if_exception(lambda error: worth_repeating(error, idempotent=idempotent)),
        stop=over,
        wait=wait,
        reraise=True,
    )
    retrying.begin()
    state = RetryCallState(retrying, None, (), {})
    state.start_time = begun
    state.set_exception(sys.exc_info())  # type: ignore[arg-type]
    while True:
        action = retrying.iter(retry_state=state)
        if isinstance(action, DoAttempt):
            try:
                return (yield from attempt())
            except DingTalkError:
                state.set_exception(sys.exc_info())  # type: ignore[arg-type]
        else:
            state.prepare_for_next_attempt()
            yield Sleep(float(action))


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
