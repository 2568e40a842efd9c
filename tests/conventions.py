"""What the platform's facts demand of an operation.

Each check takes an operation and yields what is wrong with it, in words; nothing here lists operations.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, NotRequired, TypeGuard, Union, get_args
from urllib.parse import unquote

import samples
from pydantic import AliasChoices, BaseModel, TypeAdapter
from pydantic_core import to_jsonable_python
from samples import Entry, Row, request_sample, rows, same, sample_of
from typing_extensions import get_type_hints, is_typeddict

from dingtalk_models import Call, DingTalkError, HttpResponse, InvalidArgument
from dingtalk_models.core import registry
from dingtalk_models.core.arguments import get_origin
from dingtalk_models.core.body import File
from dingtalk_models.core.http import Request
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.operation import operation
from dingtalk_models.core.parallel import Together, Window
from dingtalk_models.core.registry import OperationInfo
from dingtalk_models.core.reply import read_reply

ENVELOPE = {"errcode", "errmsg", "request_id", "requestId", "sub_code", "sub_msg", "success", "arguments"}


def definition(info: OperationInfo) -> operation[..., Any]:
    """The operation itself."""
    made: operation[..., Any] = vars(info.manager)[info.method]
    return made


def pages(info: OperationInfo) -> list[Entry]:
    """The pages that document an operation; those that are archived count where there are no others."""
    found = samples.pages(info.http, info.path)
    return [entry for entry in found if not entry["archived"]] or found


def build(info: OperationInfo, arguments: dict[str, Any]) -> Call[Any]:
    """The unsent call for these arguments; of a list, that for its first page.

    What an operation wants said, if only as `None`, and a page does not have, is said.
    """
    fields = definition(info).arguments.fields
    unsaid = {
        name: None
        for name, hint in fields.items()
        if get_origin(hint) is not NotRequired and type(None) in get_args(hint) and name not in arguments
    }
    return _first_call(definition(info).build(info.manager(None), (), {**unsaid, **arguments}))


def _first_call(unsent: Any) -> Call[Any]:
    if _is_call(unsent):
        return unsent
    step: Any = unsent
    match type(step).__name__:
        case Together.__name__:
            return _first_call(step.steps[0])
        case Window.__name__:
            return _first_call(vars(step)["_ask"](vars(step)["_queue"][0]))
        case _:
            return _first_call(next(getattr(step, "page_flow", step.__iter__)()))


def _is_call(value: object) -> TypeGuard[Call[Any]]:
    return isinstance(value, Call)


def _leads(old: dict[str, Any]) -> bool:
    """Whether an older name leads to the endpoint that took its place, or to its own, where that is still offered."""
    paths = {info.path for info in registry.operations() if old["method"] in info.names}
    return bool(paths & {old["maps_to"], old["path"]})


def docstring_problems(info: OperationInfo) -> Iterator[str]:
    """What its docstring lacks."""
    made = definition(info)
    doc = inspect.cleandoc(made.__doc__ or "")
    first, _, rest = doc.partition("\n")
    if not first.endswith(f"({info.title})."):
        yield f"the docstring's first line does not end with a Chinese title in parentheses: {first!r}"
    if rest and not rest.startswith("\n"):
        yield "the docstring's first line runs on"
    if info.title not in {page["title"] for page in pages(info)}:
        yield f"the title {info.title!r} is not documented"
    if info.source not in {page["doc"] for page in pages(info)}:
        yield f"the source {info.source!r} is not documented"
    if doc.rpartition("\n")[2] != f"Source: {info.source}":
        yield "the docstring does not end with its source"
    arguments = re.search(r"^Args:\n((?:    .*\n|\n)+)", doc, re.MULTILINE)
    described = re.findall(r"^    (\w+): \S", arguments[1], re.MULTILINE) if arguments else []
    parameters = list(inspect.signature(made.__wrapped__).parameters)[1:]
    if described != parameters:
        yield f"Args describes {described}, the parameters are {parameters}"


def type_problems(info: OperationInfo) -> Iterator[str]:
    """What is wrong with its annotations."""
    made = definition(info)
    answer = str(inspect.signature(made.__wrapped__).return_annotation)
    if not re.fullmatch(r"(Call|Query|Flow)\[.+\]", answer) or re.search(r"\bAny\b", answer):
        yield f"it is annotated to return {answer}"
    for name, hint in made.arguments.fields.items():
        for kind in _typed_dicts(hint):
            if getattr(kind, "__pydantic_config__", {}).get("extra") != "forbid":
                yield f"{name}: {kind.__name__} allows unknown keys"


def name_problems(info: OperationInfo) -> Iterator[str]:
    """What is wrong with its names."""
    documented = {page[key] for page in pages(info) for key in ("legacy_method", "sdk_operation") if key in page}
    if documented and info.name not in documented:
        yield f"its first name is {info.name!r}, documented: {sorted(documented)}"
    if len(set(info.names)) < len(info.names):
        yield f"a name occurs twice: {info.names}"
    for name in info.names:
        if registry.by_name[name].owner is not info.manager or registry.by_name[name].attribute != info.method:
            yield f"{name!r} leads to another operation"
    for old in samples.methods():
        if old["maps_to"] == info.path and old["maps_to_http"] in {None, info.http} and not _leads(old):
            yield f"{old['method']!r} does not lead to it"


def sample_problems(info: OperationInfo) -> Iterator[str]:
    """How the requests that it builds from the facts' sample values contradict the facts."""
    every = samples.pages(info.http, info.path)
    for entry in pages(info):
        sample = request_sample(entry)
        try:
            request = build(info, sample).request
        except InvalidArgument as error:
            yield from (f"the sample of {entry['doc']} is refused: {problem}" for problem in error.problems)
            continue
        yield from samples.request_problems(request, entry, every)
        yield from _not_carried(sample, request, entry)


def parameter_problems(info: OperationInfo) -> Iterator[str]:
    """Which documented parameters cannot be sent."""
    for entry in pages(info):
        sample = request_sample(entry)
        for row in rows(entry):
            if row["name"] in sample and not row.get("children"):
                continue  # the sample is sent as it is
            for value in samples.variants(row, sample.get(row["name"])):
                one = {row["name"]: value}
                try:
                    request = build(info, {**sample, **one}).request
                except InvalidArgument as error:
                    yield f"{row['name']} of {entry['doc']} cannot be sent: {error}"
                else:
                    yield from _not_carried(one, request, entry)


def limit_problems(info: OperationInfo) -> Iterator[str]:
    """Which documented limits are not checked before anything is sent."""
    for entry in pages(info):
        sample = request_sample(entry)
        for row in rows(entry):
            for limit, value in samples.over_limits(row):
                try:
                    request = build(info, {**sample, row["name"]: value}).request
                except InvalidArgument:
                    continue
                if any(True for _ in samples.request_problems(request, entry, [entry])):
                    yield f"{row['name']} of {entry['doc']} may be beyond {limit}"


def old_name_problems(info: OperationInfo) -> Iterator[str]:
    """How its older names fail to accept the parameters that they had."""
    every = samples.pages(info.http, info.path)
    documented = {row["name"]: row for entry in every for row in rows(entry)}
    today = documented | {
        name: documented[wire]
        for name, wire in _wire_names(definition(info).arguments.fields).items()
        if wire in documented
    }
    for name in info.names[1:]:
        old = registry.by_name[name].old
        given = {parameter: sample_of(row) for parameter, row in _old_rows(name, old.params, today).items()}
        try:
            request = build(info, old.translate(given)).request
        except InvalidArgument as error:
            yield from (f"{name}: {problem}" for problem in error.problems)
            continue
        for problem in samples.request_problems(request, pages(info)[0], every):
            yield f"{name}: {problem}"
        sent = _words([dict(request.query_params), dict(request.body or {}), unquote(request.path).split("/")])
        for parameter, value in given.items():
            if lost := _words(value) - sent:
                yield f"{name}: {parameter} lost {sorted(lost)}"


def _old_rows(name: str, renamed: dict[str, Any], today: dict[str, Row]) -> dict[str, Row]:
    """A row for each parameter of an older name: from its own page, or that of today's parameter, or its bare type."""
    documented = {
        row["name"]: row for entry in samples.entries() if entry.get("legacy_method") == name for row in rows(entry)
    }
    found: dict[str, Row] = {}
    for method in samples.methods():
        if method["method"] == name:
            for parameter in method["params"]:
                own: str = parameter["name"]
                change = renamed.get(own, own)
                successor = today.get(change) if isinstance(change, str) else None
                found[own] = documented.get(own) or successor or _bare_row(own, parameter["type"])
    return found


def _bare_row(name: str, kind: str) -> Row:
    return {"name": name, "type": kind if kind in {"integer", "boolean"} else "string"}


def _wire_names(fields: dict[str, Any]) -> dict[str, str]:
    """The wire names of arguments that have another one in Python."""
    found = {
        name: getattr(item, "serialization_alias", None)
        for name, hint in fields.items()
        for part in (hint, *get_args(hint))
        if get_origin(part) is Annotated
        for item in get_args(part)[1:]
    }
    return {name: wire for name, wire in found.items() if wire}


def _not_carried(sample: dict[str, Any], request: Request, entry: Entry) -> Iterator[str]:
    sent = {**request.query_params, **(request.body or {})}
    in_path = {row["name"] for row in rows(entry) if row["in"] == "path"}
    for name, value in sample.items():
        if name in in_path:
            if str(value) not in unquote(request.path):
                yield f"{name}={value!r} of {entry['doc']} is not in the path {request.path}"
        elif name not in sent or not (same(value, sent[name]) or isinstance(sent[name], File)):
            yield f"{name}={value!r} of {entry['doc']} is sent as {sent.get(name)!r}"


# Replies


def reply_problems(info: OperationInfo) -> Iterator[str]:
    """What is lost of the documented replies, and of one that holds every documented field."""
    for entry in pages(info):
        for sample in (*samples.reply_samples(entry), samples.reply_from_table(entry)):
            yield from (f"{entry['doc']}: {problem}" for problem in _reading_problems(info, entry, sample))


def sample_verdict(info: OperationInfo) -> str:
    """Whether the documented sample replies are read without loss, for the coverage table."""
    documented = [(entry, sample) for entry in pages(info) for sample in samples.reply_samples(entry)]
    if not documented:
        return "no sample"
    lossless = not any(list(_reading_problems(info, entry, sample)) for entry, sample in documented)
    return "yes" if lossless else "no"


def field_problems(info: OperationInfo) -> Iterator[str]:
    """Which documented fields of the reply its models do not declare."""
    for entry in pages(info):
        call = _sample_call(info, entry)
        if call is None:
            continue
        documented = [row for row in entry["returns"] if row["name"] not in ENVELOPE]
        where = ""
        for name in _way(call):
            yield from (f"{where}{row['name']} is not read" for row in documented if row["name"] != name)
            below = [row for row in documented if row["name"] == name]
            if not below:
                yield f"{where}{name} is not documented"
                return
            documented, where = below[0].get("children", []), f"{where}{name}."
        if call.into is None:
            yield from (f"{where}{row['name']} is not read" for row in documented if row["type"] != "boolean")
        else:
            yield from _undeclared(documented, call.into, where)


def _reading_problems(info: OperationInfo, entry: Entry, sample: dict[str, Any]) -> Iterator[str]:
    call = _sample_call(info, entry)
    if call is None:
        return
    if call.endpoint.host == "oapi":
        sample = {**sample, "errcode": 0}
    response = HttpResponse(200, {"content-type": "application/json"}, json.dumps(sample).encode())
    try:
        read: Any = read_reply(response, call.endpoint, call.into, call.at)
        answer = call.read(response)
    except DingTalkError as error:
        yield str(error)
        return
    if call.into is None:
        return
    expected: Any = sample
    for name in _way(call):
        expected = expected[name]
    dumped = TypeAdapter(call.into).dump_python(read, mode="json", by_alias=True, exclude_unset=True)
    yield from _lost(expected, dumped, call.into, "")
    missing = _words(_without(expected, ENVELOPE)) - _words(
        to_jsonable_python(answer, by_alias=True, exclude_none=True)
    )
    if missing:
        yield f"the answer lost {sorted(missing)}"


def _sample_call(info: OperationInfo, entry: Entry) -> Call[Any] | None:
    """The call of a page's sample; what is wrong where there is none, `sample_problems` says."""
    try:
        return build(info, request_sample(entry))
    except InvalidArgument:
        return None


def _way(call: Call[Any]) -> list[str]:
    """The names on the way to the answer in a reply."""
    default = "result" if call.endpoint.host == "oapi" and call.into is not None else ""
    return [name for name in (default if call.at is None else call.at).split(".") if name]


def _lost(sample: Any, dumped: Any, hint: Any, where: str) -> Iterator[str]:
    """What of a sample is not in the dump of the answer that was read from it."""
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
    documented = [row for row in documented if row["name"] not in ENVELOPE]
    known = {name: field for model in models_in(hint) for name, field in wire_fields(model).items()}
    for row in documented:
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


def _typed_dicts(hint: Any) -> Iterator[Any]:
    if is_typeddict(hint):
        yield hint
        for inner in get_type_hints(hint, include_extras=True).values():
            yield from _typed_dicts(inner)
    for part in get_args(hint):
        yield from _typed_dicts(part)


def _without(value: Any, names: set[str]) -> Any:
    return {name: part for name, part in value.items() if name not in names} if is_object(value) else value


def _words(value: Any) -> set[str]:
    """Every word of every value, whatever their form."""
    if is_object(value):
        return {word for part in value.values() for word in _words(part)}
    if is_array(value):
        return {word for part in value for word in _words(part)}
    if isinstance(value, str):
        parsed = samples.loaded(samples.decoded(value))
        if is_object(parsed) or is_array(parsed):
            return _words(parsed)
    return set(re.findall(r"\w+", samples.text_of(value))) if value is not None else set()
