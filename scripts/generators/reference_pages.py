"""docs/reference/: a page a product, with every method of `app.platform`; an index; every name of `run()`.

The pages are in both languages at once: Chinese titles, and short labels in Chinese and English.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from typing_extensions import get_type_hints

from dingtalk_models.core.documentation.labels import of_fields, of_parameters
from dingtalk_models.core.hints import bare, get_origin
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.first_generation.retired import retired
from dingtalk_models.platform.products import REPLACED
from dingtalk_models.resource.registry import OperationInfo
from generators import facts
from generators.coverage import module_of, resource, spelled
from generators.facts import Page
from generators.marked import row
from generators.pages import REFERENCE
from generators.places import Place, places
from generators.platform import moments
from generators.platform.endpoints import documented, examples, known, merged
from generators.platform.lists import PAGES, SIZES, TOKENS
from generators.platform.meaning import label, notes
from generators.platform.naming import python_name
from generators.platform.operations import by_wire, wrapped
from generators.platform.rows import Row, is_map, named, values_at
from generators.platform.writing import BRACKETS
from generators.samples import request_sample
from generators.uses import by_hand

SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
WIDTH = 100
"""How long a line of an example may be."""
SHARED = 20
"""How many error codes are listed once, if several methods of a product have the same ones."""

APPROVAL, ATTENDANCE = "approval.md", "attendance.md"
OTHER_PAGES = {"auth": "sessions.md"}
"""The page of a module, where it has another name than the module."""

APPS = {
    "internal": "企业内部应用 internal",
    "third_party_org": "第三方企业应用 third_party_org",
    "third_party_personal": "第三方个人应用 third_party_personal",
}
ABOVE = "[全部产品 all products](index.md) · [按名称查找 by name](names.md)"
OF_SDK = "[仅见于官方 SDK only in the SDK](sdk-names.md)"
IN_ENGLISH = (
    "these many more are known from the official SDK only: see the pages of their products, at the end of this one"
)
UNITS = {"calls": "次", "messages": "条消息", "users": "人", "days": "天", "months": "个月"}
OF_A_CALL = {
    "max_batch": "每次最多 {value} 个 · at most {value} a call",
    "max_range": "时间跨度最多 {value} {单位} · a span of at most {value} {unit}",
    "max_size": "`{param}` {for}最大 {value} {unit} · `{param}` {for}at most {value} {unit}",
    "qps": "每秒最多 {value} 次 · at most {value} a second",
    "per_minute": "每分钟最多 {value} {单位} · at most {value} {unit} a minute",
    "per_day": "每天最多 {value} {单位} · at most {value} {unit} a day",
    "per_week": "每周最多 {value} {单位} · at most {value} {unit} a week",
}
"""The text for each kind of limit."""


def files() -> dict[Path, str]:
    """Each page with its text."""
    of_product: dict[str, list[tuple[Place, list[Page]]]] = defaultdict(list)
    for at, pages in known().items():
        of_product[places()[at].product].append((places()[at], pages))
    return {
        REFERENCE / "index.md": index(),
        REFERENCE / "names.md": _names_page("名称 Names", _names()),
        REFERENCE / "sdk-names.md": _names_page("仅见于官方 SDK 的名称 Names of the SDK only", _names_in_sdk()),
        REFERENCE / "older-names.md": _names_page("旧名称 Older names", _older()),
        **{REFERENCE / f"{product}.md": _product(product, found) for product, found in sorted(of_product.items())},
    }


# The page of a product


def _product(product: str, found: list[tuple[Place, list[Page]]]) -> str:
    found.sort(key=lambda each: (facts.from_sdk(each[1]), each[0].method))
    categories = "、".join(dict.fromkeys(_category(pages) for _, pages in found if not facts.from_sdk(pages)))
    only_in_sdk = sum(facts.from_sdk(pages) for _, pages in found)
    count = f"{len(found)} 个方法 methods"
    count += f"，其中 of these {only_in_sdk} 个{facts.SDK} only in the official SDK" if only_in_sdk else ""
    titles = (row(f"[{_title(at, pages)}](#{at.method})", f"`{at.method}`") for at, pages in found)
    same = Counter(codes for _, pages in found if len(codes := _codes(pages)) > SHARED)
    shared = [codes for codes, times in same.items() if times > 1]
    parts = [
        f"# {product} · {categories or facts.SDK}",
        f"`app.platform.{product}` · {count} · {ABOVE}",
        f"{row('接口 API', '方法 method')}{row('---', '---')}{''.join(titles)}".rstrip(),
        *(_method(at, pages, shared) for at, pages in found),
        *(f"## 共用错误码 codes {number}\n\n{_listed(codes)}" for number, codes in enumerate(shared, 1)),
    ]
    return "\n\n".join(parts) + "\n"


def _method(at: Place, pages: list[Page], shared: list[frozenset[tuple[str, str]]]) -> str:
    page = pages[0]
    documentation = "、".join(
        f"[官方文档 documentation](https://open.dingtalk.com/document/development/{slug})"
        for slug in dict.fromkeys(each["doc"] or at.info.source for each in pages)
        if slug
    )
    facts_of = [
        f"`{page['http']} {page['path']}` · {documentation or f'{facts.SDK} evidence: sdk'}",
        f"`run()`: {'、'.join(f'`{name}`' for name in at.info.names)}",
        *_by_hand(at),
        *_scopes(at),
        *(f"限制 limit: {limit}" for limit in dict.fromkeys(limits_of_a_call(pages))),
        *_answer(at),
    ]
    parts = [
        f"## {at.method}",
        f"**{_title(at, pages)}**",
        "\n".join(f"- {line}" for line in facts_of),
        f"```python\n{example(at, page)}\n```",
        _table("参数 parameter", parameters(at, pages)),
        _table("返回 reply", _fields(_answered(at))),
        _codes_of(pages, shared),
    ]
    return "\n\n".join(part for part in parts if part)


def _title(at: Place, pages: list[Page]) -> str:
    """The Chinese titles of a method's pages."""
    return " / ".join(dict.fromkeys(filter(None, [at.info.title, *(_plain(page["title"]) for page in pages)])))


def _plain(title: str) -> str:
    return title.translate(BRACKETS)


def _by_hand(at: Place) -> Iterator[str]:
    if at.by_hand:
        yield f"手写的方法 written by hand: {_linked_by_hand(at.info)}"


def _linked_by_hand(info: OperationInfo) -> str:
    """An operation that is written by hand, with a link to its page."""
    module = module_of(info)
    page = OTHER_PAGES.get(module, f"{module}.md")
    if module == "smartwork":
        page = APPROVAL if resource(info).startswith("Approval") else ATTENDANCE
    return f"[`{spelled(info)}`](../{page})"


def _scopes(at: Place) -> Iterator[str]:
    if at.info.scopes:
        yield f"权限 scopes: {'、'.join(f'`{scope}`' for scope in at.info.scopes)}"
    if at.info.app_types:
        yield f"应用类型 apps: {'、'.join(APPS[kind] for kind in at.info.app_types)}"


def limits_of_a_call(pages: list[Page]) -> Iterator[str]:
    """The documented limits that no single parameter has."""
    for page in pages:
        for limit in page["limits"]:
            unit = limit.get("unit", "")
            part = f"`{limit['for']}` " if "for" in limit else ""
            yield OF_A_CALL[limit["kind"]].format(**{**limit, "unit": unit, "单位": UNITS.get(unit), "for": part})


def _answer(at: Place) -> Iterator[str]:
    hint = returned(at)
    inside = kind_of(get_args(hint)[0])
    if get_origin(hint).__name__ == "Query":
        size = next(
            (name for name in at.definition().arguments.fields if name in {python_name(each) for each in SIZES}), ""
        )
        said = f"，每页条数 page size: `{size}`" if size else ""
        yield f"返回 returns: 惰性列表 a lazy list, `Query[{inside}]`，自动翻页 reads page by page{said}"
    else:
        yield f"返回 returns: `{inside}`"


def _codes(pages: list[Page]) -> frozenset[tuple[str, str]]:
    return frozenset((str(error["code"]), str(error["message"])) for page in pages for error in page["errors"])


def _codes_of(pages: list[Page], shared: list[frozenset[tuple[str, str]]]) -> str:
    codes = _codes(pages)
    if codes in shared:
        number = shared.index(codes) + 1
        return f"错误码 codes: [{len(codes)} 个，见文末 at the end of the page](#共用错误码-codes-{number})"
    return f"错误码 codes: {_listed(codes)}" if codes else ""


def _listed(codes: Iterable[tuple[str, str]]) -> str:
    texts: dict[str, list[str]] = defaultdict(list)
    for code, text in sorted(codes):
        told = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("[", "\\[")
        if told not in {code, "%s", "", "null"}:
            texts[code].append(told)
        else:
            texts[code] += []
    return "；".join(" ".join([f"`{code}`", " / ".join(told)]).strip() for code, told in texts.items())


def _table(head: str, rows: Iterable[tuple[str, str, str, str]]) -> str:
    made = "".join(row(*each) for each in rows).rstrip()
    return f"{row(head, '平台名 wire', '类型 type', '说明 notes')}{row(*['---'] * 4)}{made}" if made else ""


# Parameters


def parameters(at: Place, pages: list[Page]) -> Iterator[tuple[str, str, str, str]]:
    """Each parameter, and each part of it: its Python name, its wire name, its type, what else is to be said."""
    rows = by_wire(merged(pages))
    fields = at.definition().arguments
    by_name = {name: rows[wire] for name in fields.fields for wire in fields.wire_names(name)[:1] if wire in rows}
    if at.by_hand:
        by_name |= {row["name"]: row for row in merged(pages) if row not in by_name.values()}
    for name, each in by_name.items():
        shown = [value for page in pages for value in examples(page, each)]
        hint = at.definition().arguments.fields.get(name)
        required = bool(each.get("required")) if hint is None else get_origin(hint) is not NotRequired
        written = of_parameters(at.definition().__doc__).get(name, "") if at.by_hand else ""
        kind = _type(each, shown) if hint is None else kind_of(bare(hint))
        yield from _parameter(each, name, shown, kind, required=required, written=written)


def _parameter(
    each: Row, name: str, shown: list[Any], kind: str, *, required: bool, written: str = ""
) -> Iterator[tuple[str, str, str, str]]:
    inside = [item for value in shown for item in (value if is_array(value) else [value])]
    yield (
        f"`{name}`",
        f"`{each['name']}`" if each["name"] else "",
        kind,
        _notes(each, inside, required=required, written=written),
    )
    free = is_map(each, shown) if each.get("children") else False
    if free:
        inside = [value for item in inside if is_object(item) for value in item.values()]
    way = name + ("[]" if each["type"] == "array" else "") + (".*" if free else "")
    for child, python in named(each.get("children", [])):
        below = list(values_at(inside, child["name"]))
        kind = _type(child, below)
        yield from _parameter(child, f"{way}.{python}", below, kind, required=bool(child.get("required")))


def _type(each: Row, shown: list[Any]) -> str:
    """The type of a part of a parameter, as a reader knows it."""
    kind = each["type"]
    if kind == "array":
        return f"list[{SCALARS.get(each.get('items', ''), 'dict' if each.get('children') else 'JSON')}]"
    if kind == "object":
        return "dict"
    if kind == "file":
        return "Upload"
    return moments.read(each, shown, sent=True).kind or SCALARS.get(kind, "JSON")


def _notes(each: Row, shown: list[Any], *, required: bool, written: str = "") -> str:
    """What is to be said of a parameter.

    Args:
        each: its row.
        shown: the values that the pages show for it.
        required: whether it has to be given.
        written: what a hand-written operation says of it.
    """
    said = [label(each), written.removesuffix("."), "必填 required" if required else "", *notes(each, shown)]
    return _in_a_cell("；".join(filter(None, said)))


def _in_a_cell(text: str) -> str:
    """A text in a table: what would end the cell, or begin a tag, is escaped."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


# Replies


def returned(at: Place) -> Any:
    """Return the result type of a method: `Call[T]` or `Query[T]`."""
    definition = at.definition()
    return get_type_hints(definition.__wrapped__, localns={**definition.types()}, include_extras=True)["return"]


def _answered(at: Place) -> Any:
    return get_args(returned(at))[0]


def kind_of(hint: Any) -> str:
    """A type as a reader knows it: without `None`, without what is said of its form on the wire."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return kind_of(parts[0])
    if origin in {Union, UnionType}:
        # an object may be given as a dict too, which goes without saying
        known = [part for part in parts if part is not NoneType and get_origin(part) is not Mapping]
        return " \\| ".join(dict.fromkeys(map(kind_of, known)))
    if origin is Literal:
        return "str" if isinstance(parts[0], str) else type(parts[0]).__name__
    if origin in {list, dict, tuple, Mapping, Sequence}:
        name = {Mapping: "dict", Sequence: "list"}.get(origin, origin.__name__)
        return f"{name}[{', '.join(kind_of(part) for part in parts)}]"
    name = str(getattr(hint, "__name__", hint))
    return {"JsonValue": "JSON", "Any": "JSON", "Secret": "str", "NoneType": "None"}.get(name.partition("[")[0], name)


def _fields(hint: Any, way: str = "", above: tuple[type[BaseModel], ...] = ()) -> Iterator[tuple[str, str, str, str]]:
    """Each field of an answer, and each part of it."""
    model = _model(hint)
    if model is None or model in above:
        return
    model.model_rebuild()
    said = of_fields(model)
    for name, field in model.model_fields.items():
        if not field.exclude and not _is_link(field):
            kind = kind_of(field.annotation)
            yield f"`{way}{name}`", f"`{_wire_name(name, field)}`", kind, _in_a_cell(said.get(name, ""))
            many = "[]" if kind.startswith("list[") else ".*" if kind.startswith("dict[") else ""
            yield from _fields(field.annotation, f"{way}{name}{many}.", (*above, model))


def _is_link(field: FieldInfo) -> bool:
    return (field.serialization_alias or "").startswith("_")


def _wire_name(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return str(field.serialization_alias or (alias.choices[0] if isinstance(alias, AliasChoices) else alias) or name)


def _model(hint: Any) -> type[BaseModel] | None:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint
    parts = get_args(hint)[:1] if get_origin(hint) is Annotated else get_args(hint)
    return next((model for part in parts if (model := _model(part))), None)


# Examples


def example(at: Place, page: Page) -> str:
    """A call with the arguments of the documented example."""
    given = request_sample(page)
    if get_origin(returned(at)).__name__ == "Query":
        # a lazy list begins at its beginning
        fields = at.definition().arguments
        wires = {wire for name in fields.defaults for wire in fields.wire_names(name)}
        given = {wire: value for wire, value in given.items() if wire not in wires & {*TOKENS, "offset", *PAGES}}
    if at.by_hand:
        return _call(f'app.run("{at.info.name}"', given, first=True)
    rows, fields = by_wire(merged([page])), at.definition().arguments
    names = {fields.wire_names(name)[0]: name for name in fields.fields}
    wrapper = wrapped(merged([page]))
    if wrapper is not None and is_object(whole := given.pop(wrapper["name"], None)):
        given |= {f"{wrapper['name']}.{name}": value for name, value in whole.items()}
    made = {
        names[wire]: _pythonic(value, rows[wire]) for wire, value in given.items() if wire in names and wire in rows
    }
    order = [*fields.fields]
    return _call(f"app.platform.{at.call}(", dict(sorted(made.items(), key=lambda item: order.index(item[0]))))


def _pythonic(value: Any, each: Row) -> Any:
    """A value with the Python names of its parts."""
    if is_array(value):
        return [_pythonic(item, each) for item in value]
    if not is_object(value) or not each.get("children"):
        return value
    if is_map(each, [value]):
        return {name: _pythonic(part, {**each, "values": None}) for name, part in value.items()}
    rows = {child["name"]: (child, name) for child, name in named(each["children"])}
    return {rows[name][1]: _pythonic(part, rows[name][0]) for name, part in value.items() if name in rows}


def _call(start: str, given: dict[str, Any], *, first: bool = False) -> str:
    before = [start.partition("(")[2]] if first else []
    start = start.partition("(")[0] + "("
    plain = [f"{name}={written(value)}" for name, value in given.items() if name.isidentifier()]
    others = {name: value for name, value in given.items() if not name.isidentifier()}
    short = [*before, *plain, *([f"**{written(others)}"] if others else [])]
    if len(line := f"{start}{', '.join(short)})") <= WIDTH:
        return line
    long = [f"{name}={written(value, 4, len(name) + 2)}" for name, value in given.items() if name.isidentifier()]
    parts = [*before, *long, *([f"**{written(others, 4, 3)}"] if others else [])]
    return "\n".join([start, *(f"    {part}," for part in parts), ")"])


def written(value: Any, indent: int = 0, before: int = 0) -> str:
    """A value as Python, on one line if it fits.

    Args:
        value: JSON.
        indent: how far the line is indented.
        before: how many characters of the line stand before it.
    """
    flat = _flat(value)
    if indent + before + len(flat) <= WIDTH:
        return flat
    inner = indent + 4
    if is_object(value):
        return _block(
            "{}", [f"{_flat(name)}: {written(part, inner, len(name) + 5)}" for name, part in value.items()], indent
        )
    if is_array(value):
        return _block("[]", [written(part, inner, 1) for part in value], indent)
    return flat


def _block(brackets: str, parts: list[str], indent: int) -> str:
    return "\n".join([brackets[0], *(f"{' ' * (indent + 4)}{part}," for part in parts), f"{' ' * indent}{brackets[1]}"])


def _flat(value: Any) -> str:
    if is_object(value):
        return f"{{{', '.join(f'{_flat(name)}: {_flat(part)}' for name, part in value.items())}}}"
    if is_array(value):
        return f"[{', '.join(map(_flat, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


# The index, and the names


def index() -> str:
    """Every method by its category."""
    only_in_sdk = Counter(places()[at].product for at, pages in known().items() if facts.from_sdk(pages))
    found = sorted(
        ((pages, places()[at]) for at, pages in documented().items()),
        key=lambda each: (each[0][0]["category"], each[1].call),
    )
    size = Counter(_category(pages) for pages, _ in found)
    products: dict[str, set[str]] = defaultdict(set)
    for pages, at in found:
        products[_category(pages)].add(at.product)
    overview = (
        row(
            f"[{name}](#{_anchor(name)})",
            str(size[name]),
            "、".join(f"[{each}]({each}.md)" for each in sorted(products[name])),
        )
        for name in sorted(size, key=lambda name: -size[name])
    )
    parts = [
        "# 接口手册 API reference",
        f"`app.platform` 的方法，由 `scripts/generate` 按官方文档生成，共 {len(found)} 个。",
        "The methods of `app.platform`, generated by `scripts/generate` from the platform's documentation.",
        f"另有 {sum(only_in_sdk.values())} 个仅见于官方 SDK，按产品列在文末 · {IN_ENGLISH}",
        f"- 按任一名称查找 by any name: [名称 names](names.md)、{OF_SDK}、[旧名称 older names](older-names.md)",
        "- [带方法的对象 objects with methods](entities.md)",
        (
            row("分类 category", "方法 methods", "产品 products") + row("---", "---:", "---") + "".join(overview)
        ).rstrip(),
    ]
    head = row("接口 API", "`app.platform.`", "小类 group") + row("---", "---", "---")
    for category, members in groupby(found, key=lambda each: _category(each[0])):
        rows = "".join(
            row(
                f"[{_title(at, pages)}]({at.product}.md#{at.method})",
                f"`{at.call}`",
                " / ".join(pages[0]["category"][1:]),
            )
            for pages, at in members
        )
        parts.append(f"## {category}\n\n{head}{rows}".rstrip())
    counted = "".join(row(f"[{each}]({each}.md)", str(number)) for each, number in sorted(only_in_sdk.items()))
    parts.append(f"## {facts.SDK}\n\n{row('产品 product', '方法 methods')}{row('---', '---:')}{counted}".rstrip())
    return "\n\n".join(parts) + "\n"


def _category(pages: list[Page]) -> str:
    found: str = pages[0]["category"][0]
    return found


def _anchor(heading: str) -> str:
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in "_- ")
    return kept.replace(" ", "-")


Names = Iterable[tuple[str, str, str]]
"""Rows: a name of `run()`, what it leads to, its title."""


def _names_page(title: str, rows: Names) -> str:
    listed = sorted(rows, key=lambda each: each[0].lower())
    parts = [
        f"# {title}",
        "`app.run` 的名称与对应的方法 · the names of `app.run`, and the methods that they stand for",
        f"[接口手册 reference](index.md) · [名称 names](names.md) · {OF_SDK} · [旧名称 older names](older-names.md)",
    ]
    head = row("`run()`", "`app.platform.`", "接口 API") + row("---", "---", "---")
    if not any(api for _, _, api in listed):
        head = row("`run()`", "接口 API") + row("---", "---")
    for letter, members in groupby(listed, key=lambda each: _section(each[0])):
        lines = (row(f"`{name}`", *filter(None, (where, api))) for name, where, api in members)
        parts.append(f"## {letter}\n\n{head}{''.join(lines)}".rstrip())
    return "\n\n".join(parts) + "\n"


def _section(name: str) -> str:
    words = name.lower().split(".")
    return ".".join(words[:2]) if words[0] == "dingtalk" else words[0][0]


def _names() -> Names:
    """The platform's names of today, and those of the older host where they are the current ones."""
    return ((info.name, where, info.title) for info, where in _known() if info.evidence == "documentation")


def _names_in_sdk() -> Names:
    """The names of the SDK's operations. Each is that of its method too, so that the page is not too long."""
    for at in places().values():
        if at.info.evidence == "sdk":
            yield at.info.name, f"[{_title(at, known()[at.info.http, at.info.path])}]({at.product}.md#{at.method})", ""


def _older() -> Names:
    every = list(_known())
    current = {name: (where, info.title) for info, where in every for name in info.names}
    names = {info.name for info, _ in every}
    archived = {old["method"]: f"{old['http']} {old['maps_to']}" for old in facts.methods() if old["maps_to"]}
    for name in {*current, *(old["method"] for old in facts.methods())} - names:
        if name in current:
            yield name, *current[name]
        elif name in REPLACED:
            where, title = current[REPLACED[name]]
            yield name, f"参数不同 takes other parameters: {where}", title
        elif error := retired(name):
            where, title = current.get(error.instead or "", (f"`{error.instead}`", ""))
            yield name, "已下线 retired" + (f"；改用 instead: {where}" if error.instead else ""), title
        elif at := archived.get(name):
            yield name, f"仅见于历史文档 in the archive of the documentation only: `{at}`", ""
        else:
            yield name, "官方文档已无此接口 not documented any more", ""


def _known() -> Iterator[tuple[OperationInfo, str]]:
    """Every operation, and a link to what describes it."""
    for at in places().values():
        yield at.info, _linked(at)
    on_pages = {at.info.name for at in places().values()}
    for info in by_hand():
        if info.name not in on_pages:
            yield info, _linked_by_hand(info)


def _linked(at: Place) -> str:
    return f"[`{at.call}`]({at.product}.md#{at.method})"
