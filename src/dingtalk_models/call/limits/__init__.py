"""The rate limiter: calls wait until the platform allows them, so that it refuses none.

A limit of n calls per period has n permits. Every call needs one. When the reply arrives, the permit rests for one
period before another call can use it. The platform counted the call before it replied, so when the rest is over it no
longer counts it. Thus the platform never counts more than n calls in a period, however slow they are. The price is the
time of one reply per period. To limit it for slow APIs, a call that takes longer than `LONGEST_WAY` seconds counts as
answered.

Callers are served in order of arrival. Nobody wakes them: each learns how long to wait at least, sleeps and asks again.
"""

from dingtalk_models.call.limits.limiter import Limiter
from dingtalk_models.call.limits.settings import RateLimit

__all__ = ["Limiter", "RateLimit"]
