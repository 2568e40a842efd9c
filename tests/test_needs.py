"""What an operation needs beyond the class of an argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import pytest
from helpers import english
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from dingtalk_models import Call, DingTalkApp, InvalidArgument, api
from dingtalk_models.core.wire import camel, empty_list
from dingtalk_models.resource.model import OrDict, Shape
from dingtalk_models.resource.needs import Needs, OneOf
from dingtalk_models.resource.reply import Reply, promised


class Start(Reply, Shape, alias_generator=camel):
    date_time: str | None = None
    time_zone: str = ""


class Guest(Reply, Shape, alias_generator=camel):
    id: str = promised()
    rank: Annotated[int, OneOf(1, 2)] | None = None
    kinds: list[Annotated[str, OneOf("a", "b")]] = empty_list()


class Party(Reply, Shape, alias_generator=camel):
    name: str = ""
    start: Start | None = None
    guests: list[Guest] = empty_list()


class Old(TypedDict, total=False):
    """An argument of the older kind."""

    kind: Literal["x"]
    guest: OrDict[Guest]


class Parties:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.needs.create", "POST /v1.0/parties")
    def create(
        self,
        party: Annotated[OrDict[Party], Needs("name", "start.date_time", "guests.id")] | None = None,
        guests: Sequence[Annotated[OrDict[Guest], Needs("id", "rank")]] = (),
        all_of: Annotated[Sequence[OrDict[Guest]], Needs("id")] = (),
        old: Annotated[Old | None, Needs("kind", "guest.id")] = None,
    ) -> Call[None]:
        """Send."""
        return Call(None)


def body(**given: Any) -> Any:
    return Parties().create.call(**given).request.body


def problems(refused: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(InvalidArgument) as caught:
        refused()
    assert all(" / " in problem.message for problem in caught.value.problems)
    return {problem.field: english(problem.message) for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"party": {}}, ["party.name"]),
        ({"party": Party()}, ["party.name"]),
        ({"party": {"start": {}, "guests": [{"rank": 1}, {"id": "x"}, Guest()]}}, [
            "party.name", "party.start.date_time", "party.guests.0.id", "party.guests.2.id",
        ]),
        ({"party": {"name": "x", "start": {"dateTime": None}}}, ["party.start.date_time"]),
        ({"guests": [{"id": "x", "rank": 1}, {"id": "x"}, Guest(rank=2)]}, ["guests.1.rank", "guests.2.id"]),
        ({"all_of": [{"id": "x"}, {}]}, ["all_of.1.id"]),
        ({"old": {}}, ["old.kind"]),
        ({"old": {"guest": {}, "kind": "x"}}, ["old.guest.id"]),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(given: dict[str, Any], missing: list[str]) -> None:
    assert problems(lambda: body(**given)) == dict.fromkeys(missing, "required")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {}),
        ({"party": Party(name="x")}, {"party": {"name": "x"}}),
        ({"party": {"name": ""}}, {"party": {"name": ""}}),
        ({"party": {"name": "x", "guests": [], "start": None}}, {"party": {"name": "x", "guests": []}}),
        ({"guests": [Guest(id="x", rank=2)]}, {"guests": [{"id": "x", "rank": 2}]}),
        ({"old": {"kind": "x"}}, {"old": {"kind": "x"}}),
    ],
)
def test_what_is_whole_is_sent(given: dict[str, Any], sent: dict[str, Any]) -> None:
    assert body(**given) == {"guests": [], "allOf": []} | sent


def test_values_are_closed_in_arguments_and_open_in_replies() -> None:
    assert problems(lambda: Guest(rank=3, kinds=["a", "c"])) == {
        "rank": "should be 1 or 2",
        "kinds.1": "should be 'a' or 'b'",
    }
    assert problems(lambda: body(guests=[{"id": "x", "rank": 3}])) == {"guests.0.rank": "should be 1 or 2"}
    guest = TypeAdapter(Guest).validate_json('{"id": "x", "rank": 3, "kinds": ["c"]}')
    assert (guest.rank, guest.kinds) == (3, ["c"])
    assert repr(OneOf("a", 1)) == "OneOf('a', 1)"
    assert repr(Needs("a.b", "c")) == "Needs('a.b', 'c')"
