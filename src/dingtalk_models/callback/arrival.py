"""What the platform pushes to an app: events, messages to its robot, clicks on its cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import PrivateAttr

from dingtalk_models.core.context import AppLike, current_app
from dingtalk_models.core.model import Record


class Arrival(Record):
    """Something that arrives, by an HTTP push or in Stream mode. Handlers of `app.callback.on(…)` take it."""

    TYPE: ClassVar[str]
    """The name under which its handlers are registered."""

    TOPIC: ClassVar[str | None] = None
    """The topic of its callback in Stream mode; `None` for events."""

    _app: AppLike | None = PrivateAttr(default=None)

    @property
    def app(self) -> AppLike:
        """The app that received it; the app in use, if it was made by hand."""
        return self._app or current_app()

    @property
    def key(self) -> str | None:
        """The same in each delivery, so that it is handled once; `None` if nothing tells deliveries apart."""
        raise NotImplementedError

    @property
    def handled_as(self) -> tuple[str, ...]:
        """The names under which its handlers are registered, in the order in which they run."""
        return (self.TYPE,)

    def received_by(self, app: AppLike) -> None:
        """Remember the app that received it."""
        self._app = app

    def answer(self, returned: Sequence[object]) -> Any:
        """What to answer in Stream mode, from what the handlers returned.

        Args:
            returned: the value that each handler returned, in the order of their registration.
        """
        return next((each for each in reversed(returned) if each is not None), None)
