"""When a call is sent again: one readable predicate, run by tenacity under a total deadline."""

from __future__ import annotations

from dataclasses import dataclass

from dingtalk_models.core.errors import PlatformBusy, RateLimited, TransportError


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
        attempts: how often at most; a call that is only throttled is tried until the deadline, if more than once.
        deadline: seconds after which no further attempt begins.
        first_wait: the scale of the first wait, in seconds; the next ones double, with jitter.
        longest_wait: the longest wait. What the platform asks for in `Retry-After` goes before both.
    """

    attempts: int = 4
    deadline: float = 30.0
    first_wait: float = 0.2
    longest_wait: float = 5.0

    def worth_repeating(self, error: BaseException, *, idempotent: bool) -> bool:
        """Whether to go on after a first failure."""
        return self.attempts > 1 and worth_repeating(error, idempotent=idempotent)


NO_RETRY = Retry(attempts=1)
"""One attempt, whatever comes of it."""
