"""Session stores: where access tokens, tickets and short locks are kept.

`open_session` makes a `Session` of any of these. A `Session` behaves the same with all of them:

    None, "memory://"                       this process only
    "sqlite:///path/to/file.db"             a file that processes of one machine share
    "redis://…", "rediss://…", "unix://…"   Redis; or a `redis.Redis`
    "memcached://host:port,host:port"       Memcached; or a client of pymemcache or python-memcached
    "mysql+pymysql://…", "postgresql+psycopg://…", …   any database that SQLAlchemy supports
    an object with get, set and delete      see `SessionManager`; with add, see `LockingSessionManager`
"""

from dingtalk_models.sessions.base import LockingSessionManager, Session, SessionManager, SessionSource
from dingtalk_models.sessions.opening import open_session

__all__ = ["LockingSessionManager", "Session", "SessionManager", "SessionSource", "open_session"]
