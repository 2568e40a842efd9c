"""`Arrival`, the base class of pushed events, messages to a robot and clicks on cards."""

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
"""The classes of arrivals by topic in Stream mode. A class is added when it is defined."""


class Arrival(Record):
    """A pushed object, by HTTP or in Stream mode. Handlers of `app.callback.on(…)` receive it."""

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
        """Read it from a push, or from the data of a frame in Stream mode.

        Raises:
            CallbackError: it is not a JSON object, or a required field is missing.
        """
        if not isinstance(payload, dict):
            raise CallbackError(f"it is no {cls.__name__}: no JSON object")
        return cls._of(cast("dict[str, Any]", payload))

    @classmethod
    def _of(cls, payload: dict[str, Any]) -> Self:
        return cls._read(payload)

    @classmethod
    def framed(cls, data: dict[str, Any], message_id: str | None) -> Self:
        """Read it from the data of a frame in Stream mode, together with the frame's id."""
        del message_id
        return cls.read(data)

    @classmethod
    def _read(cls, fields: Mapping[str, Any], fixed: Mapping[str, Any] = MappingProxyType({})) -> Self:
        """Read these fields. One without its documented form is kept in `unparsed`, unless it is required."""
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
        """The app that received it, or the current app if it was made by hand."""
        return getattr(self, "_app", None) or current_app()

    @property
    def key(self) -> str | None:
        """An id that all deliveries of it share, so that it is handled once; `None` if there is no such id."""
        raise NotImplementedError

    @property
    def handled_as(self) -> tuple[str, ...]:
        """The names under which its handlers are registered, in the order in which they run."""
        return (self.TYPE,)

    def received_by(self, app: AppLike) -> None:
        """Remember the app that received it."""
        object.__setattr__(self, "_app", app)

    def say(self, text: str) -> None:
        """Send a text to the person who is waiting for an answer, if there is one."""
        del text

    def answer(self, returned: Sequence[object]) -> Any:
        """Return the answer in Stream mode, based on the values that the handlers returned.

        Args:
            returned: the value that each handler returned, in the order of their registration.
        """
        return next((each for each in reversed(returned) if each is not None), None)
