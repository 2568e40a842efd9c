"""For each operation and page of the facts: a call, a reply that has every documented field, and how to change it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import conventions
import replies
from generators import samples
from generators.samples import Row

from dingtalk_models import Call, HttpResponse, operations
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.resource.registry import OperationInfo

Way = tuple[str | int, ...]
"""A path in JSON."""


class Sample(NamedTuple):
    """A call and the reply to it.

    Attributes:
        info: the operation.
        call: a call of it.
        reply: a reply that has every documented field.
        returns: how the reply is documented.
        way: the path to the result in it.
    """

    info: OperationInfo
    call: Call[Any]
    reply: dict[str, Any]
    returns: list[Row]
    way: list[str]

    def documents(self, name: str, kind: str) -> bool:
        """Whether a field of this type is at the top of the reply."""
        return any(row["name"] == name and row["type"] == kind for row in self.returns)


def respond(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A response with a body: JSON, unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode(errors="replace")
    return HttpResponse(status, {"content-type": "application/json", **(headers or {})}, content)


CONTRADICTING = {"jzcrm_1_0.GetDataView"}
"""The APIs of which the sample is not what the table says, in more than one field."""


CODES_OF_THEIR_OWN = {"attendance_1_0.CheckClosingAccount", "crm_1_0.DescribeCrmPersonalCustomerObjectMeta"}
"""The operations whose result has a `code`."""

WHY = {"errorCode", "errorMsg", "errMsg"}
"""The fields of a refusal, beside a flag of success."""


@cache
def every_sample() -> list[Sample]:
    """The samples of all documented operations that have a sample of their request."""
    documented = (info for info in operations() if info.evidence == "documentation")  # the SDK has no samples
    return [sample for info in documented if info.name not in CONTRADICTING for sample in _samples(info)]


def _samples(info: OperationInfo) -> Iterator[Sample]:
    for page in conventions.pages(info):
        if call := replies.sample_call(info, page):
            reply = samples.reply_from_table(page)
            if "success" in reply:  # the page shows the fields of a refusal beside those of a result
                reply = {**{name: value for name, value in reply.items() if name not in WHY}, "success": True}
            if reply.get("result") is False:
                reply["result"] = True
            if info.host == "oapi" or "errcode" in reply:
                reply |= {"errcode": 0, "errmsg": "ok"}
            yield Sample(info, call, reply, page["returns"], replies.way_to(call))


def fields(value: Any, returns: list[Row], way: Way = ()) -> Iterator[tuple[Way, Row]]:
    """Every documented field that a reply has, with its place; of a list, those of the first row."""
    if is_array(value):
        yield from fields(value[0], returns, (*way, 0)) if value else ()
    elif is_object(value):
        for row in returns:
            if row["name"] in value:
                yield (*way, row["name"]), row
                yield from fields(value[row["name"]], row.get("children", []), (*way, row["name"]))


def changed(reply: dict[str, Any], way: Way, *value: Any) -> dict[str, Any]:
    """A copy of a reply with another value in one place; without the field, if there is no value."""
    made = copy.deepcopy(reply)
    holder: Any = made
    for key in way[:-1]:
        holder = holder[key]
    if value:
        holder[way[-1]] = value[0]
    else:
        del holder[way[-1]]
    return made
