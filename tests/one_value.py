"""One value of a reply changed at a time, everywhere, in the replies to every operation: no call raises.

Case n is the same each time, so that `scripts/fuzz 1 n` shows it again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from fuzzing import ways_in
from samples_of import Sample, Way, changed, every_sample, respond
from sweeping import outcomes

from dingtalk_models import DingTalkError, Page, TransportError
from dingtalk_models.core.errors import NobodyReached
from dingtalk_models.core.hints import is_model, names_of_fields

VALUES = [
    "null", "true", "false", "0", "-1", "1.5", "NaN", "1" + "0" * 30, "1" + "0" * 5000,
    '""', '"x"', '"[]"', '"{"', r'"{\"a\": 1}"', r'"{\"爱好\":\"旅游\",\"年龄\":\"24\"}\"}"',
    '"0001-01-01T00:00+14:00"', "[]", "[null]",
    '["x"]', "[[1]]", '[{"a": 1}]', "{}", '{"a": 1}', '{"a": {"b": [true]}}',
    "[" * 180 + "]" * 180, "[" * 400 + "]" * 400,
]  # fmt: skip
"""The values, as JSON."""

HERE = "the value"

ENVELOPE = {"errcode", "errmsg", "success", "request_id", "requestId"}
"""What says whether a call succeeded: another value is a refusal, which has to raise."""

FLAGS = {"result", "code"}
"""The same in replies that have nothing else to say, and where one is true or false beside the data."""

THE_RESULT_ITSELF = {
    "card_1_0.DeliverCard": {"success"},  # it was delivered nowhere
    "card_1_0.CreateAndDeliver": {"success"},
    "dingtalk.oapi.cspace.add": {"dentry"},
    "dingtalk.oapi.gettoken": {"access_token", "expires_in"},
    "oauth2_1_0.CreateJsapiTicket": {"jsapiTicket", "expireIn"},
    "oauth2_1_0.GetAccessToken": {"accessToken", "expireIn"},
    "oauth2_1_0.GetSsoAccessToken": {"accessToken", "expireIn"},
    "oauth2_1_0.GetUserToken": {"accessToken", "expireIn"},
}
"""The operations that return one value out of an object, by the name of the value; a token needs its life."""


class Case(NamedTuple):
    """A reply with one value changed."""

    sample: Sample
    way: Way
    value: str

    @property
    def content(self) -> bytes:
        """The body of the reply."""
        reply = json.dumps(changed(self.sample.reply, self.way, HERE), ensure_ascii=False)
        return reply.replace(json.dumps(HERE), self.value).encode()

    @property
    def stands(self) -> bool:
        """Whether the call has nothing to return without it: it is the result or its rows, or leads there."""
        into, result = self.sample.call.into, tuple(self.sample.way)
        if is_model(into) and issubclass(into, Page):
            result = (*result, into.model_fields["items"].serialization_alias or "")
        named = {self.way[0], self.way[-1]} & THE_RESULT_ITSELF.get(self.sample.info.name, set())
        return bool(named) or self.way == result[: len(self.way)]


@cache
def places() -> list[tuple[Sample, Way]]:
    """Every place in every reply that is not its envelope."""
    return [
        (sample, way)
        for sample in every_sample()
        for way in ways_in(sample.reply)
        if not _says_whether(sample, str(way[0]))
    ]


def _says_whether(sample: Sample, name: str) -> bool:
    """Whether a field at the top of a reply says only whether the call succeeded."""
    into = sample.call.into
    declared = sample.way == [name] or (not sample.way and is_model(into) and name in names_of_fields(into))
    flag = name in FLAGS and (into is None or isinstance(sample.reply[name], bool))
    return name in ENVELOPE or (flag and not declared)


def count() -> int:
    """How many cases there are."""
    return len(places()) * len(VALUES)


def case(number: int) -> Case:
    """The case of this number."""
    place, value = divmod(number, len(VALUES))
    return Case(*places()[place], VALUES[value])


def run(number: int) -> str:
    """Read the reply of a case.

    Returns:
        The kind of outcome: "raised" is the one that may not be.
    """
    this = case(number)
    try:
        this.sample.call.read(respond(this.content))
    except (TransportError, NobodyReached):
        return "raised, as nothing is left to return" if this.stands else "raised"
    except DingTalkError:
        return "raised"
    return "read"


def sweep(numbers: Iterable[int], until: float = float("inf")) -> tuple[Counter[str], list[str]]:
    """Run cases, until a time on the monotonic clock at the latest.

    Returns:
        How many came out in which way, and what raised.
    """
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for number, outcome in outcomes(run, lambda it: f"{told(it)}; repeat it with: scripts/fuzz 1 {it}", numbers, until):
        found[outcome] += 1
        if outcome == "raised":
            wrong.append(told(number))
    return found, wrong


def told(number: int) -> str:
    """A case, for people."""
    sample, way, value = case(number)
    return f"{number}: {sample.info.name}: {'.'.join(map(str, way))} = {value[:60]}"
