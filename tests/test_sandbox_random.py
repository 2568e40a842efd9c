"""Random requests to the sandbox with deletions in between: it answers each, and names nobody whom nobody can find.

`REQUESTS=200000 ./scripts/test tests/test_sandbox_random.py -s` is the whole of it, in some minutes; `SEED` is another
start of chance.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from random_requests import Fuzz, kind_of

from dingtalk_models.sandbox import Received
from dingtalk_models.sandbox.server.endpoints import ServedEndpoint
from dingtalk_models.sandbox.server.json_values import is_array, is_object

REQUESTS = int(os.environ.get("REQUESTS", "4000"))
SEED = int(os.environ.get("SEED", "13"))

READ = re.compile(
    r"get|list|count|query|search|status|numbers|infos?/|templates|schema|batchquery|forecast", re.IGNORECASE
)
WRITE = re.compile(r"delete|create|update|add|remove|/set|recall|grant|register|token|ticket|upload", re.IGNORECASE)

WHAT_HAPPENED = {
    "/v1.0/workflow/processInstances": "an approval names who started and decided it, and their department",
    "/topapi/processinstance/get": "the same",
    "/topapi/message/corpconversation/getsendresult": "`invalid_user_id_list` names those who do not exist",
    "/v1.0/storage/": "a file names who made it; a user who left has no other owner there",
    "/v2.0/storage/": "the same",
    "/v1.0/im/sceneGroups/templates/robots": "the robot of a template is no user",
    "/v1.0/im/sceneGroups/members/batchQuery": "`unionIdList` has members of other companies",
    "/topapi/extcontact/": "the userid is that of an external contact",
}
"""Replies that name people who are not in the company, and why."""


def is_read(endpoint: ServedEndpoint) -> bool:
    """Whether an endpoint only reads, by its name."""
    return (endpoint.verb == "GET" or READ.search(endpoint.path) is not None) and not WRITE.search(endpoint.path)


def named_in(reply: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value in a reply, with the name of its field."""
    if is_object(reply):
        for key, value in reply.items():
            yield from named_in(value, key)
    elif is_array(reply):
        for value in reply:
            yield from named_in(value, name)
    else:
        yield name, reply


def dangling(fuzz: Fuzz, call: Received) -> list[tuple[str, Any]]:
    """The ids in a reply of people, departments and roles that are not there."""
    if call.code != 0 or any(call.path.startswith(path) for path in WHAT_HAPPENED):
        return []
    company = fuzz.company
    there: dict[str, set[str]] = {
        "userid": {*company.users, ""},
        "unionid": {user.unionid for user in company.users.values()},
        "deptid": {str(each) for each in (*company.departments, -1)},
        "roleid": {str(each) for each in company.roles},
    }
    return [
        (name, each)
        for name, value in named_in(call.reply_body)
        if isinstance(value, str | int) and not isinstance(value, bool)
        for each in filter(None, str(value).split("|"))
        if each not in there.get(kind_of(name), {each})
    ]


@pytest.fixture
def fuzz(caplog: pytest.LogCaptureFixture) -> Iterator[Fuzz]:
    for name in ("dingtalk_models.sandbox", "python_multipart.multipart"):
        caplog.set_level(logging.CRITICAL, name)
    print(f"seed {SEED}, {REQUESTS} requests")
    made = Fuzz(Random(SEED))
    yield made
    made.loop.close()


def test_random_requests_and_then_every_read_for_every_id(fuzz: Fuzz) -> None:
    mistakes = [(call, call.mistake) for call in fuzz.run(REQUESTS) if call.mistake]
    assert not mistakes, (len(mistakes), mistakes[0])
    accepted = fuzz.answers["200"]
    assert accepted > REQUESTS // 3

    wrong: list[object] = []
    number = 0
    for endpoint, call in fuzz.reads(is_read):
        number += 1
        if call.mistake:
            wrong.append((call, call.mistake))
        wrong += [(endpoint.path, call, each) for each in dangling(fuzz, call)]
    print(f"{fuzz.answers.total()} requests, {accepted} accepted, {number} reads, {len(wrong)} wrong")
    assert not wrong, (len(wrong), wrong[0])
