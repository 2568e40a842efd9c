"""Checks every operation against the platform's facts: names, documentation, types, requests, replies.

The checks are in conventions.py and replies.py. They walk the registry, so that a new operation is held to them without
a word here; what a fact makes impossible is accepted below, each with its reason, and only as long as it is a problem.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import conventions
import pytest
import replies
from generators.uses import by_hand
from measured import MEASURED

from dingtalk_models.resource.registry import OperationInfo

COMPONENT_TYPES = ("enum of componentType", "enum of componentType of details of details")
OPEN_ENDED = "the pages disagree on the list, and the platform adds to it"

A_CODE = "it uses up a code, so it fails if it is sent again"
READS = "it reads: @api needs idempotent=True"

ACCEPTED: dict[str, dict[str, str]] = {
    "dingtalk.oapi.sns.getuserinfo_bycode": {READS: A_CODE},
    "dingtalk.oapi.v2.user.getuserinfo": {READS: A_CODE},
    "oauth2_1_0.GetSsoUserInfo": {READS: A_CODE},
    "oauth2_1_0.GetUserToken": {READS: A_CODE},
    "workflow_1_0.GetSpaceWithDownloadAuth": {READS: "it grants something, whatever its name says"},
    "dingtalk.oapi.call_back.get_call_back_failed_result": {READS: "it takes what it returns"}
    | {
        f"{field} is not declared": "the key is the event's type: FailedEvent.event reads it"
        for field in (
            *("failed_list.bpms_instance_change", "failed_list.user_add_org", "failed_list.label_conf_add"),
            *("corpid", "bpmsCallBackData", "callbackData", "roleLabelChange"),
        )
    },
    **{
        f"dingtalk.oapi.call_back.{name}_call_back": {
            f"aes_key is 'hvnzd2y8jkhx8yoo4483{'x' * 23}', documented as one of ['43']": "that is its length"
        }
        for name in ("register", "update")
    },
    "dingtalk.oapi.message.corpconversation.asyncsend_v2": {
        **{
            "msg of asynchronous-sending-of-enterprise-session-messages cannot be sent: "
            f"msg.buttons_card.{key}: unknown": "a card has one link or several buttons, never both"
            for key in ("single_title", "single_url")
        },
        (
            "msg of asynchronous-sending-of-enterprise-session-messages may have unknown keys: "
            "{'msgtype': 'text', 'text': {'content': '请提交日报。'}, 'xUnknown': 1}"
        ): "of a message in the platform's form, what stands under its type is read",
    },
    "dingtalk.oapi.v2.department.create": {
        "dingtalk.oapi.department.create: id: unknown": "the platform chooses the id now",
        "dingtalk.oapi.department.create: parentBalanceFirst: unknown": "no counterpart today",
        "dingtalk.oapi.department.create: shareBalance: unknown": "no counterpart today",
    },
    "dingtalk.oapi.v2.user.update": {
        "dingtalk.oapi.user.update: mobile: unknown; did you mean 'hide_mobile'?": "mobile numbers cannot change now",
    },
    "im_1_0.CreateGroup": {
        "dingtalk.oapi.chat.create: userids: required": "its page has it, the list of its parameters does not",
    },
    "im_1_0.UpdateGroup": {
        "dingtalk.oapi.chat.update: isBan: unknown": "no counterpart today",
    },
    **{
        f"im_1_0.{today}SceneGroupMember": {
            f"dingtalk.oapi.im.chat.scenegroup.member.{then}: contact_staff_ids: unknown": "no counterpart today"
        }
        for today, then in (("Add", "add"), ("Remove", "delete"))
    },
    "workflow_1_0.DeleteProcess": {
        "dingtalk.oapi.process.delete: request lost ['123456']": "agentid: the token tells which app asks",
    },
    "workflow_1_0.FormCreate": {
        "dingtalk.oapi.process.save: saveProcessRequest lost ['123']": "agentid: the token tells which app asks",
    },
    "workflow_1_0.ProcessForecast": {
        f"formComponentValues of approval-process-prediction may be beyond {limit}": OPEN_ENDED
        for limit in COMPONENT_TYPES
    },
    "workflow_1_0.StartProcessInstance": {
        **{
            f"formComponentValues of create-an-approval-instance may be beyond {limit}": OPEN_ENDED
            for limit in COMPONENT_TYPES
        },
        "dingtalk.oapi.processinstance.create: approvers lost ['manager01', 'manager02']": (
            "approvers_v2, the later form of the same, is given too"
        ),
    },
}
"""By operation: what the checks find, and why it stays so."""

Check = Callable[[OperationInfo], Iterable[str]]

CHECKS: list[Check] = [
    conventions.module_problems,
    conventions.sandbox_problems,
    conventions.own_test_problems,
    conventions.name_problems,
    conventions.docstring_problems,
    conventions.type_problems,
    conventions.read_problems,
    conventions.sample_problems,
    conventions.parameter_problems,
    conventions.limit_problems,
    conventions.strictness_problems,
    conventions.old_name_problems,
    replies.id_problems,
    replies.field_problems,
    replies.reply_problems,
]
OPERATIONS = by_hand()


def test_the_registry_holds_the_modules() -> None:
    assert {info.manager.__module__.split(".")[1] for info in OPERATIONS} >= {"auth", "contact"}
    assert len(OPERATIONS) > 35


def test_no_name_is_given_twice() -> None:
    given = Counter(name for info in OPERATIONS for name in info.names)
    assert [name for name, times in given.items() if times > 1] == []


def test_every_operation_is_documented() -> None:
    undocumented = [
        f"no page in facts/endpoints/ has {info.http} {info.path} of {info.name}: is it written as documented?"
        for info in OPERATIONS
        if not conventions.pages(info)
    ]
    assert not undocumented, "\n".join(undocumented)


@pytest.mark.parametrize("info", OPERATIONS, ids=lambda info: info.name)
def test_operation(info: OperationInfo) -> None:
    accepted = ACCEPTED.get(info.name, {})
    problems = [
        f"{check.__name__}: {problem}" for check in CHECKS for problem in check(info) if problem not in accepted
    ]
    assert not problems, "\n".join(problems)


def test_coverage_is_measured_in_files_that_exist() -> None:
    here = Path(__file__).parent
    assert [name for name in MEASURED if not (here / f"test_{name}.py").exists()] == []


def test_ids_of_people_have_one_name() -> None:
    names = [*conventions.names_of_ids()]
    of_users = [(where, name) for where, name in names if re.search(r"userids?$", name)]
    assert len(of_users) > 150
    assert [problem for where, name in names for problem in conventions.userid_problems(where, name)] == []
    assert {*conventions.NO_USERIDS} <= {name for _, name in names}, "an exception that is no longer needed"


def test_days_and_times_name_their_schema() -> None:
    """It may be built while a test has the time frozen."""
    assert list(conventions.time_problems()) == []


def test_nothing_is_accepted_that_holds() -> None:
    found = {
        info.name: {problem for check in CHECKS for problem in check(info)}
        for info in OPERATIONS
        if info.name in ACCEPTED
    }
    needless = [
        (name, problem)
        for name, problems in ACCEPTED.items()
        for problem in problems
        if problem not in found.get(name, ())
    ]
    assert needless == []
