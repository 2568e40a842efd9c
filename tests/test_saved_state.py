"""The whole state of a sandbox: saved, loaded, and set back to how it began."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from plain_client import NEW_USER, Client, client_of

from dingtalk_models.sandbox import Sandbox, UnusableState, saving


def test_what_was_saved_is_there_again(client: Client, tmp_path: Path) -> None:
    saved, sandbox = tmp_path / "state", client.sandbox
    made = client.result("/topapi/v2/user/create", **NEW_USER)
    sandbox.clock.advance(3600)
    sandbox.save(saved)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    with client_of(Sandbox(org="empty")) as other:
        other.sandbox.load(saved)
        # the token is the same too
        other.token = client.token
        assert other.result("/topapi/v2/user/get", userid=made["userid"])["name"] == "张三"
        assert other.sandbox.clock.now() - sandbox.clock.now() == pytest.approx(0, abs=60)
        groups = other.sandbox.company
        assert groups.role_groups[900] is groups.default_group
        assert groups.conversations.groups is groups.outbox.groups


def test_a_reset_goes_back_to_how_it_began(client: Client) -> None:
    sandbox, company = client.sandbox, client.sandbox.company
    began = saving.dump({"company": Sandbox().company})
    users = company.users
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
    assert saving.dump({"company": company}) == began
    assert client.post("/topapi/v2/user/get", userid="zhaolei")["sub_code"] == "40014"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not a saved sandbox"),
        ("name: 公司\n", "is not a saved sandbox"),
        ('{"format":"dingtalk-models directory"}\n', "is not a saved sandbox"),
        ('{"format":"dingtalk-models sandbox","version":2}\n', "later version"),
        ('{"format":"dingtalk-models sandbox","version":1,"sha256":""}\n', "damaged, or cut short"),
    ],
)
def test_a_file_that_cannot_be_used(sandbox: Sandbox, tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "state"
    path.write_text(text, "utf-8")
    before = saving.dump({"company": sandbox.company})
    with pytest.raises(UnusableState, match=problem):
        sandbox.load(path)
    assert saving.dump({"company": sandbox.company}) == before
