"""Handlers that cannot be right are refused when they are registered; those that raise leave nobody without a word."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import pytest
from listening import receiving, until
from sites import SITES

from dingtalk_models import CardAction, ChatbotMessage, ConfigurationError, DingTalkApp, Event
from dingtalk_models.callback.failures import APOLOGY, Failure
from dingtalk_models.callback.topic_callback import TopicCallback
from dingtalk_models.sandbox import Sandbox

# -- registered ----------------------------------------------------------------------------------------------------


class Handlers:
    def method(self, event: Event) -> None: ...
    def without(self) -> None: ...
    def __call__(self, event: Event) -> None: ...


def one(event: Event) -> None: ...
def none() -> None: ...
def two(event: Event, context: object) -> None: ...
def optional(event: Event, limit: int = 3) -> None: ...
def any_number(*events: Event) -> None: ...
def by_name(*, event: Event) -> None: ...
def with_app(app: object, event: Event) -> None: ...


LISTED: list[object] = []

RIGHT: list[Callable[..., Any]] = [
    one,
    optional,
    any_number,
    functools.partial(with_app, None),
    Handlers().method,
    Handlers(),
    print,
    LISTED.append,
    dict[str, str],
]
WRONG: list[Callable[..., Any]] = [none, two, by_name, functools.partial(one, Event.read({})), Handlers().without]


@pytest.mark.parametrize("handler", RIGHT)
def test_what_takes_one_argument_is_a_handler(app: DingTalkApp, handler: Callable[..., Any]) -> None:
    for register in (app.callback.on(Event), app.callback.on(topic="/v1.0/a"), app.callback.on_error):
        assert register(handler) is handler


@pytest.mark.parametrize("handler", WRONG)
def test_what_does_not_take_one_argument_is_refused(app: DingTalkApp, handler: Callable[..., Any]) -> None:
    for register in (app.callback.on(Event), app.callback.on(topic="/v1.0/a"), app.callback.on_error):
        with pytest.raises(ConfigurationError, match="called with one argument"):
            register(handler)
    assert app.callback.handlers == {}


def test_a_name_that_nobody_documents_is_refused(app: DingTalkApp) -> None:
    on: Any = app.callback.on
    with pytest.raises(ConfigurationError, match="did you mean 'user_add_org'"):
        on("user_add_orgg")
    with pytest.raises(ConfigurationError, match="no event 'qqq' is documented A"):
        on("user_add_org", "qqq")
    assert app.callback.handlers == {}
    for name in ("*", "check_url", "chatbot_message", "card_action", "user_add_org"):
        on(name)


def test_names_of_ones_own(app: DingTalkApp) -> None:
    seen: list[str] = []
    app.callback.on("acme_paid", documented=False)(lambda event: seen.append(event.type))

    class AcmeShipped(Event):
        """An event of our own."""

    app.callback.on(AcmeShipped)(lambda event: seen.append(event.type))
    for name in ("acme_paid", "acme_shipped"):
        app.callback.handle(Event.read({"EventType": name}))
    assert seen == ["acme_paid", "acme_shipped"]


# -- a handler that raised -----------------------------------------------------------------------------------------


def failing(app: DingTalkApp, kind: type[Any] = ChatbotMessage) -> list[Any]:
    """Let the handlers of a type fail. What they were called with is in the list."""
    calls: list[Any] = []

    @app.callback.on(kind)
    def handler(arrival: Any) -> None:
        calls.append(arrival)
        raise LookupError("a bug")

    return calls


def replies(sandbox: Sandbox, who: str = "zhaolei") -> list[str]:
    return [each.text for each in sandbox.conversation(who).replies]


def say_twice(app: DingTalkApp, sandbox: Sandbox, seen: list[Any]) -> None:
    """Say something, and let the platform deliver it once more after its handler has failed."""
    said = sandbox.say("zhaolei", "你好")
    until(lambda: app.stream.status.failed == 1)
    sandbox.say_again(said)
    until(lambda: len(seen) == 2)
    until(lambda: app.stream.status.failed == 2)


def test_whoever_waits_hears_a_sentence_once(app: DingTalkApp, sandbox: Sandbox) -> None:
    calls = failing(app)
    with receiving(app):
        say_twice(app, sandbox, calls)
        assert replies(sandbox) == [APOLOGY]
        sandbox.say("zhaolei", "还在吗")
        until(lambda: app.stream.status.failed == 3)
    assert replies(sandbox) == [APOLOGY, APOLOGY]


@pytest.mark.parametrize("kind", sorted(SITES))
def test_over_http_too(app: DingTalkApp, sandbox: Sandbox, kind: str) -> None:
    failing(app)
    with SITES[kind](app.message) as url:
        sandbox.robot_url = url
        sandbox.say("zhaolei", "你好")
        until(lambda: replies(sandbox) == [APOLOGY])


def test_another_sentence_and_none(app: DingTalkApp, sandbox: Sandbox) -> None:
    failing(app)
    with receiving(app):
        app.callback.apology = "稍等，我们在修"
        sandbox.say("zhaolei", "一")
        until(lambda: app.stream.status.failed == 1)
        app.callback.apology = None
        sandbox.say("zhaolei", "二")
        until(lambda: app.stream.status.failed == 2)
    assert replies(sandbox) == ["稍等，我们在修"]


def test_handlers_of_errors_take_its_place(
    app: DingTalkApp, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    calls = failing(app)
    failures: list[Failure] = []

    @app.callback.on_error
    def broken(failure: Failure) -> None:
        raise SystemExit(3)

    @app.callback.on_error
    async def noted(failure: Failure) -> None:
        failures.append(failure)
        if isinstance(failure.arrival, ChatbotMessage) and failure.first:
            await failure.arrival.reply.aio(f"出错了：{failure.error}")

    with receiving(app):
        say_twice(app, sandbox, failures)
    assert [(type(each.error), each.first) for each in failures] == [(LookupError, True), (LookupError, False)]
    assert [each.arrival for each in failures] == calls
    assert replies(sandbox) == ["出错了：a bug"]
    assert "a handler of errors has failed" in caplog.text


@pytest.mark.parametrize("kind", [Event, CardAction, TopicCallback])
def test_nobody_waits_for_the_rest(app: DingTalkApp, sandbox: Sandbox, kind: type[Any]) -> None:
    failures: list[Failure] = []
    app.callback.on_error(failures.append)
    arrivals: dict[Any, Any] = {
        Event: Event.read({"EventType": "user_add_org", "eventId": "e1"}),
        CardAction: CardAction.framed({"outTrackId": "a"}, "m1"),
        TopicCallback: TopicCallback(topic="topic_callback", message_id="m1", data={}),
    }
    failing(app, kind)
    with pytest.raises(LookupError):
        app.callback.handle(arrivals[kind])
    (failure,) = failures
    failure.arrival.say("hi")
    assert sandbox.calls == []


def test_a_sentence_that_cannot_be_said_is_logged(
    app: DingTalkApp, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    failing(app)
    with pytest.raises(LookupError):
        app.callback.handle(ChatbotMessage.read(json.loads('{"msgId": "m1", "msgtype": "text"}')))
    assert "nobody was told that a handler has failed" in caplog.text
