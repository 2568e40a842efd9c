"""What is put into a company in Python fits, as a file has to; and editors know what a file has to be."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest
from plain_client import NEW_USER, Client

from dingtalk_models import BEIJING
from dingtalk_models.company_file import models
from dingtalk_models.company_file.scalars import meaning
from dingtalk_models.sandbox import Company, Sandbox, SeedError
from dingtalk_models.sandbox import load_company as founding
from dingtalk_models.sandbox.state.approval import ApprovalStep

NOW = datetime(2026, 1, 5, 9, tzinfo=BEIJING)

MISFITS: dict[str, tuple[Callable[[Company], object], str]] = {
    "parent": (lambda company: company.add_department("甲", 99), "parent_id"),
    "department id": (lambda company: company.add_department("甲", dept_id=100), "dept_id"),
    "manager": (
        lambda company: company.add_department("甲", dept_manager_userid_list=["zhaolei", "x"]),
        "dept_manager_userid_list",
    ),
    "owner": (lambda company: company.add_department("甲", org_dept_owner="x"), "org_dept_owner"),
    "permits": (lambda company: company.add_department("甲", dept_permits=[99]), "dept_permits"),
    "userid": (lambda company: company.add_user("甲", userid="zhaolei"), "userid"),
    "department": (lambda company: company.add_user("甲", [100, 99]), "dept_id_list"),
    "superior": (lambda company: company.add_user("甲", manager_userid="x"), "manager_userid"),
    "mobile": (lambda company: company.add_user("甲", mobile="13900000001"), "mobile"),
    "email": (lambda company: company.add_user("甲", email="zhaolei@dingfeng.example"), "email"),
    "administrator": (lambda company: company.add_admin("x"), "userid"),
    "managed": (lambda company: company.add_admin("zhaolei", dept_ids=[99]), "dept_ids"),
    "role group": (lambda company: company.add_role("甲", 99), "group_id"),
    "role group id": (lambda company: company.add_role_group("甲", 900), "group_id"),
    "role id": (lambda company: company.add_role("甲", 910, role_id=911), "role_id"),
    "role member": (lambda company: company.add_role("甲", 910, userids=["x"]), "userids"),
    "form": (lambda company: company.workflow.add_form("甲", [], [], process_code="PROC-LEAVE"), "process_code"),
    "step": (lambda company: company.workflow.add_form("甲", [], [ApprovalStep(["manager", "x"])]), "steps"),
    "shift": (lambda company: company.attendance.add_shift("甲", "09:00"), "times"),
    "attendance owner": (lambda company: company.attendance.add_group("甲", "x"), "owner_user_id"),
    "attendance member": (lambda company: company.attendance.add_group("甲", "heli", userids=["x"]), "userids"),
    "attendance department": (lambda company: company.attendance.add_group("甲", "heli", dept_ids=[99]), "dept_ids"),
    "punch": (lambda company: company.attendance.punch("x", NOW), "userid"),
    "follower": (lambda company: company.clientele.add("甲", "1", [], "x"), "follower_user_id"),
    "label": (lambda company: company.clientele.add("甲", "1", [99], "heli"), "label_ids"),
    "shared": (lambda company: company.clientele.add("甲", "1", [], "heli", share_dept_ids=[99]), "share_dept_ids"),
    "group owner": (lambda company: company.outbox.groups.make([], owner="x"), "owner"),
    "group member": (lambda company: company.outbox.add_group(["heli", "x"]), "members"),
    "private chat": (lambda company: company.conversations.add_private_chat("heli", "x", "cool"), "members"),
    "stranger": (
        lambda company: company.logins.add_stranger("甲", userid="stranger", mobile=None, email=None),
        "userid",
    ),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_what_does_not_fit_is_refused_and_changes_nothing(misfit: str) -> None:
    company = Sandbox().company
    add, field = MISFITS[misfit]
    counts = [len(each) for each in (company.users, company.departments, company.roles, company.outbox.groups)]
    with pytest.raises(SeedError, match=r".+: .+ / .+") as caught:
        add(company)
    assert caught.value.field == field
    assert counts == [len(each) for each in (company.users, company.departments, company.roles, company.outbox.groups)]


def test_who_has_a_number_is_known_as_it_changes(client: Client) -> None:
    company = client.sandbox.company
    made = client.result("/topapi/v2/user/create", **(NEW_USER | {"email": "a@dingfeng.example"}))
    with pytest.raises(SeedError, match="has '13800000001'"):
        company.add_user("甲", mobile=NEW_USER["mobile"])
    assert client.code("/topapi/v2/user/update", userid=made["userid"], email="b@dingfeng.example") == 0
    with pytest.raises(SeedError, match="has 'b@dingfeng"):
        company.add_user("甲", email="b@dingfeng.example")
    company.add_user("乙", email="a@dingfeng.example")
    assert client.code("/topapi/v2/user/delete", userid=made["userid"]) == 0
    company.add_user("丙", mobile=NEW_USER["mobile"])


def test_beginning_costs_little() -> None:
    Sandbox()
    costs: list[float] = []
    for _ in range(20):
        begun = time.thread_time()
        Sandbox()
        costs.append(time.thread_time() - begun)
    assert min(costs) < 0.02  # 1 ms on a quiet machine


SCHEMA = json.loads(files("dingtalk_models.company_file").joinpath("company.schema.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"users": [{"userid": "a", "name": "甲"}]},
        {"users": [{"userid": "a", "name": "甲", "hired_date": "2020-01-31", "extension": {"a": [1, None]}}]},
        {"users": [{"userid": "a", "name": "甲", "mobile": 139}]},
        {"users": [{"userid": "a"}]},
        {"users": [{"userid": "", "name": "甲"}]},
        {"users": [{"userid": "a", "name": "甲", "unknown": 1}]},
        {"users": {"userid": "a", "name": "甲"}},
        {"departments": [{"dept_id": 0}]},
        {"departments": [{"dept_id": "7"}]},
        {"departments": [{"dept_id": 7, "name": None}]},
        {"admins": [{"userid": "a", "sys_level": 3}]},
        {"attendance": {"shifts": [{"name": "早", "times": ["09:00", "24:00"]}]}},
        {"attendance": {"groups": [{"name": "早", "owner_user_id": "a", "week": [None] * 6}]}},
        {"customers": {"contacts": [{"name": "甲", "mobile": "1a", "follower_user_id": "a", "labels": ["金"]}]}},
        {"scopes": ["a"], "robot_url": None, "unknown": None},
    ],
)
def test_the_schema_and_the_models_say_the_same(row: dict[str, Any]) -> None:
    try:
        models.CompanyFile.model_validate(row)
        right = True
    except ValueError:
        right = False
    assert jsonschema_rs.validator_for(SCHEMA).is_valid(row) == right


def test_the_schema_says_what_the_source_says() -> None:
    said = SCHEMA["$defs"]["UserRow"]["properties"]["dept_id_list"]["description"]
    assert said == "Their departments, the main one first; by default the root / 所在部门，第一个为主部门"
    assert founding.SEED.read_text("utf-8").startswith(f"# yaml-language-server: $schema={SCHEMA['$id']}\n")


@pytest.mark.parametrize("text", ["12", "-5", "1.5", "1e3", "true", "~", "no", "0571", "18:00", "9" * 30, "1_0"])
def test_only_numbers_and_three_words_are_no_texts(text: str) -> None:
    known = {"12": 12, "-5": -5, "1.5": 1.5, "1e3": 1000.0, "true": True, "~": None}
    assert meaning(text) == known.get(text, text)
