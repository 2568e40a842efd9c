"""Checks of operations against the facts, the sandbox and the tests. For their replies, see replies.py.

Each check takes an operation and yields messages about what is wrong with it. No operation is named here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, NotRequired, TypeGuard, TypeVar, get_args, get_type_hints
from urllib.parse import unquote

from generators import facts, samples
from generators.facts import Page
from generators.platform.corrections import CORRECTIONS
from generators.platform.endpoints import READS, known
from generators.platform.naming import product_of
from generators.platform.writing import BRACKETS
from generators.samples import Row, request_sample, rows, same, sample_of
from generators.uses import accessors, by_hand, tests_of
from helpers import english
from pydantic import BaseModel, GetPydanticSchema

import dingtalk_models
from dingtalk_models import Call, InvalidArgument
from dingtalk_models.call.operation import is_operation, operation
from dingtalk_models.core.files import Upload
from dingtalk_models.core.hints import bare, fields_in, get_origin, is_model, wire_names
from dingtalk_models.core.http import Request
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.secret import unwrapped
from dingtalk_models.core.steps import Together, Window
from dingtalk_models.core.wire import userid_name
from dingtalk_models.first_generation.retired import retired
from dingtalk_models.platform.products import REPLACED
from dingtalk_models.resource import registry
from dingtalk_models.resource.manager import Manager, Module
from dingtalk_models.resource.registry import OperationInfo
from dingtalk_models.sandbox.handle.operations import OPERATIONS as HANDLED
from dingtalk_models.sandbox.server.endpoints import ENDPOINTS
from dingtalk_models.webhook_robot import WebhookRobot

T = TypeVar("T")


def definition(info: OperationInfo) -> operation[Any, ...]:
    """The operation itself."""
    made: operation[Any, ...] = vars(info.manager)[info.method]
    return made


def pages(info: OperationInfo) -> list[Page]:
    """The pages that document an operation: archived ones, or the official SDK, only if there are no others."""
    at = (info.http, info.path)
    return known()[at] if info.evidence == "sdk" else facts.current(*at)


def all_pages(info: OperationInfo) -> list[Page]:
    """The pages that document an operation, archived ones too."""
    return pages(info) if info.evidence == "sdk" else facts.pages(info.http, info.path)


def said(info: OperationInfo, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments, with `None` for what an operation wants said, if only so, and they do not have."""
    fields = definition(info).arguments.fields
    unsaid = {
        name
        for name, hint in fields.items()
        if get_origin(hint) is not NotRequired and type(None) in get_args(hint) and name not in arguments
    }
    return dict.fromkeys(unsaid) | arguments


def build(info: OperationInfo, arguments: dict[str, Any]) -> Call[Any]:
    """The unsent call for these arguments. For a list, the call for its first page."""
    made = definition(info)
    return _first_call(made.build(info.manager(None), (), made.arguments.by_todays_names(said(info, arguments))))


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
    """Whether an older name leads to the endpoint that replaced it, or to its own one if that is still offered.

    If it is closed, `run()` names the replacement.
    """
    paths = {info.path for info in registry.operations() if old["method"] in info.names}
    closed = retired(old["method"])
    return (
        bool(paths & {old["maps_to"], old["path"]})
        or (closed is not None and closed.instead == old["maps_to"])
        or old["method"] in REPLACED
    )


def sandbox_problems(info: OperationInfo) -> Iterator[str]:
    """Whether the sandbox does not have its endpoint."""
    if info.http not in ENDPOINTS.get(info.path, {}):
        home = "/".join(info.manager.__module__.split(".")[1:])
        yield (
            f"the sandbox has no {info.http} {info.path}: declare it with @endpoint in "
            f"src/dingtalk_models/sandbox/{home}.py"
        )


def module_problems(info: OperationInfo) -> Iterator[str]:
    """Whether its manager is in no module."""
    _, module, *_, file = info.manager.__module__.split(".")
    if file != "module" and not accessors(info.manager):
        name = info.manager.__name__
        yield f"app.{module} does not have it: write `… = managed({name})` in src/dingtalk_models/{module}/module.py"


def own_test_problems(info: OperationInfo) -> Iterator[str]:
    """Whether no test calls it. Tests that run for all operations do not count."""
    if next(tests_of(info), None) is None:
        yield f"no test calls {definition(info).owner}'s {info.method}, or run({info.name!r}): write one in tests/"


def docstring_problems(info: OperationInfo) -> Iterator[str]:
    """What is missing in its docstring."""
    made = definition(info)
    doc = inspect.cleandoc(made.__doc__ or "")
    first, _, rest = doc.partition("\n")
    titles = sorted({page["title"].translate(BRACKETS) for page in pages(info)})
    if not first.endswith(f"({info.title})." if info.title else f"({titles[0]})."):
        yield f"the docstring's first line does not end with a Chinese title in parentheses: {first!r}"
    if rest and not rest.startswith("\n"):
        yield "the docstring's first line runs on"
    if info.title and info.title not in titles:
        yield f"the title {info.title!r} is not documented, but {titles}"
    sources = sorted(page["doc"] for page in pages(info))
    if info.source not in sources:
        yield f"the source {info.source!r} is not documented, but {sources}"
    if doc.rpartition("\n")[2] != ("Evidence: sdk" if info.evidence == "sdk" else f"Source: {info.source}"):
        yield "the docstring does not end with its source, as in `Source: page`"
    arguments = re.search(r"^Args:\n((?:    .*\n|\n)+)", f"{doc}\n", re.MULTILINE)
    described = re.findall(r"^    (\w+): \S", arguments[1], re.MULTILINE) if arguments else []
    parameters = list(inspect.signature(made.__wrapped__).parameters)[1:]
    if info.manager.__module__.startswith("dingtalk_models.platform."):
        parameters = [name for name in parameters if name in described]  # of some, the documents say nothing
    if described != parameters:
        yield f"Args describes {described}, the parameters are {parameters}"


def type_problems(info: OperationInfo) -> Iterator[str]:
    """What is wrong with its annotations."""
    made = definition(info)
    answer = str(inspect.signature(made.__wrapped__).return_annotation)
    if not re.fullmatch(r"(Call|Query|Flow)\[.+\]", answer) or re.search(r"\bAny\b", answer):
        yield f"it is annotated to return {answer}"
    if answer.startswith("Query[") and not (made.endpoint and made.endpoint.idempotent):
        yield "it lists: @api needs idempotent=True, so that it is sent again when its outcome is unknown"


def read_problems(info: OperationInfo) -> Iterator[str]:
    """Whether a read is not sent again when its outcome is unknown."""
    at, last = definition(info).endpoint, info.name.rpartition(".")[2]
    if at and not at.idempotent and READS.match(last[:1].upper() + last[1:]):
        yield "it reads: @api needs idempotent=True"


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
    for old in facts.methods():
        if old["maps_to"] == info.path and old.get("maps_to_http") in {None, info.http} and not _leads(old):
            yield (
                f"{old['method']!r} does not lead to it: give @api the name, as Old(…) where its parameters differ; "
                "or say in first_generation/retired.py that this endpoint takes its place"
            )


NO_USERIDS = {
    "user_id": "in cards, a userid or a union id, as `user_id_type` says",
    "user_ids": "in cards, the same",
    "at_user_ids": "in cards, the same, with the name that is shown",
    "card_at_user_ids": "in cards, the same",
    "chatbot_user_id": "of the robot, and encrypted",
}
"""Ids that are called as the platform calls them, and why they are no userids."""


def name_of_id_problems(name: str, wire: list[str], *, kind: Any = None) -> Iterator[str]:
    """`union_id` for `unionId`; in the plural, where a list is called by the singular. `userid` is another rule."""
    if re.search(r"(user|union)_?id", name) and wire:
        expected = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", wire[0].rpartition(".")[2]).lower()
        expected = CORRECTIONS.fields.get(expected, expected)
        plural = name == f"{expected}s" and get_origin(kind) is list
        if name not in {expected, userid_name(expected), userid_name(f"{expected}s")} and not plural:
            yield f"{name} is {wire[0]!r} on the wire: call it {expected!r}"


def userid_problems(where: str, name: str) -> Iterator[str]:
    """Whether an id of a user is called `userid`, or several `userids`, whatever the platform calls them."""
    today = userid_name(name)
    no_userid = name in NO_USERIDS and ("cards." in where or name == "chatbot_user_id")
    if name != today and not no_userid:
        yield f"{where}: {name} is an id of a user: call it {today}"


def names_of_ids() -> Iterator[tuple[str, str]]:
    """Each parameter and each field that is written by hand, also in objects inside: where it is, and its name.

    The sandbox and the company file speak as the platform does, and `call` makes classes for what is around a result.
    """
    import_all()
    kinds = [kind for base in (Manager, BaseModel, Module) for kind in subclasses(base)]
    for kind in (*kinds, WebhookRobot):
        if not re.match(r"dingtalk_models\.(platform|sandbox|company_file|call)\.", kind.__module__):
            where = f"{kind.__module__.removeprefix('dingtalk_models.')}.{kind.__name__}"
            for value in vars(kind).values():
                if is_operation(value):
                    yield from _names_in(f"{where}.{value.__name__}", value.arguments.fields)
            if issubclass(kind, BaseModel):
                yield from ((where, name) for name in kind.model_fields)


def _names_in(where: str, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, hint in fields.items():
        yield where, name
        inside = {} if is_model(bare(hint)) else fields_in(hint)
        yield from _names_in(f"{where}.{name}", inside)


def request_of(info: OperationInfo, arguments: dict[str, Any]) -> Request:
    """What an operation sends for these arguments, with its secrets."""
    request = build(info, arguments).request
    body = unwrapped(request.body) if is_object(request.body) else request.body
    return replace(request, query_params=unwrapped(request.query_params), body=body)


def time_problems() -> Iterator[str]:
    """Where a type has a plain `date` or `datetime`.

    Its schema may be built while freezegun has classes of its own in their place, which pydantic does not know.
    """
    import_all()
    hints: dict[str, Any] = {kind.__qualname__: kind for kind in subclasses(BaseModel)}
    for info in by_hand():
        made = definition(info)
        hints |= {f"{info.name}: {name}": hint for name, hint in made.arguments.fields.items()}
    for place, verbs in ENDPOINTS.items():
        for each in verbs.values():
            hints |= {f"the sandbox's {place}: {name}": hint for name, hint in _annotations(each.handler).items()}
    for handled in HANDLED:
        hints |= {f"the handle's {handled.path}: {name}": hint for name, hint in _annotations(handled.perform).items()}
    seen: set[Any] = set()
    for name, hint in hints.items():
        for place in _plain_times(hint, seen):
            yield f"{name}{place} is a plain date or datetime: write a type of core/wire.py, or of moments.py"


def import_all() -> None:
    """Import every module that is written by hand, and so what registers itself."""
    for found in walk_packages(dingtalk_models.__path__, "dingtalk_models."):
        if not re.search(r"\.platform\.|\.run_types$|\.__main__$", found.name):
            import_module(found.name)


def _annotations(function: Callable[..., Any]) -> dict[str, Any]:
    return dict(inspect.get_annotations(function, eval_str=True))


def _plain_times(hint: Any, seen: set[Any]) -> Iterator[str]:
    """Where in a type, below its name."""
    if hint in (date, datetime):
        yield ""
        return
    if any(isinstance(each, GetPydanticSchema) for each in getattr(hint, "__metadata__", ())):
        return
    if isinstance(hint, type) and hint.__module__.startswith("dingtalk_models.") and hint not in seen:
        seen.add(hint)
        for name, part in get_type_hints(hint, include_extras=True).items():
            yield from (f".{name}{place}" for place in _plain_times(part, seen))
    for part in get_args(hint):
        yield from _plain_times(part, seen)


def subclasses(kind: type[T]) -> Iterator[type[T]]:
    """The classes of this package below one."""
    for each in kind.__subclasses__():
        if each.__module__.startswith("dingtalk_models."):
            yield each
        yield from subclasses(each)


def sample_problems(info: OperationInfo) -> Iterator[str]:
    """How requests with the facts' sample values contradict the facts."""
    every = all_pages(info)
    for page in pages(info):
        sample = request_sample(page)
        try:
            request = request_of(info, sample)
        except InvalidArgument as error:
            yield from (f"the sample of {page['doc']} is refused: {each}" for each in reasons(error))
            continue
        yield from samples.request_problems(request, page, every)
        yield from _not_carried(sample, request, page)


def reasons(error: InvalidArgument) -> list[str]:
    """What is wrong with each argument, in English."""
    return [english(str(problem)) for problem in error.problems]


def parameter_problems(info: OperationInfo) -> Iterator[str]:
    """Which documented parameters cannot be sent."""
    for page in pages(info):
        sample = request_sample(page)
        for row in rows(page):
            if row["name"] in sample and not row.get("children"):
                continue  # the sample is sent as it is
            for value in samples.variants(row, sample.get(row["name"])):
                one = {row["name"]: value}
                try:
                    request = request_of(info, {**sample, **one})
                except InvalidArgument as error:
                    yield from (f"{row['name']} of {page['doc']} cannot be sent: {each}" for each in reasons(error))
                else:
                    yield from _not_carried(one, request, page)


def strictness_problems(info: OperationInfo) -> Iterator[str]:
    """Which objects in its arguments accept keys that are not documented."""
    arguments = definition(info).arguments
    hints = _by_spelling(arguments.fields, arguments.rule)
    for page in pages(info):
        sample = request_sample(page)
        for name, value in sample.items():
            for planted in _with_an_unknown_key(value, hints.get(name), arguments.rule):
                try:
                    build(info, {**sample, name: planted})
                except InvalidArgument as error:
                    if any(problem.field.endswith(f".{UNKNOWN}") for problem in error.problems):
                        continue
                yield f"{name} of {page['doc']} may have unknown keys: {planted}"


UNKNOWN = "xUnknown"


def _by_spelling(fields: dict[str, Any], rule: Callable[[str], str]) -> dict[str, Any]:
    """The types of fields by each of their names: the Python name, the name by the rule, and declared names."""
    names = {name: (name, rule(name), *wire_names(hint)) for name, hint in fields.items()}
    return {spelling: fields[name] for name, spellings in names.items() for spelling in spellings}


def _with_an_unknown_key(value: Any, hint: Any, rule: Callable[[str], str]) -> Iterator[Any]:
    """The same value with such a key in one of its objects, for each object whose keys are declared."""
    if is_array(value):
        if value:
            yield from ([planted, *value[1:]] for planted in _with_an_unknown_key(value[0], hint, rule))
    elif is_object(value) and (fields := fields_in(hint)):
        yield {**value, UNKNOWN: 1}
        hints = _by_spelling(fields, rule)
        for name, part in value.items():
            for planted in _with_an_unknown_key(part, hints.get(name), rule):
                yield {**value, name: planted}


def limit_problems(info: OperationInfo) -> Iterator[str]:
    """Which documented limits are not checked before something is sent."""
    for page in pages(info):
        sample = request_sample(page)
        for row in rows(page):
            for limit, value in samples.over_limits(row, product_of(page)):
                try:
                    request = request_of(info, {**sample, row["name"]: value})
                except InvalidArgument:
                    continue
                if any(True for _ in samples.request_problems(request, page, [page])):
                    yield f"{row['name']} of {page['doc']} may be beyond {limit}"


def old_name_problems(info: OperationInfo) -> Iterator[str]:
    """Which parameters its older names do not accept, although they had them."""
    every = all_pages(info)
    documented = {row["name"]: row for page in every for row in rows(page)}
    arguments = definition(info).arguments
    names = {name: arguments.wire_names(name)[0] for name in arguments.fields}
    today = documented | {name: documented[wire] for name, wire in names.items() if wire in documented}
    for name in info.names[1:]:
        old = registry.by_name[name].old
        rows_of_then = _old_rows(name, old.params, today)
        for left_out in ({*SPELLED_TWICE}, {*SPELLED_TWICE.values()}) if SPELLED_TWICE.keys() & rows_of_then else ((),):
            given = {each: sample_of(row) for each, row in rows_of_then.items() if each not in left_out}
            try:
                request = request_of(info, old.translate(given))
            except InvalidArgument as error:
                yield from (f"{name}: {each}" for each in reasons(error))
                continue
            for problem in samples.request_problems(request, pages(info)[0], every):
                yield f"{name}: {problem}"
            sent = words([dict(request.query_params), request.body, unquote(request.path).split("/")])
            for parameter, value in given.items():
                if lost := words(value) - sent:
                    yield f"{name}: {parameter} lost {sorted(lost)}"


SPELLED_TWICE = {"deptPerimits": "deptPermits", "userPerimits": "userPermits"}
"""Older parameters of which the older SDKs have two spellings: nobody gives both."""


def _old_rows(name: str, renamed: dict[str, Any], today: dict[str, Row]) -> dict[str, Row]:
    """A row for each parameter of an older name: from its page, or from today's parameter, or with its type only."""
    documented = {
        row["name"]: row for page in facts.endpoints() if page.get("legacy_method") == name for row in rows(page)
    }
    found: dict[str, Row] = {}
    for method in facts.methods():
        if method["method"] == name:
            for parameter in method["params"]:
                own: str = parameter["name"]
                change = renamed.get(own, own)
                # an object is still an object where a function translates its fields
                its_name = own if parameter["type"] == "object" else change
                successor = today.get(its_name) if isinstance(its_name, str) else None
                found[own] = documented.get(own) or successor or _bare_row(own, parameter["type"])
    return found


def _bare_row(name: str, kind: str) -> Row:
    return {"name": name, "type": kind if kind in {"integer", "boolean"} else "string"}


def _not_carried(sample: dict[str, Any], request: Request, page: Page) -> Iterator[str]:
    sent = {**request.query_params, **samples.named_body(request, page)}
    in_path = {row["name"] for row in rows(page) if row["in"] == "path"}
    for name, value in sample.items():
        if name in in_path:
            if str(value) not in unquote(request.path):
                yield f"{name}={value!r} of {page['doc']} is not in the path {request.path}"
        elif name not in sent or not (same(value, sent[name]) or isinstance(sent[name], Upload)):
            yield f"{name}={value!r} of {page['doc']} is sent as {sent.get(name)!r}"


def words(value: Any) -> set[str]:
    """Every word in every value."""
    if is_object(value):
        return {word for part in value.values() for word in words(part)}
    if is_array(value):
        return {word for part in value for word in words(part)}
    if isinstance(value, str):
        parsed = samples.loaded(samples.decoded(value))
        if is_object(parsed) or is_array(parsed):
            return words(parsed)
        if day := samples.day_of(value):
            return words(day)  # a time may be read in another form, or as a day
    return set(re.findall(r"\w+", samples.text_of(value))) if value is not None else set()
