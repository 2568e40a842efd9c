"""Lists of approvals: page by page, over any span, lazily; against the sandbox, over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from approving import CREATE, DAY, EXPENSE, LEAVE, QUERY, now
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dingtalk_models import (
    ApprovalInstance,
    DingTalkApp,
)
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.smartwork import approval_instance


def seeded(sandbox: Sandbox, ages: list[float], userids: tuple[str, ...] = ("yangfan",)) -> list[str]:
    """Approvals of these ages in days, oldest first."""
    flow = sandbox.company.workflow
    moment = sandbox.clock.now()
    return [
        flow.start(flow.forms[LEAVE], userids[n % len(userids)], {}, at=round(moment - age * 86400, 3)).instance_id
        for n, age in enumerate(sorted(ages, reverse=True))
    ]


def test_ids_are_listed_page_by_page(sandbox: Sandbox, app: DingTalkApp) -> None:
    ids = seeded(sandbox, [10 + n / 100 for n in range(45)])
    pages = list(ApprovalInstance.objects.list_ids(LEAVE, now(sandbox) - 20 * DAY).pages())
    assert [len(page.items) for page in pages] == [20, 20, 5]
    assert [each for page in pages for each in page.items] == ids
    assert [call.body["nextToken"] for call in sandbox.received(QUERY) if isinstance(call.body, dict)] == [0, 20, 40]
    assert all(call.query == {} for call in sandbox.received(QUERY))


def test_lists_hold_whole_approvals(sandbox: Sandbox, app: DingTalkApp) -> None:
    ids = seeded(sandbox, [1, 2, 3, 400], ("yangfan", "caohui"))
    since = now(sandbox) - 5 * DAY
    listed = ApprovalInstance.objects.list(LEAVE, since).all()
    assert [approval.process_instance_id for approval in listed] == ids[1:]
    assert all(approval.app is app and approval.tasks for approval in listed)
    only = ApprovalInstance.objects.list(LEAVE, since, userids=["yangfan"], statuses=["RUNNING"])
    assert [approval.process_instance_id for approval in only] == [ids[2]]
    assert ApprovalInstance.objects.list(LEAVE, since, statuses=["COMPLETED"]).all() == []
    assert ApprovalInstance.objects.list(EXPENSE, since).first() is None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ages=st.lists(st.floats(0.1, 359), max_size=70),
    begin=st.integers(1, 359),
    length=st.integers(0, 359),
    people=st.sampled_from([None, 3, 23]),
)
@example(ages=[359 - n * 120 for n in range(3)], begin=359, length=359, people=None)  # on the boundaries
@example(ages=[100.0] * 50, begin=220, length=120, people=23)
def test_any_span_is_split_and_joined(
    sandbox: Sandbox, app: DingTalkApp, *, ages: list[float], begin: int, length: int, people: int | None
) -> None:
    sandbox.company.workflow.instances.clear()
    sandbox.calls.clear()
    everybody = list(sandbox.company.users)[:25]
    seeded(sandbox, ages, tuple(everybody))
    start = now(sandbox) - begin * DAY
    end = min(start + length * DAY, now(sandbox))
    chosen = None if people is None else everybody[:people]
    found = ApprovalInstance.objects.all_ids(LEAVE, start, end, userids=chosen).all()
    first, last = (int(moment.timestamp() * 1000) / 1000 for moment in (start, end))
    expected = {
        each.instance_id
        for each in sandbox.company.workflow.instances.values()
        if first <= each.created <= last and (chosen is None or each.originator in chosen)
    }
    assert len(found) == len(set(found))
    assert set(found) == expected
    for call in sandbox.received(QUERY):
        assert isinstance(call.body, dict)
        assert call.code == 0
        assert call.body["endTime"] - call.body["startTime"] <= 120 * 86_400_000


def test_what_lies_where_windows_meet_is_found_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    end = now(sandbox).replace(microsecond=0)
    start = end - 300 * DAY
    near = [timedelta(milliseconds=n) for n in (-1, 0, 1)]
    moments = [start, *(start + n * 120 * DAY + offset for n in (1, 2) for offset in near), end]
    flow = sandbox.company.workflow
    ids = [flow.start(flow.forms[LEAVE], "yangfan", {}, at=moment.timestamp()).instance_id for moment in moments]
    flow.start(flow.forms[LEAVE], "yangfan", {}, at=(start + near[0]).timestamp())
    assert ApprovalInstance.objects.all_ids(LEAVE, start, end).all() == ids
    assert len(sandbox.received(QUERY)) == 3


def test_more_than_a_query_brings_is_found_all_the_same(
    sandbox: Sandbox, app: DingTalkApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approval_instance, "MOST_IDS", 40)
    sandbox.company.workflow.most_ids = 40
    ids = seeded(sandbox, [n / 10 for n in range(1, 131)])
    since = now(sandbox) - 30 * DAY
    assert len(ApprovalInstance.objects.list_ids(LEAVE, since).all()) == 40
    found = ApprovalInstance.objects.all_ids(LEAVE, since).all()
    assert sorted(found) == sorted(ids)


def test_everything_is_lazy(sandbox: Sandbox, app: DingTalkApp) -> None:
    seeded(sandbox, list(range(1, 320)))
    query = ApprovalInstance.objects.all(LEAVE, now(sandbox) - 350 * DAY)
    assert sandbox.calls == []
    assert query.first() is not None
    assert len(sandbox.received(QUERY)) == 1
    assert len(sandbox.received(CREATE)) == 20
