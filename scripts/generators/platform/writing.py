"""Writes the interface of a product as the source text of its module."""

from __future__ import annotations

import json
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.wire import camel_name
from generators import facts
from generators.facts import Page
from generators.platform.interface import Argument, Class, Field, Method
from generators.platform.meaning import below, described, quoted
from generators.platform.operations import Api, Parameter
from generators.platform.rows import Row
from generators.platform.words import words_of

MANAGER, PAGING = "dingtalk_models.resource.manager", "dingtalk_models.call.paging"
SECRET, WIRE = "dingtalk_models.core.secret", "dingtalk_models.core.wire"
SPANS, AMOUNTS = "dingtalk_models.core.quantities.spans", "dingtalk_models.core.quantities.amounts"
REPLY, NEEDS = "dingtalk_models.resource.reply", "dingtalk_models.resource.needs"
MODEL = "dingtalk_models.resource.model"
OPERATION = "dingtalk_models.call.operation"
IMPORTS = {
    "Annotated": "typing", "Literal": "typing",
    "Mapping": "collections.abc", "Sequence": "collections.abc",
    "Field": "pydantic", "JsonValue": "pydantic", "SecretStr": "pydantic",
    "Call": "dingtalk_models.call.call",
    "Upload": "dingtalk_models.core.files",
    "Secret": SECRET, "Hidden": SECRET, "Hiding": SECRET,
    "Reply": REPLY, "promised": REPLY,
    "Shape": MODEL, "OrDict": MODEL,
    "Needs": NEEDS, "OneOf": NEEDS,
    "Manager": MANAGER, "alias": MANAGER,
    "api": OPERATION, "Old": OPERATION,
    "CURSOR": PAGING, "OFFSET": PAGING, "Paging": PAGING, "TOKEN": PAGING, "TOKEN_FROM_ZERO": PAGING,
    "Listing": "dingtalk_models.resource.query", "Query": "dingtalk_models.resource.query",
    "BeijingTime": WIRE, "Millis": WIRE, "Seconds": WIRE, "IsoTime": WIRE, "IsoFraction": WIRE, "OffsetTime": WIRE,
    "Day": WIRE, "CompactDate": WIRE,
    "CommaStrs": WIRE, "at_most_bytes": WIRE,
    "camel": WIRE, "empty_list": WIRE, "empty_dict": WIRE, "wire": WIRE,
    "SpanMillis": SPANS, "SpanSeconds": SPANS, "SpanMinutes": SPANS, "SpanHours": SPANS, "SpanDays": SPANS,
    "Amount": AMOUNTS, "AmountText": AMOUNTS,
}  # fmt: skip
"""By name: where a generated module has it from."""

OF_ENTITIES = {
    "ClassVar": "typing",
    "cached_property": "functools",
    "Flow": "dingtalk_models.core.steps",
    "operation": OPERATION,
    "Entity": "dingtalk_models.resource.entity", "Remembered": "dingtalk_models.resource.entity",
    "Refreshed": MODEL, "Savable": MODEL, "Changed": MODEL,
}  # fmt: skip
"""The same, for a module whose objects have methods."""

FUNCTIONS = {"alias", "api", "wire", "promised", "camel"}
"""The names of `IMPORTS` that a parameter or a text may have too: they count only where they are called."""

BRACKETS = str.maketrans("()", "（）")
"""A title stands in brackets itself."""

WIDTH = 112
"""How many characters of a docstring are on a line."""


def module(
    title: str,
    interface_source: list[str],
    manager: str,
    methods: list[str],
    *,
    imports: Mapping[str, str],
    entities: Iterable[str] = (),
) -> str:
    """The whole module.

    Args:
        title: its docstring.
        interface_source: its classes.
        manager: the name of its manager.
        methods: those of the manager.
        imports: by name, where else it has something from.
        entities: its classes with methods, which need the manager.
    """
    head = f"class {manager}(Manager):"
    body = "\n".join(methods)
    if re.search(r"^    def list\(", body, re.MULTILINE):
        body = re.sub(r"(?<![.\w])list\[", "builtins.list[", body)
    body = "\n\n".join([*interface_source, f"{head}\n{body}", *entities])
    return "\n".join(
        [quoted(title), "", "from __future__ import annotations", "", *_imports(body, imports), "", body, ""]
    )


def _imports(body: str, imports: Mapping[str, str]) -> Iterator[str]:
    code = re.sub(r'"""(.|\n)*?"""', "", body)
    used: dict[str, list[str]] = defaultdict(list)
    for word, home in (IMPORTS | dict(imports)).items():
        how = rf"(?<![\w.\"]){word}\(" if word in FUNCTIONS - {"camel"} else rf"(?<![.\w\"]){word}\b(?![\"\w])"
        if re.search(rf"alias_generator={word}\b" if word == "camel" else how, code):
            used[home].append(word)
    if "builtins." in code:
        yield "import builtins"
    for group in ({"collections", "functools", "typing"}, {"pydantic", "typing_extensions"}, {"dingtalk_models"}):
        of_group = {home: words for home, words in used.items() if home.partition(".")[0] in group}
        yield from (f"from {home} import {', '.join(_sorted(words))}" for home, words in sorted(of_group.items()))
        if of_group:
            yield ""


def _sorted(words: list[str]) -> list[str]:
    """Constants first, then classes, then functions, as ruff wants imports."""
    return sorted(words, key=lambda word: (not word.isupper(), word[0].islower(), word))


class Methods(NamedTuple):
    """What makes a class one of objects with methods.

    Attributes:
        bases: the classes that it inherits from.
        head: the lines before its fields.
        body: the source of its methods.
    """

    bases: list[str]
    head: list[str]
    body: list[str]


def class_source(
    name: str,
    each: Class,
    host: str,
    title: str,
    meanings: Mapping[tuple[str, str], str],
    *,
    methods: Methods | None = None,
) -> str:
    """The source of a class.

    Args:
        name: its name.
        each: what it has.
        host: whose rule of names holds.
        title: what the platform calls it.
        meanings: by class and wire name, what the platform says of a field.
        methods: those of its objects, if they have any.
    """
    bases = methods.bases if methods else ["Reply"] if each.received else []
    bases = [*bases[:1], *(["Shape"] if each.sent else []), *bases[1:]]
    rule = [] if host == "oapi" else ["alias_generator=camel"]
    words = " ".join(words_of(name)).capitalize()
    lines = [
        f"class {name}({', '.join([*bases, *rule])}):",
        f"    {quoted(f'{words} ({title}).' if title else f'{words}.')}",
        "",
        *(methods.head if methods else []),
    ]
    for field in each.fields.values():
        lines.append(_field(field, host))
        lines += below(meanings.get((name, field.wire), ""))
    return "\n".join([*lines, "", *(methods.body if methods else [])])


def _field(field: Field, host: str) -> str:
    hint = field.hint
    if (field.name if host == "oapi" else camel_name(field.name)) != field.wire:
        hint = f"Annotated[{hint}, wire({json.dumps(field.wire)})]"
    return f"    {field.name}: {hint}" + (f" = {field.default}" if field.default is not None else "")


def method_source(api: str, method: Method, docstring: Iterator[str]) -> str:
    """The source of a method.

    Args:
        api: the platform's name of it.
        method: what it has.
        docstring: the lines of its docstring.
    """
    decorator = ", ".join([json.dumps(api), json.dumps(method.endpoint), *method.options])
    return "\n".join(
        [
            f"    @api({decorator})",
            definition(method.name, method, [*method.arguments.values()], method.returns),
            *docstring,
            f"        return {method.made}",
            "",
            *(f"    {name} = {method.name}\n" for name in method.also),
        ]
    )


def definition(name: str, method: Method, given: Iterable[Argument], returns: str) -> str:
    """The first lines of a method.

    Args:
        name: its name.
        method: the operation that it sends.
        given: the arguments of the operation that it takes.
        returns: the type that it returns.
    """
    given = [*given]
    by_position = [each for each in given if each.by_position and each.required]
    rest = [each for each in given if each not in by_position]
    keywords = [*(each for each in rest if each.required), *(each for each in rest if not each.required)]
    parts = ["self", *(_argument(each, method) for each in by_position), *(["*"] if keywords else [])]
    parts += [_argument(each, method) for each in keywords]
    inner = ",\n        ".join(parts)
    return f"    def {name}(\n        {inner},\n    ) -> {returns}:"


def in_order(method: Method) -> list[Argument]:
    """The arguments in the order of the signature."""
    given = [*method.arguments.values()]
    return sorted(given, key=lambda each: (not (each.by_position and each.required), not each.required))


def _argument(each: Argument, method: Method) -> str:
    at = Endpoint.parse(method.endpoint)
    as_it_is = at.host == "oapi" or f"{{{each.name}}}" in at.path or each.name in at.query_params
    hint = f"{each.hint} | None" if each.default == "None" else each.hint
    if (each.name if as_it_is else camel_name(each.name)) != each.wire:
        hint = f"Annotated[{hint}, wire({json.dumps(each.wire)})]"
    return f"{each.name}: {hint}" + ("" if each.default is None else f" = {each.default}")


def docstring(title: str, arguments: list[str], pages: list[Page]) -> Iterator[str]:
    """The docstring of a method.

    Args:
        title: its first line.
        arguments: a line for each parameter of which something is known.
        pages: those that document it; none if it is documented no more.
    """
    from_sdk = bool(pages) and facts.from_sdk(pages)
    lines = [title, *(["", "Known from the official SDK only (仅见于官方 SDK)."] if from_sdk else [])]
    if arguments:
        lines += ["", "Args:", *arguments]
    if codes := sorted({str(error["code"]) for page in pages for error in page["errors"]}):
        lines += ["", "Codes: " + ", ".join(codes) + "."]
    for label, key in (("Scopes", "permissions"), ("Apps", "app_types")):
        if found := sorted({each for page in pages for each in page[key]}):
            lines += ["", f"{label}: " + ", ".join(found) + "."]
    lines += [f"\nSee also: {page['doc']}" for page in pages[1:]]
    source = "Evidence: sdk" if from_sdk else f"Source: {pages[0]['doc']}" if pages else "Not documented any more."
    yield from in_quotes([*lines, "", source])


def in_quotes(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a method's docstring as source text."""
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    first, *rest = text.splitlines()
    yield f'        """{first}'
    yield from (f"        {part}" if part else "" for line in rest for part in _wrapped(line))
    yield '        """'


def told(method: Method, api: Api | None) -> dict[str, str]:
    """What is to be said of the arguments of a method, by their names.

    Args:
        method: the method.
        api: what the pages say of it; `None` if it is documented no more.
    """
    parameters = {each.wire: each for each in api.parameters} if api else {}
    return {
        each.name: text
        for each in in_order(method)
        if (given := parameters.get(each.wire)) and (text := described(_row(each, given), given.samples))
    }


def _row(argument: Argument, parameter: Parameter) -> Row:
    """The row of a parameter, with the default that it has here."""
    ours = argument.default not in {None, "None"}
    return {**parameter.row, "default": argument.default} if ours else parameter.row


def _wrapped(line: str) -> list[str]:
    if len(line) <= WIDTH or line.startswith("Source:"):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
