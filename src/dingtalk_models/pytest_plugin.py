"""The pytest plugin: a local DingTalk for each test that asks for one.

    from dingtalk_models import User
    from dingtalk_models.sandbox import Sandbox


    def test_welcome(dingtalk: Sandbox) -> None:
        welcome("zhaolei")
        assert [message.text for message in dingtalk.outbox.of("zhaolei")] == ["欢迎入职"]
        assert len(dingtalk.calls.to(User.objects.get)) == 1

Its app is the current one while the test runs. The report of a failed test lists the calls it made. pytest imports
this file in every run, so it imports the sandbox only when a test asks for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from dingtalk_models import DingTalkApp
    from dingtalk_models.sandbox import Received, Sandbox

MOST_CALLS = 20
"""How many calls the report of a failed test lists: the latest ones."""

LONGEST = 300
"""How many characters of each request and answer it shows."""


class _Running(NamedTuple):
    """A running sandbox and its app."""

    sandbox: Sandbox
    app: DingTalkApp


class _Test:
    """The current test: its sandboxes, the number of calls each had before, and what to clean up afterwards."""

    def __init__(self) -> None:
        self.sandboxes: list[tuple[Sandbox, int]] = []
        self.end = ExitStack()

    def add(self, sandbox: Sandbox) -> None:
        self.sandboxes.append((sandbox, sandbox.calls.total))

    def share(self, running: _Running) -> None:
        """Let the test use the sandbox of the session."""
        self.add(running.sandbox)
        self.end.enter_context(_chosen(running.app))


_TEST = pytest.StashKey[_Test]()
_SESSION = pytest.StashKey[_Running]()


# what tests ask for


@pytest.fixture
def dingtalk(_dingtalk: _Running) -> Sandbox:
    """A local DingTalk for this test: a `Sandbox` that is running. Every thread and task uses its app.

    `@pytest.mark.dingtalk(company=…, qps=…, scopes=…)` gives it settings.
    """
    return _dingtalk.sandbox


@pytest.fixture
def dingtalk_app(_dingtalk: _Running) -> DingTalkApp:
    """The app of `dingtalk`."""
    return _dingtalk.app


@pytest.fixture(scope="session")
def dingtalk_session(request: pytest.FixtureRequest, dingtalk_settings: Mapping[str, Any]) -> Generator[Sandbox]:
    """One local DingTalk shared by all tests that ask for it, with its data. They use its app."""
    stash = request.config.stash
    with _run(request.config, dingtalk_settings) as running:
        stash[_SESSION] = running
        stash[_TEST].share(running)
        yield running.sandbox
        del stash[_SESSION]


@pytest.fixture(scope="session")
def dingtalk_settings() -> Mapping[str, Any]:
    """The settings of every sandbox, by their names in `Sandbox`: none, unless your conftest.py has this fixture."""
    return {}


@pytest.fixture
def _dingtalk(request: pytest.FixtureRequest, dingtalk_settings: Mapping[str, Any]) -> Generator[_Running]:
    settings = dict(dingtalk_settings)
    for mark in reversed([*request.node.iter_markers("dingtalk")]):  # the closest one counts
        settings |= _settings_of(mark)
    with _run(request.config, settings) as running:
        request.config.stash[_TEST].add(running.sandbox)
        with _chosen(running.app):
            yield running


def _settings_of(mark: pytest.Mark) -> Mapping[str, Any]:
    """Read the settings from a mark. A wrong mark fails the test with a message."""
    from inspect import Parameter, signature  # noqa: PLC0415 - only when used

    from dingtalk_models.sandbox import Sandbox  # noqa: PLC0415 - only when used

    known = {each.name for each in signature(Sandbox).parameters.values() if each.kind is Parameter.KEYWORD_ONLY}
    wrong = [*map(repr, mark.args), *(name for name in mark.kwargs if name not in known)]
    if wrong:
        pytest.fail(
            f"@pytest.mark.dingtalk does not take {', '.join(wrong)}, only the keywords {', '.join(sorted(known))} / "
            f"@pytest.mark.dingtalk 不接受 {'、'.join(wrong)}，只接受关键字参数 {'、'.join(sorted(known))}",
            pytrace=False,
        )
    return mark.kwargs


@contextmanager
def _run(config: pytest.Config, settings: Mapping[str, Any]) -> Generator[_Running]:
    from dingtalk_models.sandbox import Sandbox  # noqa: PLC0415 - only when used

    company = settings.get("company")
    if isinstance(company, str | os.PathLike):
        settings = {**settings, "company": config.rootpath / company}
    with Sandbox(**settings) as sandbox:
        app = sandbox.app()
        try:
            yield _Running(sandbox, app)
        finally:
            app.close_paused()


@contextmanager
def _chosen(app: DingTalkApp) -> Generator[None]:
    """Make an app current in every thread and task, and restore the previous choice afterwards."""
    from dingtalk_models.core.context import none_entered  # noqa: PLC0415 - only when used

    with none_entered(), app.as_default():  # only the process default is known to every thread and task
        yield


# what pytest asks for


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark."""
    config.addinivalue_line(
        "markers",
        "dingtalk(company=…, qps=…, scopes=…): settings of the fixture `dingtalk`, by their names in `Sandbox`",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test that asks for the sandbox of the session use its app."""
    stash, test = item.config.stash, _Test()
    stash[_TEST] = test
    if _SESSION in stash and "dingtalk_session" in getattr(item, "fixturenames", ()):
        test.share(stash[_SESSION])
    try:
        return (yield)
    finally:
        test.end.close()
        del stash[_TEST]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the calls that a failing test made to its report."""
    report = yield
    if report.failed and (test := item.config.stash.get(_TEST, None)):
        for sandbox, before in test.sandboxes:
            if calls := sandbox.calls.since(before):
                report.sections.append(("DingTalk calls", "\n".join(_told(calls))))
    return report


def _told(calls: list[Received]) -> Iterator[str]:
    """Describe the latest of these calls for a test report."""
    from dingtalk_models.sandbox.calls import masked  # noqa: PLC0415 - only when used

    if (earlier := len(calls) - MOST_CALLS) > 0:
        yield f"({earlier} earlier calls)"
    for call in calls[-MOST_CALLS:]:
        sent = [_json(masked(part)) for part in (call.query, call.body) if part]
        yield _short(" ".join(filter(None, (call.method, call.path, call.title, *sent))))
        yield _short(f"  {call.status} {_json(masked(call.reply_body))}" if call.status else "  the connection was cut")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _short(text: str) -> str:
    """Shorten a line and escape its control characters, so that it is safe to print in a report."""
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[:LONGEST])
    return line if len(text) <= LONGEST else f"{line} … {len(text) - LONGEST} more characters"
