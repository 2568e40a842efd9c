"""Shapes: one class for what is sent and what is received, strict as an argument and tolerant in a reply."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from helpers import english
from pydantic import Field, ValidationError
from typing_extensions import TypedDict, Unpack

from dingtalk_models import BEIJING, Call, DingTalkApp, HttpResponse, InvalidArgument, api
from dingtalk_models.core.wire import CommaInts, Flag, JsonObject, Millis, wire
from dingtalk_models.resource.model import OrDict, Record, Shape

MOMENT = datetime(2026, 1, 31, 9, tzinfo=BEIJING)
MILLIS = 1769821200000


class Wheel(Shape):
    size: Annotated[int, Field(ge=1, le=40)]
    maker: Annotated[str | None, Field(max_length=5), wire("makerName")] = None


class Engine(Shape):
    power: Annotated[int | None, wire("powerKw")] = None
    electric: Flag | None = None
    built: Annotated[Millis | None, wire("builtAt")] = None


class Car(Shape):
    plate: Annotated[str, Field(min_length=2, pattern="^[A-Z]"), wire("carPlate", "plateName")]
    engine: Engine | None = None
    wheels: Annotated[list[Wheel], Field(max_length=4)] = []
    owners: Annotated[CommaInts, wire("ownerIds")] = []
    notes: JsonObject | None = None
    names: list[Annotated[str, Field(max_length=3)]] = []
    tow: Annotated[
        Annotated[list[int], Field(max_length=1)] | Annotated[str, Field(max_length=1)] | None, wire("tow")
    ] = None


class Trip(TypedDict, total=False):
    """Nothing in it says that it allows no other keys."""

    car: OrDict[Car]
    kind: Literal["work", "holiday"]


class Places(TypedDict, total=False):
    trips: Sequence[Trip]


class Garage:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.shapes.park", "POST /v1.0/cars")
    def park(
        self,
        cars: Annotated[Sequence[OrDict[Car]], Field(max_length=2), wire("carList")],
        spare: OrDict[Wheel] | None = None,
        **more: Unpack[Places],
    ) -> Call[list[Car]]:
        """Send cars, and read some."""
        return Call(list[Car], "cars", cars=cars, spare=spare, **more)


def park(*arguments: Any, **named: Any) -> Any:
    """The body that is sent."""
    return Garage().park.call(*arguments, **named).request.body


def read(*cars: Any) -> list[Car]:
    """Cars out of a reply."""
    reply = HttpResponse(200, {}, json.dumps({"cars": cars}).encode())
    return Garage().park.call([]).read(reply)


def problems(refused: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(InvalidArgument) as caught:
        refused()
    assert "t0psecret" not in str(caught.value)
    return {problem.field: english(problem.message) for problem in caught.value.problems}


# as an argument

SENT = {
    "carPlate": "A1", "engine": {"powerKw": 90, "electric": "N", "builtAt": MILLIS}, "wheels": [{"size": 17}],
    "ownerIds": "1,2", "notes": '{"k": [1]}',
}  # fmt: skip


@pytest.mark.parametrize(
    "car",
    [
        Car(
            plate="A1",
            engine=Engine(power=90, electric=False, built=MOMENT),
            wheels=[Wheel(size=17)],
            owners=[1, 2],
            notes={"k": [1]},
        ),
        {
            "plate": "A1",
            "engine": {"power": 90, "electric": False, "built": MOMENT},
            "wheels": [{"size": 17}],
            "owners": [1, 2],
            "notes": {"k": [1]},
        },
        {"plate": "A1", "engine": Engine(power=90, electric=False, built=MOMENT), "wheels": [Wheel(size=17)]}
        | {"owners": "1,2", "notes": '{"k": [1]}'},
        SENT,
    ],
    ids=["made by hand", "a dict by the names in Python", "a dict with shapes in it", "a dict as it travels"],
)
def test_it_is_sent_however_it_is_given(car: Any) -> None:
    assert park([car]) == {"carList": [SENT]}
    assert park([car], trips=[{"car": car, "kind": "work"}])["trips"] == [{"car": SENT, "kind": "work"}]


def test_what_is_not_given_is_not_sent() -> None:
    assert park([Car(plate="A1"), {"plate": "B2", "wheels": []}]) == {
        "carList": [{"carPlate": "A1"}, {"carPlate": "B2", "wheels": []}]
    }
    assert park([], Wheel(size=3)) == {"carList": [], "spare": {"size": 3}}
    car = Car(plate="A1")
    car.wheels.append(Wheel(size=3))
    car.engine = Engine(electric=False)
    assert park([car]) == {"carList": [{"carPlate": "A1", "engine": {"electric": "N"}, "wheels": [{"size": 3}]}]}


def test_changing_what_was_given_changes_no_call() -> None:
    car = Car(plate="A1", wheels=[Wheel(size=3)])
    call = Garage().park.call([car])
    car.wheels[0].size = 4
    car.plate = "B1"
    assert call.request.body == {"carList": [{"carPlate": "A1", "wheels": [{"size": 3}]}]}


@pytest.mark.parametrize(
    ("car", "refused"),
    [
        ({"plate": "A1", "engin": {}}, {"cars.0.engin": "unknown; did you mean 'engine'?"}),
        ({"plate": "A1", "engine": {"pover": 1}}, {"cars.0.engine.pover": "unknown; did you mean 'power'?"}),
        ({"carPlate": "A1", "wheels": [{"size": 1}, {"siez": 1}]},
         {"cars.0.wheels.1.size": "required", "cars.0.wheels.1.siez": "unknown; did you mean 'size'?"}),
        ({"engine": {"xyz": 1}}, {"cars.0.plate": "required", "cars.0.engine.xyz": "unknown"}),
        ({"plate": "A1", "wheels": [{"size": 41, "makerName": "t0psecret"}]},
         {"cars.0.wheels.0.size": "should be less than or equal to 40",
          "cars.0.wheels.0.makerName": "String should have at most 5 characters"}),
        ({"plate": "t0psecret"}, {"cars.0.plate": "String should match pattern '^[A-Z]'"}),
        ({"plate": "A1", "engine": {"built": "t0psecret"}},
         {"cars.0.engine.built": "should be a valid datetime or date"}),
        ("t0psecret", {"cars.0": "should be a valid dictionary or instance of Car"}),
        (Wheel(size=1), {"cars.0": "should be a valid dictionary or instance of Car"}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_dict_is_told_by_its_path(car: Any, refused: dict[str, str]) -> None:
    found = problems(lambda: park([car]))
    assert {field: message.partition(",")[0] for field, message in found.items()} == refused
    inside = problems(lambda: park([], trips=[{"car": car}]))
    assert {f"cars.0{field.removeprefix('trips.0.car')}" for field in inside} == set(refused)


def test_the_keys_of_a_typed_dict_are_checked_too() -> None:
    assert problems(lambda: park([], trips=[{"kidn": "work"}])) == {"trips.0.kidn": "unknown; did you mean 'kind'?"}
    assert list(problems(lambda: park([], tripz=[]))) == ["tripz"]


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        (lambda: Car(plate="A1", engin={}), {"engin": "unknown; did you mean 'engine'?"}),  # type: ignore[call-arg]
        (lambda: Car(plate="A1", engine={"pover": 1}),  # type: ignore[arg-type]
         {"engine.pover": "unknown; did you mean 'power'?"}),
        (lambda: Car(engine=Engine()), {"plate": "required"}),  # type: ignore[call-arg]
        (lambda: Car(plate="t0psecret", names=["abcd"]), {"plate": "String should match pattern '^[A-Z]'",
                                                          "names.0": "String should have at most 3 characters"}),
        (lambda: Wheel(size=0), {"size": "should be greater than or equal to 1"}),
    ],
)  # fmt: skip
def test_it_is_checked_when_it_is_made_by_hand(made: Callable[[], object], refused: dict[str, str]) -> None:
    assert problems(made) == refused


def test_it_is_checked_anew_when_it_is_sent() -> None:
    car = Car(plate="A1", wheels=[Wheel(size=3)])
    with pytest.raises(InvalidArgument, match="Car: plaet: unknown; did you mean 'plate'"):
        car.plaet = "B1"  # type: ignore[attr-defined]
    car.wheels[0].size = 41
    assert list(problems(lambda: park([car]))) == ["cars.0.wheels.0.size"]
    assert list(problems(lambda: park([{"plate": "A1", "wheels": car.wheels}]))) == ["cars.0.size"]
    car.wheels[:] = [Wheel(size=1)] * 5
    assert problems(lambda: park([car])) == {"cars.0.wheels": "List should have at most 4 items, not 5"}
    car.wheels[:] = ["t0psecret"]  # type: ignore[list-item]
    assert list(problems(lambda: park([car]))) == ["cars.0.wheels.0"]
    assert problems(lambda: park([Car(plate="A1")] * 3)) == {"cars": "Value should have at most 2 items, not 3"}


# in a reply


def test_beyond_a_limit_a_reply_is_data() -> None:
    (car,) = read({
        "plateName": "9", "wheels": [{"size": 99, "makerName": "Weltmeister"}] * 5, "names": ["abcd"], "tow": "long",
    })  # fmt: skip
    assert (car.plate, len(car.wheels), car.wheels[0].size, car.names, car.tow) == ("9", 5, 99, ["abcd"], "long")
    assert car.unparsed == {}
    assert read({"carPlate": "A", "tow": [1, 2]})[0].tow == [1, 2]


def test_in_any_record_limits_are_for_what_is_made_by_hand() -> None:
    class Plain(Record):
        name: Annotated[str, Field(max_length=2)]
        count: Annotated[int, Field(le=5)] = 0

    plain = Plain.model_validate_json('{"name": "abc", "count": 6}')
    assert (plain.name, plain.count) == ("abc", 6)
    assert plain.model_dump(mode="json") == json.loads(plain.model_dump_json()) == {"name": "abc", "count": 6}
    with pytest.raises(ValidationError, match="at most 2 characters"):
        Plain(name="abc")


def test_an_unknown_field_is_kept_in_a_reply() -> None:
    (car,) = read({"carPlate": "A1", "colour": "red", "engine": {"torque": [1]}})
    assert (car.model_extra, car.engine and car.engine.model_extra) == ({"colour": "red"}, {"torque": [1]})


def test_what_came_in_a_reply_can_be_sent() -> None:
    (car,) = read(
        {"plateName": "A1", "colour": "red", "engine": {"powerKw": "90", "torque": [1]}, "wheels": [{"size": 3}]}
    )
    assert car.engine
    car.engine.electric = True
    car.wheels.append(Wheel(size=4))
    assert park([car], trips=[{"car": car}])["carList"] == [
        {
            "carPlate": "A1",
            "engine": {"powerKw": 90, "electric": "Y", "torque": [1]},
            "wheels": [{"size": 3}, {"size": 4}],
        }
        | {"colour": "red"}
    ]
    assert car.model_extra == {"colour": "red"}


def test_what_could_not_be_read_is_not_sent() -> None:
    (car,) = read({"carPlate": "A1", "engine": "V8", "colour": "red"})
    assert car.unparsed == {"engine": "V8"}
    assert park([car]) == {"carList": [{"carPlate": "A1", "colour": "red"}]}


def test_what_was_read_in_part_is_sent_only_after_it_is_assigned() -> None:
    """Otherwise the platform would lose what could not be read."""
    (car,) = read({"carPlate": "A1", "wheels": [{"size": 1}, {"size": "?"}], "ownerIds": "1,2"})
    assert (car.wheels, car.unparsed) == ([Wheel(size=1)], {"wheels": [{"size": 1}, {"size": "?"}]})
    assert park([car]) == {"carList": [{"carPlate": "A1", "ownerIds": "1,2"}]}
    car.wheels = [*car.wheels, Wheel(size=2)]
    assert car.unparsed == {}
    assert park([car])["carList"][0]["wheels"] == [{"size": 1}, {"size": 2}]


def test_copies() -> None:
    (car,) = read({"carPlate": "9", "colour": "red", "wheels": [{"size": 99}]})
    for twin in (pickle.loads(pickle.dumps(car)), copy.copy(car), copy.deepcopy(car), car.model_copy()):
        assert twin == car
        assert twin.model_extra == {"colour": "red"}
    assert Car.model_validate(Car(plate="A1").model_dump()) == Car.model_construct(plate="A1") == Car(plate="A1")
    assert Car.model_validate({"plate": "A1", "colour": "red"}).model_extra == {"colour": "red"}
