"""The rate limiter: calls wait until the platform allows them, so that it refuses none.

A limit of n calls in a period is kept with n permits. A call is sent with a permit. When its reply has come, the permit
rests for one period; then another call may have it. The platform counted the first call before its reply came, so by
then it no longer counts that call. So the platform never counts more than n calls in a period, however long each of
them was under way. The cost is the time of one reply in each period. To keep this cost small for slow APIs, a call that
has been under way for `LONGEST_WAY` seconds counts as answered.

Callers wait in the order in which they come. Nobody wakes them: each is told how long to wait at least, sleeps that
long and asks again.
"""

from dingtalk_models.call.limits.limiter import Limiter
from dingtalk_models.call.limits.settings import RateLimit

__all__ = ["Limiter", "RateLimit"]
