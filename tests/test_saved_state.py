"""The whole state of a sandbox: saved, loaded, and set back to how it began."""

from __future__ import annotations

import errno
import importlib
import inspect
import itertools
import json
import logging
import os
import pkgutil
import socket
import stat
import threading
from collections import OrderedDict
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from approving import started
from plain_client import NEW_USER, Client, client_of
from pushing import KEY, TOKEN
from random_requests import Fuzz
from test_sandbox_random import is_read

from dingtalk_models import BEIJING, Card, Ding, DingTalkApp, Media, Robot, Space, WorkNotification
from dingtalk_models.message.cards.space import RobotSpace
from dingtalk_models.sandbox import Click, Company, File, Sandbox, Unsavable, UnusableState, saving, state
from dingtalk_models.sandbox.server import pushing
from dingtalk_models.sandbox.server.json_values import is_array, is_object
from dingtalk_models.sandbox.server.pushing import Registration
from dingtalk_models.sandbox.state.file import Transaction
from dingtalk_models.sandbox.state.talk.card import Route


def lines_of(company: Company) -> list[saving.Node]:
    return saving.dump({"company": company})


def test_what_was_saved_is_there_again(client: Client, tmp_path: Path) -> None:
    saved, sandbox = tmp_path / "state", client.sandbox
    made = client.result("/topapi/v2/user/create", **NEW_USER)
    sandbox.clock.advance(3600)
    sandbox.save(saved)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    with client_of(Sandbox(org="empty", qps=1)) as other:
        other.sandbox.load(saved)
        other.token = client.token  # the token is the same too, and there is no limit
        for _ in range(3):
            assert other.result("/topapi/v2/user/get", userid=made["userid"])["name"] == "张三"
        assert other.sandbox.clock.now() - sandbox.clock.now() == pytest.approx(0, abs=60)
        company = other.sandbox.company
        assert company.role_groups[900] is company.default_group
        assert company.conversations.groups is company.outbox.groups


def test_faults_and_own_answers_are_kept(client: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sandbox = client.sandbox
    sandbox.fail("/topapi/v2/user/get", times=3, body=b"\xff")
    sandbox.answer("calendar_1_0.CreateEvent", {"id": "e1"})
    sandbox.answer("calendar_1_0.ListCalendars", lambda _: {})
    sandbox.save(tmp_path / "state")
    assert "calendar_1_0.ListCalendars" in caplog.text
    sandbox.reset()
    assert client.code("/topapi/v2/user/get", userid="zhaolei") == 88  # the token was revoked
    sandbox.load(tmp_path / "state")
    assert client.send("POST", "/topapi/v2/user/get").content == b"\xff"
    event: dict[str, Any] = {"summary": "会", "start": {}, "end": {}}
    assert client.api("/v1.0/calendar/users/u/calendars/primary/events", **event).json() == {"id": "e1"}


def test_a_reset_goes_back_to_how_it_began(client: Client) -> None:
    sandbox, company = client.sandbox, client.sandbox.company
    began, users = lines_of(Sandbox().company), company.users
    client.result("/topapi/v2/user/create", **NEW_USER)
    sandbox.clock.advance(7201)
    sandbox.fail("*", times=100, status=503)
    sandbox.answer("calendar_1_0.CreateEvent", {})
    sandbox.add_group(["zhaolei"])
    sandbox.say("zhaolei", "在吗")
    sandbox.reset()
    assert sandbox.company is company
    assert company.users is users
    assert not sandbox.calls
    assert lines_of(company) == began
    assert client.post("/topapi/v2/user/get", userid="zhaolei")["sub_code"] == "40014"


@contextmanager
def slow_address(heard: threading.Event, answer: threading.Event) -> Generator[str]:
    """An address that answers each push only when it may, and wrongly."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                heard.set()
                answer.wait(10)
                connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        serving = threading.Thread(target=serve)
        serving.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        serving.join()


def test_a_push_that_is_under_way_does_not_come_back(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "DEADLINE", 20.0)  # a busy machine may be late
    heard, answer = threading.Event(), threading.Event()
    callbacks = sandbox.company.callbacks
    with slow_address(heard, answer) as url:
        callbacks.registration = Registration(("user_add_org",), TOKEN, KEY, url, sandbox.appkey)
        push = callbacks.push("user_add_org", {})
        assert heard.wait(10)
        sandbox.reset()
        answer.set()
    callbacks.stop()
    assert not push.attempts
    assert lines_of(sandbox.company) == lines_of(Sandbox().company)


def test_a_push_that_was_due_is_delivered_after_loading(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.company.callbacks.registration = Registration(("user_add_org",), TOKEN, KEY, "http://127.0.0.1:9/", "")
    sandbox.push("user_add_org")
    sandbox.save(tmp_path / "state")
    with Sandbox() as other:
        other.load(tmp_path / "state")
        (push,) = other.pushes
        assert (len(push.attempts), push.accepted) == (1, False)
        other.clock.advance(11)
        other.settle()
        assert len(push.attempts) == 2


# every class of the state


def state_classes() -> set[type]:
    """The classes that are defined in the folder of the state, and those of what one module alone keeps."""
    found: set[type] = set()
    for file in pkgutil.walk_packages(state.__path__, f"{state.__name__}."):
        module = importlib.import_module(file.name)
        found |= {each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == file.name}
    return found


NO_STATE = {
    *("Client", "ClientAnswer", "HasTrackId", "NoClient", "SeedError"),
    *("Event", "Events", "Leaver", "StatePart", "Conversation"),
}
"""Classes there of which a company has no instance: views of it, bases, and what is there only while it runs."""


def live(sandbox: Sandbox, app: DingTalkApp) -> None:
    """Let one of everything happen."""
    company = sandbox.company
    WorkNotification.send("好", userids=["zhaolei"])
    Ding.send("好", ["zhaolei"])
    Robot.send("好", ["zhaolei"])
    sandbox.say("zhaolei", File("a.txt", b"bytes"))
    sandbox.say("zhaolei", "好", to=sandbox.add_group(["zhaolei"]))
    company.conversations.add_private_chat("zhaolei", "sunjing", "cool")
    company.outbox.add_webhook()
    company.clientele.add("客户", "13712345678", [company.clientele.label_id("客户")], "caohui")
    card = Card.send(sandbox.cards.add_template(), RobotSpace("zhaolei"), {"title": "请假"})
    sandbox.cards.find(card.out_track_id).clicks.append(Click({"a": 1}, {"b": [None]}))
    sandbox.cards.routes["route"] = Route("http://127.0.0.1:9/", "secret")
    sandbox.approve(started().process_instance_id, by="sunjing", remark="好")
    company.attendance.punch("zhaolei", datetime.fromtimestamp(sandbox.clock.now(), BEIJING))
    Media.upload(b"\x00\xff", "image", name="a.png")
    Space.create(company.users["zhaolei"].unionid, name="资料")
    company.drive.store.sign("PUT", "key")
    company.drive.transactions["upload"] = Transaction(2, 2, {1: b"\xff"})
    app.auth.login(sandbox.authorise("zhaolei"))
    sandbox.authorise("zhaolei")
    sandbox.login_code("zhaolei")
    app.jsapi_signature("https://acme.example/")
    company.callbacks.registration = Registration(("user_add_org",), TOKEN, KEY, "http://127.0.0.1:9/", sandbox.appkey)
    sandbox.push("user_add_org", userId=["zhaolei"])
    sandbox.stream.push_event("user_add_org", {"userId": ["zhaolei"]})


def test_every_class_of_the_state_is_saved_and_comes_back(sandbox: Sandbox, app: DingTalkApp, tmp_path: Path) -> None:
    live(sandbox, app)
    lines = lines_of(sandbox.company)
    there = {line["of"].partition(":")[2] for line in lines if "of" in line}
    assert {each.__name__ for each in state_classes()} - there == NO_STATE
    sandbox.save(tmp_path / "state")
    other = Sandbox(org="empty")
    other.load(tmp_path / "state")
    assert lines_of(other.company) == lines
    # what is one object in two places is one again
    (mail,) = other.company.outbox.robot_mail.values()
    assert mail.entries[0] in other.conversation("zhaolei").transcript
    (form,) = {id(each.form): each.form for each in other.company.workflow.instances.values()}.values()
    assert form is other.company.workflow.forms["PROC-LEAVE"]


def test_what_cannot_be_saved_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "state"
    sandbox.save(path)
    before = path.read_bytes()
    for odd in (OrderedDict[str, int](), object(), threading.Lock(), 1j):
        sandbox.company.users["zhaolei"].extension["odd"] = odd
        with pytest.raises(Unsavable, match=rf"a .*{type(odd).__name__} cannot be saved"):
            sandbox.save(path)
    assert path.read_bytes() == before


# whatever happens


UNLIKE = {"request_id", "requestid", "requestId", "headers", "resourceUrls", "internalResourceUrls", "download_uri"}
"""Fields of replies that are new each time."""


def plain(reply: Any) -> Any:
    """A reply without what is new each time."""
    if is_object(reply):
        return {name: plain(value) for name, value in reply.items() if name not in UNLIKE}
    return [plain(each) for each in reply] if is_array(reply) else reply


class Recording(Fuzz):
    """Remembers what it sends."""

    def __post_init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any], dict[str, Any], bytes]] = []
        super().__post_init__()

    def send(self, verb: str, path: str, query: dict[str, Any], headers: dict[str, str], content: bytes) -> Any:
        self.sent.append((verb, path, query, headers, content))
        return super().send(verb, path, query, headers, content)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happened_all_reads_are_the_same(seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("dingtalk_models.sandbox", "python_multipart.multipart"):
        caplog.set_level(logging.CRITICAL, name)
    one, other, path = Recording(Random(seed)), Fuzz(Random(seed)), tmp_path / "state"
    for _ in one.run(1500):
        pass
    before = lines_of(one.company)
    saving.write(before, path)
    saving.restore({"company": other.company}, saving.read(path))
    assert lines_of(other.company) == before
    one.sent.clear()
    for _ in itertools.islice(one.reads(is_read), 2000):
        pass
    # whatever the reads of one changed is undone, and both get the same requests
    saving.restore({"company": one.company}, saving.read(path))
    for request in one.sent[:2000]:
        call, again = Fuzz.send(one, *request), other.send(*request)
        assert (again.status, plain(again.reply_body)) == (call.status, plain(call.reply_body)), call.path
    assert one.answers["200"] > 1000
    for each in (one, other):
        each.loop.close()


# files


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not a saved sandbox"),
        ("name: 公司\n", "is not a saved sandbox"),
        ("[" * 100_000, "is not a saved sandbox"),
        ('{"format":"dingtalk-models directory"}\n', "is not a saved sandbox"),
        ('{"format":"dingtalk-models sandbox","version":3}\n', "later version"),
        ('{"format":"dingtalk-models sandbox","version":"1"}\n', "later version"),
        ('{"format":"dingtalk-models sandbox","version":1,"sha256":""}\n', "damaged, or cut short"),
    ],
)
def test_a_file_that_cannot_be_used(sandbox: Sandbox, tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "state"
    path.write_text(text, "utf-8")
    before = lines_of(sandbox.company)
    with pytest.raises(UnusableState, match=problem):
        sandbox.load(path)
    assert lines_of(sandbox.company) == before


def test_a_file_that_was_cut_or_changed_anywhere(tmp_path: Path) -> None:
    sandbox, path = Sandbox(org="empty"), tmp_path / "state"
    sandbox.save(path)
    whole = path.read_bytes()
    before, chance = lines_of(sandbox.company), Random(1)
    for number in range(200):
        place = chance.randrange(len(whole))
        other = bytes([whole[place] ^ (1 << number % 8)])
        path.write_bytes(whole[:place] if number % 2 else whole[:place] + other + whole[place + 1 :])
        with pytest.raises(UnusableState):
            sandbox.load(path)
    assert lines_of(sandbox.company) == before


def changed(lines: list[saving.Node], kind: str, **change: Any) -> list[saving.Node]:
    """The lines, with other attributes of the first object of a class."""
    copied: list[saving.Node] = json.loads(json.dumps(lines))
    next(line for line in copied if line.get("of", "").endswith(f":{kind}"))["has"].update(change)
    return copied


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Company", {"users": {"is": 0}}),
        ("Company", {"users": None}),
        ("Company", {"unknown": 1}),
        ("Company", {"caller": None}),
        ("User", {"unknown": 1}),
        ("User", {"departments": {"is": 99999}}),
        ("User", {"departments": [1]}),
        ("User", {"name": {"eval": "1"}}),
        ("User", {"name": {"class": "state.contact:os"}}),
        ("User", {"name": {"class": "sandbox:Sandbox"}}),
        ("User", {"name": {"bytes": "é"}}),
        ("User", {"name": {"datetime": "soon"}}),
    ],
)
def test_lines_that_make_no_sense_change_nothing(kind: str, change: dict[str, Any]) -> None:
    company = Sandbox().company
    before = lines_of(company)
    with pytest.raises(UnusableState, match="does not fit this version of the package"):
        saving.restore({"company": company}, changed(before, kind, **change))
    assert lines_of(company) == before


BAD_SETTINGS: list[dict[str, Any]] = [
    {"qps": "x"},
    {"qps": 0},
    {"faults": None},
    {"faults": [1]},
    {"answers": [1]},
    {"answers": [("nobody.knows", {})]},
    {"answers": [("calendar_1_0.CreateEvent", "text")]},
]


@pytest.mark.parametrize("settings", BAD_SETTINGS)
def test_settings_that_make_no_sense_change_nothing(sandbox: Sandbox, tmp_path: Path, settings: dict[str, Any]) -> None:
    before = lines_of(sandbox.company)
    whole: dict[str, Any] = {"company": Sandbox(org="empty").company, "qps": None, "faults": [], "answers": []}
    saving.write(saving.dump(whole | settings), tmp_path / "state")
    with pytest.raises(UnusableState, match="its settings are not of this version"):
        sandbox.load(tmp_path / "state")
    assert lines_of(sandbox.company) == before
    saving.write(saving.dump(whole), tmp_path / "state")
    sandbox.load(tmp_path / "state")


@pytest.mark.parametrize("name", ["server.http_server:Server", "sandbox:Sandbox", "saving:_Dump", "..os:path", "x"])
def test_a_file_makes_no_other_objects(name: str) -> None:
    company = Sandbox().company
    lines = lines_of(company)
    hostile: list[saving.Node] = [*changed(lines, "Company", scopes={"is": len(lines)}), {"of": name, "has": {}}]
    with pytest.raises(UnusableState):
        saving.restore({"company": company}, hostile)


def test_what_a_field_had_not_yet_is_its_default() -> None:
    company = Sandbox().company
    lines = lines_of(company)
    for line in lines:
        if line.get("of") == "state.contact:User":
            del line["has"]["nickname"]
    saving.restore({"company": company}, lines)
    assert company.users["zhaolei"].nickname is None


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_the_old_file_stays_if_writing_fails(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "state"
    sandbox.save(path)
    before = path.read_bytes()
    sandbox.company.add_user("新人")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os if failing == "fsync" else Path, failing, full)
        with pytest.raises(OSError, match="No space left"):
            sandbox.save(path)
    assert (path.read_bytes(), [*tmp_path.iterdir()]) == (before, [path])
    sandbox.save(path)
    assert path.read_bytes() != before


def test_saving_while_calls_are_answered(client: Client, tmp_path: Path) -> None:
    sandbox, done = client.sandbox, threading.Event()

    def save() -> None:
        while not done.is_set():
            sandbox.save(tmp_path / "state")

    saving_all_the_time = threading.Thread(target=save)
    saving_all_the_time.start()
    for number in range(100):
        client.result("/topapi/v2/user/create", name="新人", mobile=f"1380001{number:04}", dept_id_list="1")
    done.set()
    saving_all_the_time.join()
    other = Sandbox()
    other.load(tmp_path / "state")
    assert other.company.users.keys() <= sandbox.company.users.keys()


def test_saving_while_the_sandbox_stops(sandbox: Sandbox, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        for _ in range(20):
            saved = pool.submit(sandbox.save, tmp_path / "state")
            sandbox.stop()
            saved.result(60)
            sandbox.start()
