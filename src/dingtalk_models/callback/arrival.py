"""What the platform pushes to an app: events, messages to its robot, clicks on its cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Self, cast

from pydantic import ConfigDict, ValidationError
from typing_extensions import Unpack

from dingtalk_models.call.repair import UNPARSED
from dingtalk_models.core.context import AppLike, current_app
from dingtalk_models.core.errors import CallbackError
from dingtalk_models.resource.model import Record

topics: dict[str, type[Arrival]] = {}
"""The classes of arrivals by their topics in Stream mode. A class enters when it is defined."""


class Arrival(Record):
    """Something that arrives, by an HTTP push or in Stream mode. Handlers of `app.callback.on(…)` take it."""

    TYPE: ClassVar[str]
    """The name under which its handlers are registered."""

    TOPIC: ClassVar[str | None] = None
    """The topic of its callback in Stream mode; `None` for events."""

    __slots__ = ("_app",)

    def __init_subclass__(cls, **settings: Unpack[ConfigDict]) -> None:
        super().__init_subclass__(**settings)
        if topic := vars(cls).get("TOPIC"):
            topics[topic] = cls

    @classmethod
    def read(cls, payload: object) -> Self:
        """Read it from what was pushed: of a frame in Stream mode, from its data.

        Raises:
            CallbackError: it is no JSON object, or a field that it cannot do without is missing.
        """
        if not isinstance(payload, dict):
            raise CallbackError(f"it is no {cls.__name__}: no JSON object")
        return cls._of(cast("dict[str, Any]", payload))

    @classmethod
    def _of(cls, payload: dict[str, Any]) -> Self:
        return cls._read(payload)

    @classmethod
    def framed(cls, data: dict[str, Any], message_id: str | None) -> Self:
        """Read it from the data of a frame in Stream mode, which has an id."""
        del message_id
        return cls.read(data)

    @classmethod
    def _read(cls, fields: Mapping[str, Any], fixed: Mapping[str, Any] = MappingProxyType({})) -> Self:
        """Read these fields. One that does not have its documented form is kept in `unparsed`, unless it is fixed."""
        left, unparsed, whole = fields, dict[str, Any](), {**fields, **fixed} if fixed else fields
        while True:
            try:
                return cls.model_validate(whole)
            except ValidationError as error:
                if not left:
                    raise CallbackError(f"it is no {cls.__name__}") from None
                odd = {str(problem["loc"][0]) for problem in error.errors(include_url=False)} & left.keys() or {*left}
                unparsed |= {name: left[name] for name in odd if left[name] is not None}
                left = {name: value for name, value in left.items() if name not in odd}
                whole = {**left, **fixed, **({UNPARSED: unparsed} if unparsed else {})}

    @property
    def app(self) -> AppLike:
        """The app that received it; the app in use, if it was made by hand."""
        return getattr(self, "_app", None) or current_app()

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
        object.__setattr__(self, "_app", app)

    def say(self, text: str) -> None:
        """Say something to the person who waits for an answer; nothing if there is none."""
        del text

    def answer(self, returned: Sequence[object]) -> Any:
        """What to answer in Stream mode, from what the handlers returned.

        Args:
            returned: the value that each handler returned, in the order of their registration.
        """
        return next((each for each in reversed(returned) if each is not None), None)
