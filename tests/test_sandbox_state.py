"""The company that a sandbox starts with."""

from __future__ import annotations

import time
from collections.abc import Generator

import pytest
from plain_client import NEW_USER, Client, client_of

from dingtalk_models.sandbox import Sandbox


@pytest.fixture
def empty() -> Generator[Client]:
    with client_of(Sandbox(org="empty")) as client:
        yield client


def test_an_empty_company(empty: Client) -> None:
    company = empty.sandbox.company
    assert (list(company.departments), company.users) == ([1], {})
    assert [each.name for each in company.role_groups.values()] == ["默认"]
    made = empty.result("/topapi/v2/user/create", **(NEW_USER | {"dept_id_list": "1"}))
    assert company.users[made["userid"]].name == "张三"


def test_thousands_are_added_quickly(empty: Client) -> None:
    started = time.process_time()
    company = empty.sandbox.company
    branches = [company.add_department(f"分部{number}") for number in range(50)]
    for number in range(5000):
        company.add_user(f"员工{number}", [branches[number % 50].dept_id], mobile=f"150{number:08d}")
    assert time.process_time() - started < 2
    assert empty.result("/topapi/v2/department/get", dept_id=1)["member_count"] == 5000


def test_the_seed_is_the_same_every_time() -> None:
    one, other = Sandbox().company, Sandbox().company
    assert (one.users, one.departments, one.roles) == (other.users, other.departments, other.roles)
