"""When a call is sent again."""

from __future__ import annotations

from dataclasses import dataclass

from dingtalk_models.core.errors import PlatformBusy, RateLimited, TransportError


def worth_repeating(error: BaseException, *, idempotent: bool) -> bool:
    """Whether sending the same call again may help and is safe."""
    match error:
        case RateLimited():
            return True  # refused before it was executed
        case TransportError():
            return idempotent or not error.sent
        case PlatformBusy():
            return idempotent  # it may have been executed nevertheless
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
        longest_wait: the longest wait. The platform's `Retry-After` overrides both; more than a minute counts as one.
    """

    attempts: int = 4
    deadline: float = 30.0
    first_wait: float = 0.2
    longest_wait: float = 5.0

    def worth_repeating(self, error: BaseException, *, idempotent: bool) -> bool:
        """Whether to make further attempts after a first failure."""
        return self.attempts > 1 and worth_repeating(error, idempotent=idempotent)

    def pause(self, error: BaseException | None) -> float:
        """The seconds after a refusal in which the same API is not called, besides the growing waits."""
        asked: float = getattr(error, "retry_after", None) or 0.0
        said = not isinstance(error, RateLimited) or "retry_after" in vars(error)  # not only the second that is usual
        return asked if said else min(asked, 5 * self.first_wait)


NO_RETRY = Retry(attempts=1)
"""A single attempt."""
