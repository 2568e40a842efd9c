"""When a call is sent again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import DingTalkError, PlatformBusy, RateLimited, TransportError
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.steps import Flow, Sleep


def worth_repeating(error: BaseException, *, idempotent: bool) -> bool:
    """Whether sending the same call again may help and is safe."""
    match error:
        case RateLimited():
            return True  # refused before execution
        case TransportError():
            return idempotent or not error.sent
        case PlatformBusy():
            return idempotent  # may have been executed all the same
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how long a call is tried.

    Attributes:
        attempts: the most attempts. If more than 1, a call refused by the rate limit is tried until the deadline.
        deadline: the seconds after which a call ends, with everything that belongs to it: the token, the wait for the
            rate limit, each attempt, every byte of the reply. Only the bytes of a file may take longer.
        first_wait: the seconds of the first wait. Each further wait is twice as long, with jitter. After too many
            calls, a second is waited besides, or five such waits if that is less: with 0 nothing is waited.
        longest_wait: the longest wait. The platform's `Retry-After` overrides both, up to one minute.
    """

    attempts: int = 4
    deadline: float = 30.0
    first_wait: float = 0.2
    longest_wait: float = 5.0

    def worth_repeating(self, error: BaseException, *, idempotent: bool) -> bool:
        """Whether to make further attempts after a first failure."""
        return self.attempts > 1 and worth_repeating(error, idempotent=idempotent)

    def pause(self, error: BaseException | None) -> float:
        """Return for how many seconds an API is not called after a refusal, in addition to the growing waits."""
        asked: float = getattr(error, "retry_after", None) or 0.0
        said = not isinstance(error, RateLimited) or "retry_after" in vars(error)  # not just the default of one second
        return asked if said else min(asked, 5 * self.first_wait)


NO_RETRY = Retry(attempts=1)
"""A single attempt."""


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
        # added to the common pause, so that callers that were refused together do not return together
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
