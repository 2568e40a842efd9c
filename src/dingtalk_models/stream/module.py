"""`app.stream`: receives pushes over a WebSocket that the app opens. It needs no public address.

@app.callback.on(UserAddOrg)
def welcome(event: UserAddOrg) -> None: ...

app.stream.run()            # until Ctrl-C or SIGTERM
await app.stream.serve()    # on a loop of your own
app.stream.start()          # in a thread; app.stream.stop() ends it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import deprecated

from dingtalk_models.callback.arrival import topics
from dingtalk_models.callback.handlers import Decorator
from dingtalk_models.callback.receiver import Receiver
from dingtalk_models.callback.topic_callback import TopicCallback
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.process.forking import after_fork, check_fork
from dingtalk_models.resource.manager import Module
from dingtalk_models.stream.status import Status
from dingtalk_models.stream.stream_app import StreamApp
from dingtalk_models.stream.timing import Timing

if TYPE_CHECKING:
    from dingtalk_models.stream.dispatch import Ack
    from dingtalk_models.stream.running import StreamRun

DEADLINE = 2.5
THREADS = 32
MOST = 1000
TIMEOUT = 10.0


class Stream(Module):
    """The Stream client of an app.

    Its handlers are those of `app.callback.on(…)`. Register them before it is started.

    Attributes:
        deadline: seconds within which each frame is answered. The platform waits for 3 seconds. An event whose
            handlers take longer is answered LATER: when it comes again, it was handled, and they do not run again.
        threads: how many handlers that are plain functions run at a time. Coroutine functions run on the event loop.
        most: how many events and callbacks are handled at a time. Further ones are answered LATER.
        timing: pings, pauses and other times.
    """

    def __init__(self, app: StreamApp) -> None:
        super().__init__(app)
        self.deadline = DEADLINE
        self.threads = THREADS
        self.most = MOST
        self.timing = Timing()
        self._stream_app = app
        self._status = Status()
        self._running: StreamRun | None = None
        after_fork(self, Stream._after_fork)

    @deprecated("use app.callback.on(topic=…) / 请改用 app.callback.on(topic=…)")
    def on(self, topic: str, /) -> Decorator[TopicCallback]:
        """The earlier name of `app.callback.on(topic="…")`."""
        return self._stream_app.callback.on(topic=topic)

    def run(self, *, ack: Ack = "after", timeout: float = TIMEOUT) -> None:
        """Receive until Ctrl-C or SIGTERM, or until `stop` is called.

        Args:
            ack: when an event is acknowledged: `after` its handlers succeeded, so that the platform sends it again if
                one raised or the process died; or `before` they run, so that it is never sent again.
            timeout: seconds that running handlers have to finish, when it is stopped. A second signal cuts it short.

        Raises:
            SystemExit: the platform does not accept appkey and appsecret: a program that does nothing else ends here,
                with this one line. Its `__cause__` is the `AuthenticationError` that `serve` and `start` raise.
            ConfigurationError: no handler is registered, or the app receives already.
        """
        self._stream_app.driver.check_loop("await app.stream.serve()")
        self._begin(ack, timeout).run()

    async def serve(self, *, ack: Ack = "after", timeout: float = TIMEOUT) -> None:  # noqa: ASYNC109 - of handlers
        """Receive on this event loop, until `stop` is called or the task is cancelled.

        Args:
            ack: when an event is acknowledged: `after` its handlers succeeded, or `before` they run.
            timeout: seconds that running handlers have to finish, when it is stopped or cancelled.

        Raises:
            AuthenticationError: the platform does not accept appkey and appsecret.
            ConfigurationError: no handler is registered, or the app receives already.
        """
        await self._begin(ack, timeout).serve()

    def start(self, *, ack: Ack = "after") -> None:
        """Receive in a thread. Returns when the app is connected, or the first attempt has failed and others follow.

        Args:
            ack: when an event is acknowledged: `after` its handlers succeeded, or `before` they run.

        Raises:
            AuthenticationError: the platform does not accept appkey and appsecret.
            ConfigurationError: no handler is registered, or the app receives already.
        """
        self._stream_app.driver.check_loop("await app.stream.serve()")
        self._begin(ack, TIMEOUT).start()

    def stop(self, timeout: float = TIMEOUT) -> None:
        """Accept nothing more, let running handlers finish, answer their frames, and close the connection.

        Returns when that is done. In a handler, or on an event loop, it returns at once.

        Args:
            timeout: seconds that running handlers have. Then coroutines are cancelled and threads are left behind; what
                they handle is not acknowledged.
        """
        check_fork()
        if self._running is not None:
            self._running.stop(timeout)

    @property
    def status(self) -> Status:
        """The current state, counts and time of the last message."""
        check_fork()
        return self._status.snapshot()

    def _begin(self, ack: Ack, timeout: float) -> StreamRun:
        check_fork()
        if self._status.state != "stopped":
            raise ConfigurationError("this app receives already / 该应用已在接收")
        from dingtalk_models.stream.running import HandlingSettings, StreamRun  # noqa: PLC0415 - only when used

        app = self._stream_app
        settings = HandlingSettings(ack, self.deadline, self.threads, self.most, self.timing, waits=app.marks.waits)
        status = Status()
        running = StreamRun(app, app.callback, subscriptions(app.callback), settings, status=status, timeout=timeout)
        self._status, self._running = status, running
        return running

    def _after_fork(self) -> None:
        """In a forked process: forget the client, which is the parent's."""
        self._status, self._running = Status(), None


def subscriptions(callback: Receiver) -> list[dict[str, str]]:
    """Return the subscriptions for the registered handlers.

    Raises:
        ConfigurationError: there is none, or a topic has handlers of both kinds.
    """
    names = {name for name, handlers in callback.handlers.items() if handlers}
    typed = {kind.TYPE: topic for topic, kind in topics.items()}
    named = {name for name in names if name.startswith("/")}
    asked = named | {typed[name] for name in names & typed.keys()}
    if both := named & {typed[name] for name in names & typed.keys()}:
        raise ConfigurationError(
            f"{(topic := both.pop())} has handlers of {topics[topic].__name__} and of the topic: choose one of them / "
            f"同一 topic 不能同时按 {topics[topic].__name__} 和按 topic 注册"
        )
    found = [{"type": "CALLBACK", "topic": topic} for topic in sorted(asked)]
    if names - named - typed.keys():
        found.insert(0, {"type": "EVENT", "topic": "*"})
    if not found:
        raise ConfigurationError(
            "nothing would arrive: register a handler with app.callback.on first / "
            "尚未注册处理函数：请先用 app.callback.on 注册"
        )
    return found
