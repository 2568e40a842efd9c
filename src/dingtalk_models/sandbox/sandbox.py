"""`Sandbox`: the sandbox as programs use it."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack

from starlette.types import ASGIApp

from dingtalk_models.modules import MODULES
from dingtalk_models.sandbox import load_company, saving
from dingtalk_models.sandbox.callback.samples import EventSample, event_samples
from dingtalk_models.sandbox.calls import KEPT, Calls, Received
from dingtalk_models.sandbox.console import Console
from dingtalk_models.sandbox.gateway import Gateway
from dingtalk_models.sandbox.handle import PREFIX, Handle
from dingtalk_models.sandbox.message import reading
from dingtalk_models.sandbox.message.cards import clicking
from dingtalk_models.sandbox.message.robots import saying
from dingtalk_models.sandbox.message.robots.saying import Sayable
from dingtalk_models.sandbox.page import PREFIX as PAGE
from dingtalk_models.sandbox.page import SandboxPage
from dingtalk_models.sandbox.platform.documented import Making, OwnAnswer
from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.server.faults import Behaviour, Fault
from dingtalk_models.sandbox.server.guard import Guard, is_loopback
from dingtalk_models.sandbox.server.http_server import App, Server
from dingtalk_models.sandbox.server.loading import load_endpoints
from dingtalk_models.sandbox.smartwork import deciding, punching
from dingtalk_models.sandbox.state.approval import Instance
from dingtalk_models.sandbox.state.attendance import Punch
from dingtalk_models.sandbox.state.auth import Credentials
from dingtalk_models.sandbox.state.callback import Event, Events, Push
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.stream import Streams
from dingtalk_models.sandbox.state.talk.card import Cards, Click, HasTrackId
from dingtalk_models.sandbox.state.talk.conversation import Conversation, Entry
from dingtalk_models.sandbox.state.talk.group import Group
from dingtalk_models.sandbox.state.talk.message import Outbox
from dingtalk_models.sandbox.stream.websocket import WebSocket, protocol

if TYPE_CHECKING:
    from dingtalk_models import DingTalkApp


log = logging.getLogger("dingtalk_models.sandbox")

PushedT = TypeVar("PushedT", bound=Push | Event)

# endpoints are in folders named like the client's modules, and their files are found without registration
load_endpoints(f"{__package__}.{folder}" for folder in (*MODULES, "first_generation"))


class Sandbox:
    """A DingTalk of your own, on 127.0.0.1.

    Args:
        port: the port; 0 for a free one.
        host: the address to listen on.
        qps: the rate limit of each API in calls per second (20 on the platform); None for no limit.
        org: `seeded` for a company with departments, people and roles; `empty` for the root department alone.
        company: another company to start with: the path of a company file, or a `Company`, which this sandbox then
            owns.
        scopes: the permission scopes granted to the app; by default all, or those of the company file.
        credentials: the credentials of the company and its app. Needed only if several sandboxes must differ.
        calls_kept: how many calls `calls` keeps. The oldest are dropped for new ones.
        key: the key for the handle (`/_sandbox`) and the page. By default, a random one if other machines can reach
            `host`, else none.
        allow_hosts: more host names for the handle and the page, such as `host.docker.internal`.

    Raises:
        InvalidCompanyFile: the company file cannot be used. The error lists all mistakes by line and field.
        ValueError: two settings contradict each other, `key` cannot be in a header, or a name in `allow_hosts` is not
            a host name.

    Attributes:
        key: the key for the handle and the page; None if none is needed.
        company: the state, which tests may read and change.
        clock: the clock for expiry, throttling and login codes; `clock.advance(seconds)` moves it.
        calls: the latest `calls_kept` requests and their answers, oldest first.
        pushes: the pushes to the callback address for events, oldest first.
        stream: the clients in Stream mode, and the messages to them.
    """

    def __init__(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        qps: int | None = None,
        org: Literal["seeded", "empty"] = "seeded",
        company: str | os.PathLike[str] | Company | None = None,
        scopes: Collection[str] | None = None,
        credentials: Credentials | None = None,
        calls_kept: int = KEPT,
        key: str | None = None,
        allow_hosts: Collection[str] = (),
    ) -> None:
        make = load_company.maker(company, org, credentials)
        granted = None if scopes is None else frozenset(scopes)

        def begin(held: Credentials | None) -> Company:
            made = make(held)
            made.scopes = made.scopes if granted is None else granted
            return made

        def begin_again() -> list[saving.Node]:
            held = credentials and credentials.unused()
            return _dump(begin(held), qps, [], [])

        self._begin = begin_again
        self.company: Company = begin(credentials)
        self.clock: Clock = self.company.credentials.clock
        self._gateway = Gateway(self.company, qps)
        self.key = key or (None if is_loopback(host) else secrets.token_urlsafe(24))
        page = SandboxPage(self)
        own: dict[str, ASGIApp] = {PREFIX: Guard(Handle(self), host, self.key, names=allow_hosts)}
        own |= dict.fromkeys(("/", PAGE), Guard(page, host, self.key, asks=page.asks, names=allow_hosts))
        self.calls = Calls(calls_kept)
        self._app = App(self._gateway.answer, self.clock, WebSocket(self.company.stream), own, self.calls.add)
        self.pushes: list[Push] = self.company.callbacks.pushes
        self.stream: Streams = self.company.stream
        self._server = Server(self._app, host, port, protocol)

    @property
    def corp_id(self) -> str:
        """The CorpId."""
        return self.company.credentials.corp_id

    @property
    def corp_secret(self) -> str:
        """The CorpSecret."""
        return self.company.credentials.corp_secret

    @property
    def appkey(self) -> str:
        """The AppKey of the app."""
        return self.company.credentials.appkey

    @property
    def appsecret(self) -> str:
        """The AppSecret of the app."""
        return self.company.credentials.appsecret

    @property
    def agent_id(self) -> str:
        """The AgentId of the app."""
        return self.company.credentials.agent_id

    @property
    def sso_secret(self) -> str:
        """The secret for logins from the admin console."""
        return self.company.credentials.sso_secret

    @property
    def cards(self) -> Cards:
        """The interactive cards by id, with their present and earlier states."""
        return self.company.keep(Cards)

    @property
    def outbox(self) -> Outbox:
        """The messages that the app sent. `outbox.of("zhaolei")` has those to one person."""
        return self.company.outbox

    @property
    def events(self) -> Events:
        """The events that were pushed, by HTTP or in Stream mode, oldest first: `events.of("user_add_org")`."""
        return Events.read(self.pushes, self.stream.messages)

    @property
    def url(self) -> str:
        """The base URL of both hosts."""
        return self._server.url

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables with which `DingTalkApp.from_env()` makes an app of this company."""
        return {f"DINGTALK_{name.upper()}": value for name, value in self._settings.items()}

    @property
    def _settings(self) -> dict[str, str]:
        """The settings for an app of this company."""
        names = ("corp_id", "corp_secret", "appkey", "appsecret", "agent_id", "sso_secret")
        return {
            **dict.fromkeys(("oapi_url", "api_url", "login_url"), self.url),
            **{name: getattr(self, name) for name in names},
        }

    def start(self) -> Self:
        """Serve."""
        self._server.start()
        self.company.drive.store.url = self.url
        self.stream.endpoint = f"{self.url.replace('http', 'ws', 1)}/connect"
        return self

    def stop(self) -> None:
        """Stop serving. The state is kept."""
        self.company.callbacks.stop()
        self._server.stop()

    def __enter__(self) -> Self:
        """Serve until the end of the block."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self.stop()

    # the state as a whole

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the whole state to a file: the company and its history, tokens, clock, faults, custom answers.

        Received requests, connections, and custom answers that are functions are not saved. An older file is replaced
        only when the new one is complete. Only the owner may read the file, because it contains tokens.
        """
        saving.write(self._server.between_calls(self._dump), path)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Load the whole state from a file that `save` wrote, with its credentials.

        `company` and its parts stay the same objects with new contents. Connections in Stream mode stay open.

        Raises:
            UnusableState: it is another kind of file, or from a later version, or incomplete or damaged. The sandbox is
                unchanged then.
        """
        nodes = saving.read(path)
        saving.check_settings(saving.restore({"company": Company()}, nodes))  # a trial run first
        self._server.between_calls(lambda: self._restore(nodes))

    def reset(self) -> None:
        """Reset to the first state: company, tokens and clock, without faults, custom answers and received requests.

        `company` and its parts stay the same objects with new contents. Connections in Stream mode stay open.
        """
        nodes = self._begin()

        def begin() -> None:
            self._restore(nodes)
            self.calls.clear()

        self._server.between_calls(begin)

    def _dump(self) -> list[saving.Node]:
        answers = [(each.endpoint.names[0], each.answer) for each in self._gateway.answers]
        if functions := [name for name, answer in answers if callable(answer)]:
            log.warning("not saved, because they are functions: the answers to %s", ", ".join(functions))
        kept = [each for each in answers if not callable(each[1])]
        return _dump(self.company, self._gateway.qps, self._app.faults, kept)

    def _restore(self, nodes: list[saving.Node]) -> None:
        with self.company.callbacks.replacing():
            state = saving.restore({"company": self.company}, nodes)
        self._gateway.limit(state["qps"])
        self._app.faults[:] = state["faults"]
        self._gateway.answers.clear()
        for name, answer in state["answers"]:
            self.answer(name, answer)
        self.stream.restored()
        self.clock.advance(0)  # wakes everything that waits for a time, to look at the new clock

    def app(self, **overrides: Any) -> DingTalkApp:
        """Make a `DingTalkApp` of this company. Keywords override the arguments of its constructor.

        If the sandbox has no rate limit (`qps`), the app has none, either.
        """
        from dingtalk_models import DingTalkApp  # noqa: PLC0415 -- the sandbox works without the client

        settings: dict[str, Any] = {"name": "sandbox", **self._settings} | ({} if self.qps else {"rate_limit": None})
        return DingTalkApp(**(settings | overrides))

    @property
    def console(self) -> Console:
        """The admin console, which changes the company by the platform's rules and pushes the events."""
        return Console(self.company)

    @property
    def qps(self) -> int | None:
        """The rate limit of each API in calls per second; None for no limit."""
        return self._gateway.qps

    @qps.setter
    def qps(self, qps: int | None) -> None:
        self._gateway.limit(qps)

    @property
    def scopes(self) -> frozenset[str] | None:
        """The permission scopes granted to the app; None for all."""
        return self.company.scopes

    @scopes.setter
    def scopes(self, scopes: Collection[str] | None) -> None:
        self.company.scopes = None if scopes is None else frozenset(scopes)

    @property
    def faults(self) -> list[Fault]:
        """The faults that still have requests left, oldest first."""
        return [fault for fault in self._app.faults if fault.remaining > 0]

    @property
    def answers(self) -> list[OwnAnswer]:
        """The custom answers, oldest first."""
        return list(self._gateway.answers)

    def received(self, path: str) -> list[Received]:
        """Return the requests to this path, oldest first."""
        return [call for call in self.calls if call.path == path]

    def fail(self, path: str, *, times: int = 1, known: bool = True, **how: Unpack[Behaviour]) -> Fault:
        """Make the next requests to a path fail or misbehave; see `Behaviour` for the options.

        In the path, `{id}` stands for any id; `*` means any path. An undocumented path needs `known=False`.

        With an answer (`errcode`, `sub_code`, `code`, `flag`, `status` or `body`) the endpoint is not called.
        Without one it acts and answers, and `headers`, `delay`, `drop` and `truncate` apply to its answer.
        The returned `Fault` has the number of remaining requests, and can be cancelled.

        Raises:
            ValueError: there is no API at this path. The error suggests a similar one.
        """
        if known and path != "*":
            self._gateway.check_served(path)
        fault = Fault(path, times, how)
        self._app.faults.append(fault)
        return fault

    def answer(self, name: str, answer: Making, /) -> OwnAnswer:
        """Set a custom answer to an API, by one of the platform's names for it, such as `"calendar_1_0.CreateEvent"`.

        Token, scope and all parameters of requests are still checked. If an API has several custom answers, the latest
        one counts.

        Args:
            name: the name, as in `run()`.
            answer: the answer without `errcode` and `errmsg`, or a function that makes it. The function gets the
                arguments under their wire names, and may raise `Refused(code, message)`. It runs on the sandbox's
                thread, so it must not call the sandbox.

        Returns:
            The answer, which can be cancelled.

        Raises:
            ValueError: no API has this name.
        """
        return self._gateway.answers.set(name, answer)

    def revoke_tokens(self) -> None:
        """Make the issued access token invalid. The next request for a token gets a new one."""
        self.company.credentials.revoke_tokens()

    def login_code(self, userid: str) -> str:
        """Make a login code (免登授权码) for a person, for logins inside DingTalk, in the admin console or the old way.

        It is valid once, for 5 minutes. For logins in the browser, use `authorise`.
        """
        return self.company.credentials.mint_code(userid)

    def authorise(self, userid: str, *, scope: str = "openid") -> str:
        """Make the code that the authorise page returns for a person. It is valid once, for 5 minutes.

        Args:
            userid: the person, who may also be one of `sandbox.company.logins.strangers`.
            scope: `openid corpid` to include the company.
        """
        return self.company.logins.mint_code(self.company.person(userid).userid, scope)

    def push(self, event_type: str, /, **fields: Any) -> Push:
        """Push an event with these fields (wire names) to the registered address, and wait for the answer.

        Clients in Stream mode that subscribed to events get it, too. Events for changes by endpoints are pushed
        automatically.
        """
        push = self.company.callbacks.push(event_type, fields)
        if self.stream.wants_events:
            self.stream.push_event(event_type, fields, push.event_id)
        self.settle()
        return push

    @property
    def event_types(self) -> Mapping[str, EventSample]:
        """The documented types of events, each with a sample."""
        return event_samples()

    def deliver_again(self, pushed: PushedT) -> PushedT:
        """Deliver a push or an event again in the same ways as before, and wait for the answers.

        The platform sometimes does so even after an answer.
        """
        push = pushed if isinstance(pushed, Push) else pushed.push
        if push is not None:
            self.company.callbacks.deliver(push)
        if isinstance(pushed, Event) and pushed.message is not None:
            self.stream.deliver_again(pushed.message)
        self.settle()
        return pushed

    @property
    def robot(self) -> str:
        """The code of the app's robot."""
        return self.appkey

    @property
    def robot_url(self) -> str | None:
        """The URL for messages to the robot; `None` to use Stream mode."""
        return self.company.conversations.robot_url

    @robot_url.setter
    def robot_url(self, url: str | None) -> None:
        self.company.conversations.robot_url = url

    def add_group(self, userids: Iterable[str], name: str = "测试群", owner: str | None = None) -> Group:
        """Create a group with these people and the app's robot."""
        return self.company.outbox.groups.make(userids, name=name, owner=owner)

    @property
    def conversations(self) -> list[Conversation]:
        """All conversations with the app's robot."""
        return list(self.company.conversations)

    def conversation(self, of: str) -> Conversation:
        """Return a conversation with the robot, by the person's userid or by its own id.

        Raises:
            LookupError: there is no such person or conversation.
        """
        talks = self.company.conversations
        return talks.alone(of) if of in self.company.users else talks.find(of)

    def say(
        self,
        who: str,
        what: Sayable,
        *,
        to: Conversation | str | None = None,
        at: Sequence[str] = (),
        at_robot: bool = True,
    ) -> Entry:
        """Let a person send a message to the app's robot or a group.

        If `robot_url` is set, the message goes to the app by HTTP, and this returns after the answer. Otherwise it goes
        to a client in Stream mode, and this returns at once; `wait_for_reply` waits for the robot's reply.

        Args:
            who: the userid of the person.
            what: a text, a `Picture`, `Audio`, `Video`, `File` or `RichText`, or a dict for a message of another type.
            to: the group or its id; by default, or with `sandbox.robot`, the single chat with the robot.
            at: the userids of others who are mentioned in a group.
            at_robot: whether the robot is mentioned in a group. Without a mention it does not get the message, and it
                never gets a recording, a video or a file from a group.

        Returns:
            The new entry in the transcript of the conversation.

        Raises:
            LookupError: there is no such person or conversation, or they are not in it.
            PermissionError: they may not speak in this group.
        """
        if to is None or to == self.robot:
            to = who
        talk = self.conversation(to) if isinstance(to, str) else to
        return saying.say(self.company, who, what, talk, at, at_robot=at_robot)

    def say_again(self, entry: Entry) -> Entry:
        """Deliver a person's message to the app again, as the platform does if the answer was lost."""
        saying.deliver(self.company, entry)
        return entry

    def wait_for_reply(self, to: Entry, timeout: float = 10) -> Entry:
        """Wait for the robot's next message after an entry in the same conversation, and return it.

        Raises:
            TimeoutError: there was no reply in time.
        """
        talks = self.company.conversations
        talk = talks.of(to)

        def replies() -> list[Entry]:
            return [entry for entry in talk.transcript[talk.transcript.index(to) :] if entry.sender is None]

        talks.wait(lambda: bool(replies()), timeout)
        return replies()[0]

    def click(
        self,
        card: str | HasTrackId,
        action_ids: str | Sequence[str],
        params: Mapping[str, Any] | None = None,
        *,
        by: str,
    ) -> Click:
        """Let a person click on a card, and apply the app's answer to the card.

        The click goes to a client in Stream mode, or to the address of the card's callback route.

        Args:
            card: the card, or its id.
            action_ids: the id of the button, or several.
            params: the parameters of the button.
            by: the userid of the person.

        Returns:
            The click. Its `problem` describes a wrong answer.

        Raises:
            LookupError: there is no such card, person or callback route, or no client has subscribed to clicks.
            PermissionError: the card was not delivered, or has no callback type.
        """
        found = self.cards[card if isinstance(card, str) else card.out_track_id]
        actions = [action_ids] if isinstance(action_ids, str) else action_ids
        return clicking.click(self.company, found, actions, params or {}, by)

    def read(self, message: int | str, *, by: str) -> None:
        """Let a person read a work notification by its task id, or a robot message by its key.

        Raises:
            LookupError: there is no such message, or this person did not get it.
        """
        reading.read(self.company, message, by)

    def submit(
        self,
        process_code: str,
        values: Mapping[str, str],
        *,
        by: str,
        chosen: Mapping[str, Sequence[str]] | None = None,
    ) -> Instance:
        """Let a person fill in a form to start an approval.

        Args:
            process_code: the form.
            values: the texts by component label.
            by: the userid of the person.
            chosen: the approvers chosen by the originator, by step key.

        Raises:
            LookupError: there is no such form or person.
            Refused: the form does not accept these values.
        """
        return deciding.submit(self.company, process_code, values, by, chosen or {})

    def approve(self, approval: Instance | str, *, by: str, remark: str = "") -> Instance:
        """Let an approver agree to an approval.

        Args:
            approval: the approval, or its id.
            by: the userid of the approver.
            remark: their comment.

        Raises:
            LookupError: there is no such approval or person.
            PermissionError: the approval does not wait for this person.
        """
        return deciding.decide(self.company, _id_of(approval), "agree", by, remark)

    def refuse(self, approval: Instance | str, *, by: str, remark: str = "") -> Instance:
        """Let an approver refuse an approval; see `approve`."""
        return deciding.decide(self.company, _id_of(approval), "refuse", by, remark)

    def punch(
        self, userid: str, at: datetime | None = None, *, outside: bool = False, remark: str | None = None
    ) -> Punch:
        """Let a person punch the clock (打卡), at a given time or now by the sandbox's clock.

        Raises:
            LookupError: nobody has this userid.
        """
        return punching.punch(self.company, userid, at, outside=outside, remark=remark)

    def settle(self, timeout: float = 10) -> None:
        """Wait until all pending pushes are delivered, and all messages in Stream mode are answered."""
        self.company.callbacks.settle(timeout)
        self.stream.settle(timeout)


def _id_of(approval: Instance | str) -> str:
    return approval if isinstance(approval, str) else approval.instance_id


def _dump(
    company: Company, qps: int | None, faults: list[Fault], answers: list[tuple[str, Making]]
) -> list[saving.Node]:
    return saving.dump({"company": company, "qps": qps, "faults": faults, "answers": answers})
