"""The pages: their examples run and print what they say, their links work, both languages are in step.

The ```python blocks of a page run in order, in one namespace. What a block prints stands behind its calls of print,
as `print(…)  # this`, or in a ```text block right after it; a block without either prints nothing. Blocks marked `py`
are quoted from the source. A block marked `yaml title=…` is a file of this name, which the examples may read.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stdout
from copy import copy
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest
from generators import pages
from generators.uses import by_hand
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dingtalk_models import DingTalkApp, operations
from dingtalk_models.call.operation import operation
from dingtalk_models.core import context
from dingtalk_models.resource import registry
from dingtalk_models.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TWINS = pages.twins()
"""By English page: the Chinese one, which has the same code. It is run once, from the English page."""


@cache
def parsed(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def with_examples() -> list[Path]:
    # the examples of the reference are held by test_reference.py
    apart = {*TWINS.values(), *pages.REFERENCE.iterdir()}
    return [page for page in PAGES if page not in apart and "```python\n" in page.read_text(encoding="utf-8")]


class Ran(NamedTuple):
    """What came of running the examples of a page."""

    printed: list[tuple[int, str, str]]
    """For each block, its line, what it printed and what the page says that it prints."""
    used: set[operation[Any, ...]]
    """The operations that were used, by the examples or by operations that they use."""


@cache
def ran(page: Path) -> Ran:
    # CONTRIBUTING shows code of the package itself: only that may define its names
    home = "dingtalk_models.example" if page.name == "CONTRIBUTING.md" else "example"
    names: dict[str, Any] = {"__name__": home}
    found = Ran([], set())
    build: Callable[..., Any] = vars(operation)["build"]

    def recorded(made: operation[Any, ...], *given: Any) -> Any:
        found.used.add(made)
        return build(made, *given)

    operations()  # once every module of the package is loaded, what an example adds to the registry is its own
    with TemporaryDirectory() as folder, chdir(folder), pytest.MonkeyPatch.context() as patched:
        patched.setattr(operation, "build", recorded)
        for table in ("by_name", "_owners"):
            patched.setattr(registry, table, copy(getattr(registry, table)))
        try:
            for block, following in pairwise([*parsed(page), Token("end", "", 0)]):
                if block.type == "fence" and block.info.startswith("yaml title="):
                    Path(block.info.partition("=")[2]).write_text(block.content, "utf-8")
                if block.type == "fence" and block.info == "python":
                    printed = run(block, page, names)
                    said = following.content if following.info == "text" else "".join(beside_print(block))
                    found.printed.append((block.map[0] + 1 if block.map else 0, printed, said))
        finally:
            for value in names.values():
                if isinstance(value, DingTalkApp):
                    value.close()
            for value in names.values():
                if isinstance(value, Sandbox):
                    value.stop()
            context.use(None)
    return found


@pytest.mark.parametrize("page", with_examples(), ids=name)
def test_examples_run_and_print_what_the_page_says(page: Path) -> None:
    for line, printed, said in ran(page).printed:
        assert printed == said, f"{name(page)}, line {line}"


def test_an_example_uses_each_operation() -> None:
    used = set[operation[Any, ...]]().union(*(ran(page).used for page in with_examples()))
    forgotten = [
        f"no page shows {info.manager.__name__.removesuffix('Manager')}.objects.{info.method} ({info.name}), or an "
        "object's way to it: put it into an example in docs/"
        for info in by_hand()
        if vars(info.manager)[info.method] not in used
    ]
    assert not forgotten, "\n".join(forgotten)


def run(block: Token, page: Path, names: dict[str, Any]) -> str:
    lines_above = block.map[0] + 1 if block.map else 0
    code = compile("\n" * lines_above + block.content, str(page), "exec")
    with redirect_stdout(io.StringIO()) as output:
        exec(code, names)
    return output.getvalue()


def beside_print(block: Token) -> Iterator[str]:
    for said in re.findall(r"^ *print\(.*\)  # (.+)$", block.content, re.MULTILINE):
        yield f"{said}\n"


class Section(NamedTuple):
    """What a section of a page has in both languages."""

    level: str
    blocks: list[tuple[str, str]]
    rows: int
    """The rows of its tables."""
    figures: list[str]
    """The cells of its tables that hold a number."""


def sections(page: Path) -> dict[str, Section]:
    """The sections of a page, by heading."""
    found = dict[str, Section]()
    section = Section("", [], 0, [])
    for token, after in pairwise([*parsed(page), Token("end", "", 0)]):
        if token.type == "heading_open":
            section = found[f"{len(found)}. {after.content}"] = Section(token.tag, [], 0, [])
        elif token.type == "fence":
            section.blocks.append((token.info, token.content))
        elif token.type == "tr_open":
            found[[*found][-1]] = section = section._replace(rows=section.rows + 1)
        elif token.type == "td_open" and re.fullmatch(FIGURE, after.content):
            section.figures.append(after.content)
    return found


def code_in_text(page: Path) -> set[str]:
    """What the text of a page sets as `code`."""
    return {child.content for token in parsed(page) for child in token.children or [] if child.type == "code_inline"}


def targets(page: Path) -> set[str]:
    """The names of the files that a page links to."""
    return {PurePath(link.partition("#")[0]).name for link in links(page)}


FIGURE = r"[+-]?[\d.,]+( (µs|ms|s))?"


@pytest.mark.parametrize(("english", "chinese"), TWINS.items(), ids=name)
def test_a_page_is_in_step_with_its_twin(english: Path, chinese: Path) -> None:
    assert chinese.exists(), f"{name(english)} has no Chinese twin, {name(chinese)}"
    there, here = sections(english), sections(chinese)
    assert [each.level for each in here.values()] == [each.level for each in there.values()]
    for heading, (mine, its) in zip(here, zip(here.values(), there.values(), strict=True), strict=True):
        where = f"{name(chinese)}, {heading}"
        assert mine.blocks == its.blocks, f"{where}: run scripts/generate, which copies the code of {name(english)}"
        assert mine.rows == its.rows, where
        assert mine.figures == its.figures, where
    assert linked(english) >= {chinese}, f"{name(english)} does not lead to its twin"
    assert linked(chinese) >= {english}, f"{name(chinese)} does not lead to its twin"
    untold = (code_in_text(english) - code_in_text(chinese)) | (targets(english) - targets(chinese) - {chinese.name})
    assert not untold, f"{name(chinese)} does not have {sorted(untold)}"


def test_each_chinese_page_has_an_english_one() -> None:
    assert {*(ROOT / "docs" / "zh").iterdir()} == {*TWINS.values()} - {ROOT / "README.zh-CN.md"}
    assert {*(ROOT / "docs").glob("*.md")} == {*TWINS, *pages.GENERATED} - {ROOT / "README.md"}


@pytest.mark.parametrize("index", ["docs/zh/index.md", "README.zh-CN.md"])
def test_an_index_leads_to_each_chinese_page(index: str) -> None:
    missing = {*TWINS.values()} - linked(ROOT / index) - {ROOT / index}
    assert not missing, f"{index} does not link to {sorted(map(name, missing))}"


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("# 页\n\n```\n```\n\n话\n\n```text\nold\n```\n", "# 页\n\n```python\na = 1\n```\n\n话\n\n```text\n2\n```\n"),
        ("# 页\n\n```\n```\n", "# 页\n\n```\n```\n"),
    ],
    ids=["as many", "fewer"],
)
def test_a_chinese_page_gets_the_code_of_the_english_one(given: str, made: str) -> None:
    assert pages.with_code(given, "# Page\n\n```python\na = 1\n```\n\n```text\n2\n```\n") == made


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in {*links(page)}:
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{name(page)} links to {link}"


def test_each_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    reached, ahead = set[Path](), {index}
    while ahead:
        reached |= ahead
        ahead = {target for page in ahead for target in linked(page) if target in PAGES} - reached
    forgotten = [
        f"nothing leads to {name(page)}: give it a row in docs/index.md" for page in PAGES if page not in reached
    ]
    assert not forgotten, "\n".join(forgotten)


def linked(page: Path) -> set[Path]:
    """The files that a page links to."""
    local = {link.partition("#")[0] for link in links(page) if not link.startswith("https://")}
    return {(page.parent / path).resolve() for path in local}


@cache
def links(page: Path) -> list[str]:
    return [
        unquote(str(child.attrs["href"]))
        for token in parsed(page)
        for child in token.children or []
        if child.type == "link_open"
    ]


@cache
def anchors(page: Path) -> set[str]:
    headings = (text for mark, text in pairwise(parsed(page)) if mark.type == "heading_open")
    return {re.sub(r"[^\w\- ]", "", heading.content.lower()).replace(" ", "-") for heading in headings}


def test_what_is_quoted_stands_in_the_source() -> None:
    files = [*ROOT.glob("src/**/*.py"), *ROOT.glob("examples/*.py")]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    quoted = [token.content for page in PAGES for token in parsed(page) if token.info == "py"]
    assert quoted
    assert [each for each in quoted if each not in source] == []


@pytest.mark.parametrize("module", ["contact"])
def test_a_module_s_page_shows_each_of_its_operations(module: str) -> None:
    page = (ROOT / "docs" / f"{module}.md").read_text(encoding="utf-8")
    wanted = {
        f"{info.manager.__name__.removesuffix('Manager')}.objects.{info.method}"
        for info in by_hand()
        if info.manager.__module__.startswith(f"dingtalk_models.{module}.")
    }
    assert wanted
    assert {each for each in wanted if not re.search(rf"\b{re.escape(each)}\b", page)} == set()


STORIES = {
    "examples/onboarding.py": [
        "~ move user 高远 (gaoyuan): department 客户成功部 -> 客户成功部/华南实施组",
        "mobile: belongs to 孙静 (sunjing)",
        "6 changes: 6 done",
        "Planned again: nothing to do; 1 problem.",
        "27 people, as in the morning.",
    ],
    "examples/working_day.py": [
        "a custom field of external contacts mandatory, which this API cannot send",
        "Sent in 3 calls, each person once: 250 people have it.",
        "168 82 0 True",
        "Equal byte for byte: True.",
        "COMPLETED, agree.",
        "2026-12-28 09:00:00+08:00 datetime",
        "2.5 Decimal",
        'What arrived: {"encrypt": "',
        "Deliveries: 2; answered with the encrypted success: 2; handled: 1.",
        "403; events handled: 2, as before.",
        "250/250 11 departments and 250 people",
        "moved 调岗 孙静 (100, 130) → (200,)",
    ],
    "examples/assistant.py": [
        "connected: no public address",
        "assistant markdown **孙静**，你说：今天谁值班？",
        "At the end: finished.",
        "Whole, and never empty: True.",
        "未评价 → 有用 for everyone.",
        "Only 赵磊 has voted: true; 孙静: None.",
        "It is 赵磊 (zhaolei), 技术总监. The token prints as ***.",
        "On their behalf: 何丽.",
        "The assistant is stopped; handled: 4.",
    ],
}


def test_the_demo_tells_every_story() -> None:
    assert re.findall(r"examples/\w+\.py", (ROOT / "scripts" / "demo").read_text(encoding="utf-8")) == [*STORIES]


@pytest.mark.parametrize(("story", "facts"), STORIES.items(), ids=STORIES)
def test_a_story_is_told_without_a_warning_and_with_one_token(story: str, facts: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / story],
        capture_output=True, encoding="utf-8", env={"PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told = " ".join(done.stdout.split())
    assert [fact for fact in facts if fact not in told] == []
    assert re.search(r"calls 请求: \d+ tokens fetched 获取令牌: 1$", told)
