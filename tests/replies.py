"""Checks of the replies of operations against the platform's facts.

Each check takes an operation and yields messages about what is wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeGuard, Union, get_args

from conventions import build, definition, name_of_id_problems, pages, words
from generators import facts, samples
from generators.facts import Page
from generators.platform.operations import ABOUT_THE_CALL
from generators.samples import Row, request_sample, same
from pydantic import AliasChoices, BaseModel, TypeAdapter

from dingtalk_models import Call, DingTalkError, HttpResponse, InvalidArgument, NobodyReached
from dingtalk_models.call import paging
from dingtalk_models.call.call import read_reply
from dingtalk_models.core.hints import get_origin
from dingtalk_models.core.json_values import is_array, is_object, jsonable
from dingtalk_models.core.secret import MASK, Secret
from dingtalk_models.resource.registry import OperationInfo

ENVELOPE = {
    *("errcode", "errmsg", "request_id", "requestId", "sub_code", "sub_msg", "success", "arguments"),
    "errorcode",
}

OF_SUCCESS = {"code", "cause", "message", "success", "requestId"}
"""Fields that only say that the call succeeded, where there is no other."""

OF_A_REFUSAL = {"errorCode", "errorMsg", "errMsg", "result", "resultCode", "resultMsg", "dingOpenErrcode"}
"""Fields beside `success` that have nothing to add to it; `result` only if it is a flag too."""

ECHOES = {
    *("pageNumber", "pageSize", "page_size", "maxResults", "size", "currentPage", "limit", "page"),
    *("item_count", "itemCount"),
}
"""Fields of a page that repeat what was asked, as those do that are called like a parameter, or count its items."""


def reply_problems(info: OperationInfo) -> Iterator[str]:
    """What is lost of the documented replies, and of a reply with every documented field."""
    for page in pages(info):
        for sample in (*facts.sample_replies(page), samples.reply_from_table(page)):
            yield from (f"{page['doc']}: {problem}" for problem in _reading_problems(info, page, sample))


def field_problems(info: OperationInfo) -> Iterator[str]:
    """Which documented fields of the reply are not declared by its models."""
    for page in pages(info):
        call = sample_call(info, page)
        if call is None:
            continue
        documented = list(_data(page))
        if [row["name"] for row in documented] == [""] and not way_to(call) and not any(facts.sample_replies(page)):
            continue  # the whole reply is the result
        kind, where = "object", ""
        every = page["returns"]
        for name in way_to(call):
            beside = (row["name"] for row in documented if row["name"] not in {name, *ABOUT_THE_CALL})
            yield from (f"{where}{each} is not read" for each in beside)
            below = [row for row in every if row["name"] == name]
            if not below:
                yield f"{where}{name} is not documented"
                return
            every = documented = below[0].get("children", [])
            kind, where = below[0]["type"], f"{where}{name}."
        names = [row["name"] for row in documented]
        if problem := _items_problem(call.into, kind, names):
            yield problem
        elif facts.from_sdk([page]) and is_page_type(call.into):
            continue  # what a page has beside its items is in its `model_extra`
        elif call.into is None:
            yield from (f"{where}{row['name']} is not read" for row in documented if row["type"] != "boolean")
        else:
            parameters = {row["name"] for row in page["params"] if not row["name"].endswith("Token")}
            asked = parameters if is_page_type(call.into) else set[str]()
            yield from _undeclared((row for row in documented if row["name"] not in asked), call.into, where)


def _data(page: Page) -> Iterator[Row]:
    """The fields at the top of a reply that do not only tell of its success."""
    returns, from_sdk = page["returns"], facts.from_sdk([page])
    if {row["name"] for row in returns} <= OF_SUCCESS:
        return
    flagged = from_sdk or any(row["name"] == "success" for row in returns)
    for row in returns:
        beside = row["name"] in OF_A_REFUSAL and (row["name"] != "result" or row["type"] == "boolean")
        beside = beside or (from_sdk and row["name"] in OF_SUCCESS)
        if row["name"] not in ENVELOPE and not (flagged and beside):
            yield row


def _items_problem(into: Any, kind: str, names: list[str]) -> str | None:
    """Why a list is not found in a reply that is an array, or an object with these fields."""
    if get_origin(into) is list and kind == "object":
        return f"a list is read where the reply is an object of {names}: does its Listing lack items=?"
    if is_page_type(into):
        items = str(into.model_fields["items"].serialization_alias)
        if items.partition(".")[0] not in names:
            return f"items are read from {items!r}, the reply has {names}: is items= of its Listing right?"
    return None


def is_page_type(hint: Any) -> TypeGuard[type[paging.Page[Any]]]:
    """Whether a reply is read as a page of a list."""
    return isinstance(hint, type) and issubclass(hint, paging.Page)


def id_problems(info: OperationInfo) -> Iterator[str]:
    """Which ids of people, in its parameters and its reply, are not called what they are on the wire."""
    arguments = definition(info).arguments
    for name in arguments.fields:
        yield from name_of_id_problems(name, arguments.wire_names(name)[:1])
    for page in pages(info)[:1]:
        if call := sample_call(info, page):
            yield from _ids_in(call.into, set())


def _ids_in(hint: Any, seen: set[type[BaseModel]]) -> Iterator[str]:
    for model in set(models_in(hint)) - seen:
        seen.add(model)
        yield from model_id_problems(model)
        for field in model.model_fields.values():
            yield from _ids_in(field.annotation, seen)


def model_id_problems(model: type[BaseModel]) -> Iterator[str]:
    """Which ids of people a model calls by another name than they have on the wire."""
    model.model_rebuild()  # wire names are known only of a model that is built
    for name, field in model.model_fields.items():
        names = [field.serialization_alias] if field.serialization_alias else []
        for problem in name_of_id_problems(name, names, kind=field.annotation):
            yield f"{model.__name__}.{problem}"


def _reading_problems(info: OperationInfo, page: Page, sample: dict[str, Any]) -> Iterator[str]:
    call = sample_call(info, page)
    if call is None:
        return
    if call.endpoint.host == "oapi" or (is_object(sample) and "errcode" in sample):
        sample = {**sample, "errcode": 0}
    response = HttpResponse(200, {"content-type": "application/json"}, json.dumps(sample).encode())
    expected: Any = sample
    for name in way_to(call):
        expected = expected.get(name) if is_object(expected) else None
    try:
        if expected is None and not call.read(response):
            return  # a write may leave out its result
        read: Any = read_reply(response, call.endpoint, call.into, call.at)
        answer = _answer(call, response)
    except DingTalkError as error:
        yield str(error)
        return
    if call.into is None:
        return
    adapter: TypeAdapter[Any] = TypeAdapter(call.into)
    expected = _masked(expected, set(_secrets_in(adapter.dump_python(read))))
    dumped = _nested(adapter.dump_python(read, mode="json", by_alias=True, exclude_unset=True))
    yield from _lost(expected, dumped, call.into, "")
    missing = words(_without(expected, ENVELOPE)) - words(jsonable(answer, by_alias=True, exclude_none=True))
    if missing:
        yield f"the answer lost {sorted(missing)}"


def _nested(dumped: Any) -> Any:
    """A dumped page with its items and its total where they are in the reply."""
    if is_object(dumped):
        for name in [name for name in dumped if "." in name]:
            outer, _, inner = name.partition(".")
            dumped[outer] = {**(dumped.get(outer) or {}), inner: dumped.pop(name)}
    return dumped


def _answer(call: Call[Any], response: HttpResponse) -> Any:
    try:
        return call.read(response)
    except NobodyReached as error:
        return error.sent  # what stands in for a sample names the same person everywhere


SECRET = re.compile(r"(?i)(token|ticket|secret|secret_?(string|key)|password|aes_key)$")
"""The wire names of secrets. Another field may have the text of one, where the table stands in for a sample."""


def _secrets_in(value: Any) -> Iterator[str]:
    """The texts of the secrets in a dumped answer."""
    if isinstance(value, Secret):
        yield value.get_secret_value()
    elif is_object(value) or is_array(value):
        for part in value.values() if is_object(value) else value:
            yield from _secrets_in(part)


def _masked(value: Any, secrets: set[str]) -> Any:
    """A sample with its secrets as they are printed."""
    if is_object(value):
        return {
            name: MASK if SECRET.search(name) and isinstance(part, str) and part in secrets else _masked(part, secrets)
            for name, part in value.items()
        }
    return [_masked(part, secrets) for part in value] if is_array(value) else value


def sample_call(info: OperationInfo, page: Page) -> Call[Any] | None:
    """The call of a page's sample; what is wrong where there is none, `sample_problems` says."""
    try:
        return build(info, request_sample(page))
    except InvalidArgument:
        return None


def way_to(call: Call[Any]) -> list[str]:
    """The path to the result in a reply."""
    default = "result" if call.endpoint.host == "oapi" and call.into is not None else ""
    return [name for name in (default if call.at is None else call.at).split(".") if name]


def _lost(sample: Any, dumped: Any, hint: Any, where: str) -> Iterator[str]:
    """What of a sample is missing in the dump of the result that was read from it."""
    if isinstance(dumped, str) and (is_object(sample) or is_array(sample)):
        dumped = samples.loaded(dumped)
    if isinstance(sample, str) and (is_object(dumped) or is_array(dumped)):
        sample = samples.loaded(samples.decoded(sample))
    models = list(models_in(hint))
    if models and is_array(dumped):
        items = samples.listed(sample)
        if len(items) != len(dumped):
            yield f"{where} had {len(items)} items, has {len(dumped)}"
        for item, kept in zip(items, dumped, strict=False):
            yield from _lost(item, kept, hint, f"{where}[]")
    elif models and is_object(sample) and is_object(dumped):
        known = {name: field for model in models for name, field in wire_fields(model).items()}
        for name, value in _without(sample, ENVELOPE).items():
            kept_as, inner = known.get(name, (name, None))
            if kept_as in dumped:
                yield from _lost(value, dumped[kept_as], inner, f"{where}.{name}".lstrip("."))
            elif value is not None:
                yield f"{where}.{name} is lost".lstrip(".")
    elif not same(sample, dumped):
        yield f"{where or 'the answer'} was {sample!r}, is {dumped!r}"


def _undeclared(documented: Iterable[Row], hint: Any, where: str) -> Iterator[str]:
    of_page = is_page_type(hint)
    documented = [row for row in documented if row["name"] not in (ENVELOPE | ECHOES if of_page else ENVELOPE)]
    known = {name: field for model in models_in(hint) for name, field in wire_fields(model).items()}
    known |= {field[0]: field for field in known.values()}
    holders = {name.partition(".")[0] for name in known if "." in name}
    for row in documented:
        if row["name"] in holders:
            continue
        if row["name"] not in known:
            yield f"{where}{row['name']} is not declared"
        elif known[row["name"]][1] is Any:
            yield f"{where}{row['name']} is declared without a type"
        elif row.get("children"):
            yield from _undeclared(row["children"], known[row["name"]][1], f"{where}{row['name']}.")


def models_in(hint: Any) -> Iterator[type[BaseModel]]:
    """The models in a type: of a list, a union, an annotation."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    elif get_origin(hint) is Annotated:
        yield from models_in(get_args(hint)[0])
    elif get_origin(hint) in {list, dict, tuple, Union, UnionType}:
        for part in get_args(hint):
            yield from models_in(part)


@cache
def wire_fields(model: type[BaseModel]) -> dict[str, tuple[str, Any]]:
    """The fields of a model by each wire name: the name that it is dumped under, and its type."""
    model.model_rebuild()
    found: dict[str, tuple[str, Any]] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        spellings = alias.choices if isinstance(alias, AliasChoices) else [alias or name]
        for spelling in spellings:
            found[str(spelling)] = (field.serialization_alias or name, field.annotation)
    return found


def _without(value: Any, names: set[str]) -> Any:
    return {name: part for name, part in value.items() if name not in names} if is_object(value) else value
