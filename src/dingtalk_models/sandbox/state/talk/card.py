"""Interactive cards as they stand, and every state in which they were seen."""

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
"""The kinds of space, and how the models of each begin."""


_Names: TypeAlias = set[str]  # in the class of cards, `set` is a method

STATUS_PARAM: Final = "flowStatus"
"""The parameter with which an AI card that is not streamed gets its status, as the platform's SDK sets it."""

_STATUSES: Final[dict[str, Status]] = {"1": "processing", "2": "inputting", "3": "finished", "5": "failed"}


@dataclass(frozen=True)
class CardState:
    """What a card showed from a moment on.

    Attributes:
        params: its parameters, which everyone sees.
        status: its status.
        at: the moment, in seconds since the epoch by the sandbox's clock.
    """

    params: Mapping[str, str]
    status: Status
    at: float


@dataclass(frozen=True)
class Click:
    """A click on a card, and what the app answered.

    Attributes:
        payload: what was sent.
        answer: the answer, once it is there.
        problem: what was wrong with it; None: nothing.
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
        private: the parameters that one person sees, by userid.
        status: its status as an AI card.
        states: every state in which it was seen, oldest first; of a card that was not delivered, none.
        callback_type: how clicks are sent: `STREAM` or `HTTP`.
        route: the callback route that clicks take by HTTP.
        user_id_type: what the ids of people in its clicks are: 1 for userids, 2 for union ids.
        models: how it appears in each kind of space, by the code of the kind.
        delivered: where it was delivered: the kind of space, and the id of the space.
        tops: the groups at whose top it is.
        clicks: the clicks on it, oldest first.
        shown: what the transcripts of conversations have of it: its id and its parameters, as they stand.
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
        """The parameters as one person sees them."""
        return {**self.params, **self.private.get(userid, {})}

    def texts(self, key: str) -> list[str]:
        """What a parameter showed, one text after the other."""
        found: list[str] = []
        for state in self.states:
            text = state.params.get(key, "")
            if not found or found[-1] != text:
                found.append(text)
        return found

    def set(self, params: Mapping[str, str], *, by_key: bool) -> None:
        """Set parameters; without `by_key`, in the place of all that there were."""
        self.params = {**(self.params if by_key else {}), **params}
        self.status = _STATUSES.get(params.get(STATUS_PARAM, ""), self.status)

    def changed(self, at: float) -> None:
        """Remember how it looks now, if anyone sees it."""
        self.shown.clear()
        self.shown.update({"outTrackId": self.out_track_id, **self.params})
        if self.delivered:
            self.states.append(CardState(dict(self.params), self.status, at))


class HasTrackId(Protocol):
    """A card, of the sandbox or of a client."""

    @property
    def out_track_id(self) -> str: ...


@dataclass(frozen=True)
class Route:
    """The address for the clicks of cards that name this route."""

    url: str
    secret: str | None


class Cards(Mapping[str, Card], StatePart):
    """The cards of a company, by their ids.

    Attributes:
        templates: the templates, and whether each is published.
        buttons: the buttons of templates: the ids of their actions, and what is on them.
        routes: the callback routes, by their names.
        unsafe: the words that no card may have in it.
        longest_content: the bytes of UTF-8 that a streaming update may have; None: any number.
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
        """Forget what a person alone saw."""
        for card in self.values():
            card.private.pop(leaver.userid, None)

    @property
    def latest(self) -> Card:
        """The card that was created last."""
        return list(self._cards.values())[-1]

    def add_template(self, *, published: bool = True, buttons: Mapping[str, str] | None = None) -> str:
        """Add a template; returns its id.

        Args:
            published: whether it may be used.
            buttons: its buttons, for people who look at its cards on the page: ids of actions, and what is on them.
        """
        template = f"{secrets.token_hex(16)}.schema"
        self.buttons[template] = dict(buttons or {})
        self.templates[template] = published
        return template

    def add(self, card: Card) -> None:
        """Add a card, or refuse it."""
        if card.out_track_id in self._cards:
            raise Refused("param.cardAlreadyExist")
        if card.template_id not in self.templates:
            raise Refused("param.templateNotExist")
        if not self.templates[card.template_id]:
            raise Refused("param.templateUnpublished")
        self._cards[card.out_track_id] = card

    def find(self, out_track_id: str, code: str = "param.cardNotExist") -> Card:
        """The card of this id, or a refusal."""
        if out_track_id not in self._cards:
            raise Refused(code)
        return self._cards[out_track_id]

    def check(self, params: Mapping[str, str]) -> None:
        """Refuse parameters that are beyond a limit, or unsafe."""
        if any(len(key.encode()) > 100 or len(value.encode()) > 1024 for key, value in params.items()):
            raise Refused("param.invalid")
        self.check_text(" ".join(params.values()))

    def check_text(self, text: str) -> None:
        """Refuse a text that is unsafe."""
        if any(word in text for word in self.unsafe):
            raise Refused("param.contentUnsafe")
