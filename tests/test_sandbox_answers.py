"""Answers of documented endpoints in the sandbox: samples, pages, one's own; and the gateway before them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from plain_client import Client, client_of

from dingtalk_models import DingTalkApp, NotFound
from dingtalk_models.sandbox import Refused, Sandbox

EVENTS = "/v1.0/calendar/users/u1/calendars/primary/events"
EVENT = {"summary": "周会", "start": {"dateTime": "2026-01-05T10:00:00+08:00"}}
TASKS = "/v1.0/todo/users/u1/tasks"
REPORTS = "/topapi/report/list"
PERIOD = {"start_time": 1, "end_time": 2, "cursor": 0, "size": 10}


def test_an_answer_says_that_it_is_documented(client: Client, sandbox: Sandbox) -> None:
    reply = client.api(TASKS, subject="写周报")
    assert (reply.status_code, reply.headers["x-sandbox"]) == (200, "documented")
    assert sandbox.calls[-1].documented
    assert client.code("/topapi/v2/user/get", userid="sunjing") == 0
    assert not sandbox.calls[-1].documented


def test_what_was_sent_is_repeated_where_the_sample_repeats_it(client: Client) -> None:
    shown = client.api(TASKS, subject="写周报").json()
    assert shown["subject"] == "写周报"
    assert shown["creatorId"] == "PUoiixxxxx"  # the sample repeats no such parameter
    assert client.api(TASKS, subject=7).json()["subject"] == "7"  # as text, as it is documented


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "summary: required, and missing"),
    ({**EVENT, "summary": None}, "summary: required, and missing"),
    ({**EVENT, "start": "今天"}, "start: not of the type object"),
    ({**EVENT, "start": {"dateTime": []}}, "start.dateTime: not of the type string"),
    ({**EVENT, "summary": "会" * 2049}, "summary: longer than 2048 characters"),
    ({**EVENT, "attendees": [{"id": {}}]}, "attendees[0].id: not of the type string"),
    ({**EVENT, "attendees": [{}] * 501}, "attendees: more than 500 entries"),
    ({**EVENT, "isAllDay": "perhaps"}, "isAllDay: not of the type boolean"),
]


@pytest.mark.parametrize(("body", "problem"), MISTAKES, ids=[problem for _, problem in MISTAKES])
def test_refusals_of_the_newer_host(client: Client, body: dict[str, Any], problem: str) -> None:
    reply = client.api(EVENTS, **body)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalidParameter")
    assert reply.json()["message"].endswith(f": {problem}")


def test_refusals_of_the_older_host(client: Client) -> None:
    assert client.code(REPORTS, **PERIOD) == 0
    assert client.code(REPORTS, **{**PERIOD, "size": "10"}) == 0
    assert client.form(REPORTS, **PERIOD)["errcode"] == 0
    assert client.code(REPORTS, **{**PERIOD, "size": 21}) == 400002
    assert client.code(REPORTS, **{**PERIOD, "cursor": "next"}) == 400002
    assert client.code(REPORTS) == 400002
    assert client.json("GET", REPORTS, params={"access_token": client.token})["errcode"] == 43002
    assert client.json("POST", REPORTS, params={"access_token": client.token}, json=[1])["errcode"] == 47001
    reply = client.json(
        "POST", REPORTS, params={"access_token": client.token}, data="x", headers={"Content-Type": "a/b"}
    )
    assert reply["errcode"] == 43004


def test_the_gateway_is_before_documented_endpoints(client: Client) -> None:
    token = {"x-acs-dingtalk-access-token": client.token}
    assert client.send("POST", TASKS, json={}).json()["code"] == "AuthenticationFailed.MissingParameter"
    assert client.send("POST", f"{TASKS}?access_token={client.token}", json={}).status_code == 400
    assert client.send("POST", TASKS, headers=token).json()["code"] == "Missingbody"
    assert client.send("POST", TASKS, headers=token, data={"subject": "a"}).json()["code"] == "Missingbody"
    assert client.send("PATCH", TASKS, headers=token).json()["errcode"] == 404
    client.sandbox.clock.advance(7201)
    assert client.api(TASKS, subject="写周报").json()["code"] == "InvalidAuthentication"


def test_limits_scopes_and_faults_hold_for_documented_endpoints() -> None:
    with client_of(Sandbox(qps=1, scopes=["Todo.Todo.Write"])) as client:
        first, second = (client.api(TASKS, subject="写周报") for _ in range(2))
        assert (first.status_code, second.status_code) == (200, 403)
        assert client.api(EVENTS, **EVENT).json()["accessdenieddetail"] == {"requiredScopes": ["Calendar.Event.Write"]}
        client.sandbox.fail(TASKS, code="system.busy")
        reply = client.api(TASKS, subject="写周报")
        assert (reply.status_code, reply.json()["code"], "x-sandbox" in reply.headers) == (500, "system.busy", False)


def test_a_literal_segment_goes_before_a_placeholder(client: Client) -> None:
    # the path of a file has a placeholder here, and a function for DELETE
    path = "/v1.0/storage/spaces/1/dentries/listAll?unionId=u1"
    reply = client.api(path, option={"maxResults": 1})
    assert (reply.status_code, reply.headers["x-sandbox"]) == (200, "documented")
    assert client.sandbox.calls[-1].documented


def test_a_body_that_is_an_array(client: Client, sandbox: Sandbox) -> None:
    path, token = "/v1.0/contact/cooperateCorps/branchAttributes", {"x-acs-dingtalk-access-token": client.token}
    branch = {"branchCorpId": "ding1", "unionRootName": "分公司", "linkDeptId": 1}
    reply = client.send("PUT", path, headers=token, json=[branch])
    assert (reply.status_code, sandbox.calls[-1].body) == (200, [branch])
    refused = client.send("PUT", path, headers=token, json=[branch, {**branch, "linkDeptId": "a"}])
    assert refused.json()["message"].endswith(": [1].linkDeptId: not of the type integer")
    assert client.send("PUT", path, headers=token, json=branch).status_code == 400
    assert client.send("PUT", path, headers=token).json()["code"] == "Missingbody"


def test_pages_are_as_long_as_asked_for(client: Client) -> None:
    lengths: list[int] = []
    page: dict[str, Any] = {"has_more": True, "next_cursor": 0}
    while page["has_more"]:
        page = client.result(REPORTS, **{**PERIOD, "cursor": page["next_cursor"]})
        lengths.append(len(page["data_list"]))
    assert lengths == [10, 10, 1]
    assert "next_cursor" not in page
    assert client.result(REPORTS, **{**PERIOD, "cursor": 500})["data_list"] == []


def test_an_answer_of_ones_own(client: Client, sandbox: Sandbox, app: DingTalkApp) -> None:
    first = sandbox.answer("calendar_1_0.CreateEvent", {"id": "e1"})
    second = sandbox.answer("calendar_1_0.CreateEvent", lambda arguments: {"id": arguments["summary"]})
    event = app.platform.calendar_1_0.create_event("u1", "primary", summary="周会", start={"date": "2026-01-05"})
    assert event.id == "周会"
    reply = client.api(EVENTS, **EVENT)
    assert (reply.json(), reply.headers["x-sandbox"], sandbox.calls[-1].documented) == ({"id": "周会"}, "answer", False)
    assert client.api(EVENTS).status_code == 400
    second.cancel()
    second.cancel()
    assert client.api(EVENTS, **EVENT).json() == {"id": "e1"}
    first.cancel()
    assert client.api(EVENTS, **EVENT).headers["x-sandbox"] == "documented"


def test_a_function_gets_the_arguments_as_documented(client: Client, sandbox: Sandbox) -> None:
    given: list[dict[str, Any]] = []

    def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        given.append(arguments)
        return {}

    sandbox.answer("todo_1_0.CreateTodoTask", answer)
    client.api(f"{TASKS}?operatorId=u2", subject="写周报", priority="20", unknown=1, dueTime=None)
    assert given == [{"unionId": "u1", "operatorId": "u2", "subject": "写周报", "priority": 20}]


@pytest.mark.parametrize("name", ["dingtalk.oapi.v2.user.get", "dingtalk.oapi.cspace.get_custom_space"])
def test_an_endpoint_with_a_function_can_have_another_answer(sandbox: Sandbox, client: Client, name: str) -> None:
    own = sandbox.answer(name, {"result": {"userid": "u1", "name": "林薇"}})
    path, verb = own.endpoint.path, own.endpoint.verb
    query = {"access_token": client.token, "agent_id": "1", "domain": "d"}
    reply = client.json(verb, path, params=query, json={"userid": "nobody"})
    assert reply["result"]["name"] == "林薇"
    own.cancel()
    assert client.json(verb, path, params=query, json={"userid": "nobody"}).get("result") is None


def test_an_older_name_and_an_unknown_one(sandbox: Sandbox) -> None:
    event, old = "calendar_1_0.CreateEvent", "dingtalk.corp.calendar.create"
    assert sandbox.answer(old, {}).endpoint is sandbox.answer(event, {}).endpoint
    with pytest.raises(ValueError, match=r"'todo_1_0.CreateTask'; did you mean 'todo_1_0.CreateTodoTask'"):
        sandbox.answer("todo_1_0.CreateTask", {})


def test_a_function_may_refuse(sandbox: Sandbox, app: DingTalkApp) -> None:
    def full(arguments: dict[str, Any]) -> dict[str, Any]:
        raise Refused("eventNotExist", f"no event {arguments['eventId']}")

    sandbox.answer("calendar_1_0.GetEvent", full)
    with pytest.raises(NotFound, match="no event e1"):
        app.platform.calendar_1_0.get_event("u1", "primary", "e1")


def test_files_are_read_when_they_are_needed() -> None:
    program = """
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.platform.documented import _table
with Sandbox() as sandbox:
    app = sandbox.app()
    app.contact.users.get("sunjing")
    print(_table.cache_info().misses)
    app.run("todo_1_0.CreateTodoTask", unionId="u1", subject="a")
    print(_table.cache_info().misses)
    app.close()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "1"]
