"""When a call is sent again: one readable predicate, run by tenacity under a total deadline."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    DoAttempt,
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_before_delay,
    wait_random_exponential,
)

from dingtalk_models.core.errors import DingTalkError, PlatformBusy, RateLimited, TransportError
from dingtalk_models.core.flow import Flow, Sleep

T = TypeVar("T")


def worth_repeating(error: BaseException, *, idempotent: bool) -> bool:
    """Whether sending the same call again may help, and can do no harm."""
    match error:
        case RateLimited():
            return True  # refused before it was acted on
        case TransportError():
            return idempotent or not error.sent
        case PlatformBusy():
            return idempotent  # it may have been acted on all the same
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how long a call is tried.

    Attributes:
        attempts: how often at the most; a call that is only throttled is tried until the deadline, if more than once.
        deadline: seconds after which no further attempt begins.
        first_wait: the scale of the first wait, in seconds; the next ones double, with jitter.
        longest_wait: the longest wait. What the platform asks for in `Retry-After` goes before both.
    """

    attempts: int = 4
    deadline: float = 30.0
    first_wait: float = 0.2
    longest_wait: float = 5.0

    def run(self, attempt: Callable[[], Flow[T]], begun: float, *, idempotent: bool) -> Flow[T]:
        """Make attempts until one succeeds, or no further one is worth it; `begun` is when the deadline began."""
        try:
            return (yield from attempt())
        except DingTalkError as error:
            if self.attempts <= 1 or not worth_repeating(error, idempotent=idempotent):
                raise
            return (yield from self._run_on(attempt, begun, idempotent=idempotent))

    def _run_on(self, attempt: Callable[[], Flow[T]], begun: float, *, idempotent: bool) -> Flow[T]:
        """Go on after a first failure, which is being handled: nothing of this costs a call that succeeds at once."""
        retrying = Retrying(
            retry=retry_if_exception(lambda error: worth_repeating(error, idempotent=idempotent)),
            stop=self._over,
            wait=self._wait,
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

    def _over(self, state: RetryCallState) -> bool:
        exhausted = state.attempt_number >= self.attempts and not isinstance(_error(state), RateLimited)
        return exhausted or stop_before_delay(self.deadline)(state)

    def _wait(self, state: RetryCallState) -> float:
        asked = getattr(_error(state), "retry_after", None) or 0.0
        # added to what the platform asks for, so that callers that were refused together do not come back together
        return asked + float(wait_random_exponential(multiplier=self.first_wait, max=self.longest_wait)(state))


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


NO_RETRY = Retry(attempts=1)
"""One attempt, whatever comes of it."""
