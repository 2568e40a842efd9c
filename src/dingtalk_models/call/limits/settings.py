"""The settings of the rate limiter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dingtalk_models.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many calls an app makes. Further calls wait, at most until the deadline of the app's `Retry`.

    If the app's session store is Redis, all processes that use it share the limits of the app, except the limit of
    the address.

    Attributes:
        per_second: calls a second to each API.
        apis: calls a second to single APIs, by path, such as `{"/topapi/v2/user/list": 40}`.
        per_address: calls of this process in 20 seconds, to all APIs; `None` for no limit.
        monthly: calls in a calendar month that count against the company's quota; more raise `QuotaExhausted`.
            `None` leaves the counting to the platform.

    Raises:
        ConfigurationError: a limit is not positive, or a key of `apis` is not a path.
    """

    per_second: int = 20
    apis: Mapping[str, int] = field(default_factory=dict[str, int])
    per_address: int | None = 10_000
    monthly: int | None = None

    def __post_init__(self) -> None:
        limits = [self.per_second, self.per_address, self.monthly, *self.apis.values()]
        if any(limit is not None and limit < 1 for limit in limits):
            raise ConfigurationError(
                "a rate limit is at least 1; rate_limit=None is no limit / 至少为 1；不限流请用 rate_limit=None"
            )
        if wrong := [path for path in self.apis if not path.startswith("/")]:
            raise ConfigurationError(
                f"rate limits of single APIs go by path, such as /topapi/v2/user/get: {wrong} / "
                "单个接口的频率上限按路径设置，如 /topapi/v2/user/get"
            )
