"""Interactive cards, with all their visible states."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, TypeAlias

from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.leaving import Leaver, StatePart

Status = Literal["processing", "inputting", "finished", "failed"]
"""The status of an AI card: 处理中, 输入中, 完成, 失败."""

SPACES: Final = {
    "IM_GROUP": "imGroup",
    "IM_ROBOT": "imRobot",
    "IM_SINGLE": "imSingle",
    "ONE_BOX": "top",
    "CO_FEED": "coFeed",
    "DOC": "doc",
}
"""The kinds of space, and the prefix of the models of each."""


_Names: TypeAlias = set[str]  # inside `Card`, `set` is a method

STATUS_PARAM: Final = "flowStatus"
"""The parameter that sets the status of an AI card that is not streamed, as in the platform's SDK."""

_STATUSES: Final[dict[str, Status]] = {"1": "processing", "2": "inputting", "3": "finished", "5": "failed"}


@dataclass(frozen=True)
class CardState:
    """A state of a card from some time on.

    Attributes:
        params: its parameters, which everyone sees.
        status: its status.
        at: the time, in seconds since the epoch by the sandbox's clock.
    """

    params: Mapping[str, str]
    status: Status
    at: float


@dataclass(frozen=True)
class Click:
    """A click on a card, and the app's answer.

    Attributes:
        payload: the data sent to the app.
        answer: the answer, once there is one.
        problem: the problem of the answer; None if it was right.
    """

    payload: Mapping[str, Any]
    answer: Mapping[str, Any] | None
    problem: str | None = None


@dataclass
class Card:
    """A card.

    Attributes:
        out_track_id: its id.
        template_id: its template.
        params: its parameters, which everyone sees.
        private: the parameters for one person, by userid.
        status: its status as an AI card.
        states: its visible states, oldest first; none before it is delivered.
        callback_type: the way of clicks: `STREAM` or `HTTP`.
        route: the callback route for clicks by HTTP.
        user_id_type: the ids of people in its clicks: 1 for userids, 2 for union ids.
        models: its model for each kind of space, by the code of the kind.
        delivered: the kinds and ids of the spaces where it was delivered.
        tops: the groups in which it is pinned to the top.
        clicks: the clicks on it, oldest first.
        shown: its content in transcripts: its id and its present parameters.
    """

    out_track_id: str
    template_id: str
    params: dict[str, str]
    private: dict[str, dict[str, str]]
    callback_type: str | None = None
    route: str | None = None
    user_id_type: int = 1
    status: Status = "processing"
    states: list[CardState] = field(default_factory=list[CardState])
    models: dict[str, Any] = field(default_factory=dict[str, Any])
    delivered: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    tops: _Names = field(default_factory=set[str])
    clicks: list[Click] = field(default_factory=list[Click])
    shown: dict[str, Any] = field(default_factory=dict[str, Any])
    guids: _Names = field(default_factory=set[str])

    def seen_by(self, userid: str) -> dict[str, str]:
        """Return the parameters as one person sees them."""
        return {**self.params, **self.private.get(userid, {})}

    def texts(self, key: str) -> list[str]:
        """Return the successive texts of a parameter."""
        found: list[str] = []
        for state in self.states:
            text = state.params.get(key, "")
            if not found or found[-1] != text:
                found.append(text)
        return found

    def set(self, params: Mapping[str, str], *, by_key: bool) -> None:
        """Set parameters. Without `by_key`, they replace all present ones."""
        self.params = {**(self.params if by_key else {}), **params}
        self.status = _STATUSES.get(params.get(STATUS_PARAM, ""), self.status)

    def changed(self, at: float) -> None:
        """Store its present state, if anybody can see it."""
        self.shown.clear()
        self.shown.update({"outTrackId": self.out_track_id, **self.params})
        if self.delivered:
            self.states.append(CardState(dict(self.params), self.status, at))


class HasTrackId(Protocol):
    """A card of the sandbox or of a client."""

    @property
    def out_track_id(self) -> str: ...


@dataclass(frozen=True)
class Route:
    """The address for clicks on cards with this route."""

    url: str
    secret: str | None


class Cards(Mapping[str, Card], StatePart):
    """The cards of a company by id.

    Attributes:
        templates: the templates, and whether each is published.
        buttons: the buttons of templates: action ids with labels.
        routes: the callback routes by name.
        unsafe: the words that are forbidden in cards.
        longest_content: the largest streaming update in bytes of UTF-8; None for no limit.
    """

    def __init__(self) -> None:
        self.templates: dict[str, bool] = {}
        self.buttons: dict[str, dict[str, str]] = {}
        self.routes: dict[str, Route] = {}
        self.unsafe: set[str] = set()
        self.longest_content: int | None = None
        self._cards: dict[str, Card] = {}

    def __getitem__(self, out_track_id: str) -> Card:
        return self._cards[out_track_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def person_left(self, leaver: Leaver) -> None:
        """Remove the private parameters of a person."""
        for card in self.values():
            card.private.pop(leaver.userid, None)

    @property
    def latest(self) -> Card:
        """The latest card."""
        return list(self._cards.values())[-1]

    def add_template(self, *, published: bool = True, buttons: Mapping[str, str] | None = None) -> str:
        """Add a template, and return its id.

        Args:
            published: whether it may be used.
            buttons: its buttons for the page: action ids with labels.
        """
        template = f"{secrets.token_hex(16)}.schema"
        self.buttons[template] = dict(buttons or {})
        self.templates[template] = published
        return template

    def add(self, card: Card) -> None:
        """Add a card if the rules allow it."""
        if card.out_track_id in self._cards:
            raise Refused("param.cardAlreadyExist")
        if card.template_id not in self.templates:
            raise Refused("param.templateNotExist")
        if not self.templates[card.template_id]:
            raise Refused("param.templateUnpublished")
        self._cards[card.out_track_id] = card

    def find(self, out_track_id: str, code: str = "param.cardNotExist") -> Card:
        """Return the card with this id, or refuse."""
        if out_track_id not in self._cards:
            raise Refused(code)
        return self._cards[out_track_id]

    def check(self, params: Mapping[str, str]) -> None:
        """Refuse parameters that exceed a limit or are unsafe."""
        if any(len(key.encode()) > 100 or len(value.encode()) > 1024 for key, value in params.items()):
            raise Refused("param.invalid")
        self.check_text(" ".join(params.values()))

    def check_text(self, text: str) -> None:
        """Refuse a text that is unsafe."""
        if any(word in text for word in self.unsafe):
            raise Refused("param.contentUnsafe")
