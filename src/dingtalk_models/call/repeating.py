"""Further attempts after a first failure, by tenacity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from dingtalk_models.call.retry import Retry, worth_repeating
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import DingTalkError, RateLimited
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.steps import Flow, Sleep

T = TypeVar("T")


def repeat(
    retry: Retry, failure: DingTalkError, attempt: Callable[[], Flow[T]], until: float, endpoint: Endpoint
) -> Flow[T]:
    """Make further attempts after a first failure.

    Args:
        retry: how often and how long to try.
        failure: the error of the first attempt.
        attempt: makes a further attempt.
        until: the deadline, on the monotonic clock.
        endpoint: the API that is called.
    """
    backoff = wait_random_exponential(multiplier=retry.first_wait, max=retry.longest_wait)

    def stop(state: RetryCallState) -> bool:
        exhausted = state.attempt_number >= retry.attempts and not isinstance(_error(state), RateLimited)
        return exhausted or monotonic() + state.upcoming_sleep >= until

    def wait(state: RetryCallState) -> float:
        # added to the pause of all: callers that were refused together should not come back together
        return retry.pause(_error(state)) + backoff(state)

    waits: list[float] = []  # tenacity says how long to sleep, and the driver sleeps
    retrying = Retrying(
        retry=retry_if_exception(lambda error: worth_repeating(error, idempotent=endpoint.idempotent)),
        stop=stop,
        wait=wait,
        sleep=lambda seconds: waits.append(float(seconds)),
        reraise=True,
    )
    first = True
    for further in retrying:
        while waits:
            yield Sleep(waits.pop())
        with further:
            if first:  # the first attempt was made before tenacity was needed
                first = False
                raise failure
            return (yield from attempt())
    raise failure  # not reached: tenacity raises the last failure itself


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
