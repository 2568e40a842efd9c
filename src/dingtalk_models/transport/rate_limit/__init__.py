"""The rate limiter: calls wait until the platform takes them, so that it refuses none.

A limit of n calls in a window of time is kept by n permits. A call is sent with a permit. When its answer has come, the
permit rests for the length of the window; then another call may have it. The first call had reached the platform before
its answer came, and the other is sent a window later than that. So no window at the platform holds more than n calls,
however long each takes to get there. The price is the time of one answer in each window. So that a slow API does not
become slower still, a call that has been under way for `LONGEST_WAY` seconds counts as answered.

Callers queue in the order in which they come. Nobody wakes them: each is told how many seconds it has to wait at least,
sleeps that long and asks again.
"""

from dingtalk_models.transport.rate_limit.limiter import Limiter
from dingtalk_models.transport.rate_limit.settings import RateLimit

__all__ = ["Limiter", "RateLimit"]
