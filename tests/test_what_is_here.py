"""docs/what-is-here.md, in both languages: what it names exists, and the way to an API that is in no document works."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from copy import copy
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from generators import places, what_is_here
from helpers import awaited
from markdown_it import MarkdownIt
from markdown_it.token import Token
from sites import wsgi

import dingtalk_models
from dingtalk_models import DingTalkApp, InvalidArgument, RateLimited, operations
from dingtalk_models.modules import Modules
from dingtalk_models.resource import registry

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {"en": DOCS / "what-is-here.md", "zh": DOCS / "zh" / "what-is-here.md"}
SEARCHED = {
    "免登", "扫码登录", "待办", "花名册", "互动卡片", "日程", "考勤", "审批", "机器人", "Stream", "日志", "视频会议",
    "文档", "工作通知", "群会话", "钉盘", "通讯录", "宜搭", "签到", "公告", "假期余额", "AI表格", "JSAPI鉴权", "回调",
}  # fmt: skip
"""What people search for."""


def parsed(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(token.info, token.content) for token in parsed(page) if token.type == "fence"]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_what_people_search_for_is_on_the_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert {word for word in SEARCHED if word not in text} == set()


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_its_links_lead_somewhere(page: Path) -> None:
    links = [
        str(child.attrs["href"])
        for token in parsed(page)
        for child in token.children or []
        if child.type == "link_open"
    ]
    local = [link.partition("#")[0] for link in links if not link.startswith("https://")]
    assert len(local) > 10
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_both_are_in_step() -> None:
    assert blocks(PAGES["en"]) == blocks(PAGES["zh"]) != []
    english, chinese = (
        [token.tag for token in parsed(page) if token.type in {"heading_open", "tr_open", "list_item_open"}]
        for page in PAGES.values()
    )
    assert english == chinese


def test_the_readmes_lead_to_it() -> None:
    for readme, link in (("README.md", "docs/what-is-here.md"), ("README.zh-CN.md", "docs/zh/what-is-here.md")):
        assert f"({link})" in (DOCS.parent / readme).read_text(encoding="utf-8")


# What it names


APP = DingTalkApp(appkey="k", appsecret="s", token="123456", aes_key="0" * 43)


def reached(name: str) -> Any:
    """What a name on the page stands for. Of an app, the last part is looked up in the class: it may send something."""
    first, *way = name.split(".")
    if first == "app":
        way.insert(-1, "__class__")
        found: Any = APP
    else:
        found = importlib.import_module("dingtalk_models.sandbox" if first == "sandbox" else "dingtalk_models")
        way = way if first == "sandbox" else [first, *way]
    for step in way:
        found = getattr(found, step)
    return found


@pytest.mark.parametrize("name", sorted({name for topic in what_is_here.topics() for name in topic.here}))
def test_what_is_here_exists(name: str) -> None:
    assert reached(name) is not None


@pytest.mark.parametrize("endpoint", sorted({each for topic in what_is_here.topics() for each in topic.platform}))
def test_a_method_of_the_platform_is_named_where_no_object_has_it(endpoint: str) -> None:
    place = places.place(endpoint)
    assert hasattr(getattr(APP.platform, place.product), place.method)
    assert not place.by_hand, "name the operation under `here` in scripts/generators/topics.json"
    for page in PAGES.values():
        assert f"#{place.method}) `{place.call}`" in page.read_text(encoding="utf-8")


def test_each_task_says_what_there_is_in_both_languages() -> None:
    topics = what_is_here.topics()
    assert len({topic.en for topic in topics}) == len({topic.zh for topic in topics}) == len(topics)
    for topic in topics:
        assert topic.words
        assert topic.here or topic.platform or topic.note_en, topic.en
        assert bool(topic.note_en) == bool(topic.note_zh), topic.en


@pytest.mark.parametrize("module", sorted({*Modules.__annotations__} - {"platform"}))
def test_each_module_of_the_app_has_a_row(module: str) -> None:
    ways = [name.split(".") for topic in what_is_here.topics() for name in topic.here]
    homes = [getattr(dingtalk_models, first).__module__.split(".") for first, *_ in ways if first[0].isupper()]
    assert module in {home for _, home, *_ in homes} | {second for first, second, *_ in ways if first == "app"}


@pytest.mark.parametrize(
    ("page", "headings"),
    [("en", ["By task", "What is not documented"]), ("zh", ["按用途查找", "没有文档的接口怎么调用"])],
)
def test_nothing_is_denied_outside_the_table(page: str, headings: list[str]) -> None:
    """What is missing is told in the table alone, where it can't stand beside what is there."""
    assert [
        after.content for mark, after in pairwise(parsed(PAGES[page])) if mark.tag == "h2" and mark.nesting == 1
    ] == headings
    denied = [topic for topic in what_is_here.topics() if not (topic.here or topic.platform)]
    assert [topic.note_en.partition(":")[0] for topic in denied] == ["not planned"]


# The way to an API that is in no document


ANSWERS: dict[str, tuple[str, object]] = {
    "/v1.0/oauth2/accessToken": ("200 OK", {"accessToken": "token", "expireIn": 7200}),
    "/v1.0/acme/users/union-1/notes": ("200 OK", {"id": "note-1", "subject": "周报"}),
    "/v1.0/acme/users/busy/notes": ("429 Too Many Requests", {"code": "Throttling", "message": "busy"}),
    "/topapi/acme/report/readers": ("200 OK", {"errcode": 0, "result": {"data_list": [{"userid": "u1", "more": 1}]}}),
}


@pytest.fixture
def asked() -> list[tuple[str, str, str | None, Any]]:
    """What the platform was asked: verb, path with query, token, body."""
    return []


@pytest.fixture
def app(asked: list[tuple[str, str, str | None, Any]]) -> Iterator[DingTalkApp]:
    """An app of a server that knows those APIs."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        token = environ.get("HTTP_X_ACS_DINGTALK_ACCESS_TOKEN")
        asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"] + query, token, json.loads(body)))
        status, reply = ANSWERS[environ["PATH_INFO"]]
        start(status, [("Content-Type", "application/json")])
        return [json.dumps(reply).encode()]

    with wsgi(answer) as url:
        root = url.removesuffix("/dingtalk")
        app = DingTalkApp(appkey="k", appsecret="s", api_url=root, oapi_url=root, rate_limit=None, retry=None)
        yield app
        app.close()


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The classes that the page shows."""
    operations()  # what the example adds to the registry is its own
    for table in ("by_name", "_owners"):
        monkeypatch.setattr(registry, table, copy(getattr(registry, table)))
    names: dict[str, Any] = {"__name__": "example"}
    for kind, code in blocks(PAGES["en"]):
        if kind == "python":
            exec(code, names)
    return names


def test_a_method_of_ones_own_is_sent_read_and_checked(
    app: DingTalkApp, asked: list[tuple[str, str, str | None, Any]], example: dict[str, Any]
) -> None:
    notes = example["NoteManager"](app)
    given = {"reader_ids": ["union-2"], "operator_id": "union-1"}
    made = [
        notes.create("union-1", "周报", **given),
        awaited(app, lambda: notes.create.aio("union-1", "周报", **given)),
        app.run("acme.CreateNote", "union-1", "周报", **given),
    ]
    assert made == [{"id": "note-1", "subject": "周报"}] * 3
    sent = ("POST", "/v1.0/acme/users/union-1/notes?operatorId=union-1", "token")
    assert asked[1:] == [(*sent, {"subject": "周报", "readerIds": ["union-2"]})] * 3
    with pytest.raises(InvalidArgument, match=r"subject: .*1024"):
        notes.create("union-1", "长" * 1025)
    with pytest.raises(InvalidArgument, match="reader_id: unknown; did you mean 'reader_ids'"):
        notes.create("union-1", "周报", reader_id=["union-2"])
    with pytest.raises(RateLimited):
        notes.create("busy", "周报")


def test_one_of_the_older_host_reads_typed_objects(
    app: DingTalkApp, asked: list[tuple[str, str, str | None, Any]], example: dict[str, Any]
) -> None:
    (reader,) = example["ReaderManager"](app).first("report-1")
    assert (reader.userid, reader.app) == ("u1", app)
    assert asked[-1][:2] == ("POST", "/topapi/acme/report/readers?access_token=token")
    assert asked[-1][3] == {"report_id": "report-1", "cursor": 0, "size": 20}
