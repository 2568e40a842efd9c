"""Every documented endpoint in the sandbox, product by product: what is valid is accepted, each mistake is refused.

Requests are made from the facts. An endpoint with a function of its own is checked too: it is given another answer, and
then what is documented counts.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import documented
import pytest
from documented import Api, Raw, apis
from generators import facts
from generators.platform.endpoints import ENVELOPE
from generators.platform.endpoints import documented as documented_endpoints
from generators.platform.source import products
from helpers import is_list

from dingtalk_models import DingTalkApp, DingTalkError, operations
from dingtalk_models.core.json_values import is_object
from dingtalk_models.platform.products import PRODUCTS
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.platform.documented import at, named
from dingtalk_models.sandbox.platform.pages import given
from dingtalk_models.sandbox.server.endpoints import ENDPOINTS, route

EXCEPTIONS: dict[str, dict[str, str]] = {
    "hrbrain_1_0.HrbrainImportDimission": {
        "sample: ": "the sample shows a refusal",
    },
    "hrm_1_0.HrmProcessUpdateTerminationInfo": {
        "sample: ": "the sample shows a refusal",
    },
    "service_group_1_0.UpdateGroupSet": {
        "sample: ": "the sample shows a refusal",
    },
    "yida_1_0.ListTableDataByFormInstanceIdTableId": {
        "client: read 0 entries": "the entry in the sample is null, which is no entry",
    },
}
"""By endpoint: how a problem begins that the facts or these tests cause, and why."""

NO_LISTS: dict[str, set[str]] = {
    "pages in several objects: `dentryRequest`, `spaceRequest`": {
        "doc_2_0.Search",
    },
    "takes `cursor`, but the reply does not say where the next page begins": {
        "edu_1_0.CardQueryCardFeeds",
    },
    "takes `limit`, but nothing that says where a page begins": {
        "ai_search_ask_1_0.Retrieve",
        "assistant_1_0.ListAssistantMessage",
        "assistant_1_0.ListAssistantRun",
        "assistant_2_0.ListAssistantMessage",
    },
    "takes `maxResults`, but nothing that says where a page begins": {
        "calendar_1_0.ListEventsInstances",
        "im_1_0.SearchInnerGroups",
    },
    "takes `nextToken`, but the reply does not say where the next page begins": {
        "attendance_1_0.GetATManageScope",
        "attendance_1_0.GetSimpleGroups",
        "project_1_0.SearchTaskFlow",
        "project_1_0.SearchTaskflowStatus",
        "workflow_1_0.PremiumQueryTodoTasksByManager",
        "workflow_1_0.TodoTasks",
    },
    "takes `open_feed_query_param.cursor`, but the reply does not say where the next page begins": {
        "dingtalk.oapi.edu.circle.post.list",
    },
    "takes `pageSize`, but nothing that says where a page begins": {
        "exclusive_1_0.ListAuditLog",
        "project_1_0.GetProjectGroup",
    },
    "takes `page_size`, but nothing that says where a page begins": {
        "dingtalk.oapi.workspace.auditlog.list",
    },
    "takes `size`, but nothing that says where a page begins": {
        "doc_1_0.GetResourceUploadInfo",
    },
    "takes a `direction`, and nothing says which one goes on": {
        "industry_1_0.AiTrainingRecord",
        "industry_1_0.CirclePostRecord",
    },
    "the reply has no array": {
        "attendance_1_0.GroupAdd",
        "attendance_1_0.GroupUpdate",
        "bizfinance_1_0.CheckVoucherStatus",
        "bizfinance_2_0.CheckVoucherStatus",
        "datacenter_1_0.GetAbnormalOperation",
        "datacenter_1_0.GetAdministrativeLicensing",
        "datacenter_1_0.GetAdministrativePenalties",
        "datacenter_1_0.GetBasicInfo",
        "datacenter_1_0.GetBiddingInfo",
        "datacenter_1_0.GetBranchInfo",
        "datacenter_1_0.GetChangeRecord",
        "datacenter_1_0.GetDomainInfo",
        "datacenter_1_0.GetDoubleRandom",
        "datacenter_1_0.GetEnvironmentalPenalties",
        "datacenter_1_0.GetHolderInfo",
        "datacenter_1_0.GetIntellectualProperty",
        "datacenter_1_0.GetInvestmentAbroad",
        "datacenter_1_0.GetJobInfo",
        "datacenter_1_0.GetPatentInfo",
        "datacenter_1_0.GetPrincipalEmployee",
        "datacenter_1_0.GetQeneralTaxpayerInfo",
        "datacenter_1_0.GetQualificationCert",
        "datacenter_1_0.GetSeriousViolation",
        "datacenter_1_0.GetSoftwareCopyright",
        "datacenter_1_0.GetTrademarkInfo",
        "datacenter_1_0.GetWorkCopyright",
        "datacenter_1_0.QueryTotalDataCountService",
        "datacenter_1_0.SearchCompany",
        "manufacturing_1_0.IndustrializeManufactureQueryJobs",
        "yida_2_0.BatchAddOrUpdateRoleMembers",
        "yida_2_0.BatchDeleteRoleMembers",
        "yida_2_0.GetRoleDetailById",
    },
    "the reply has several arrays: `conditionColumn`, `resultColumn`": {
        "yida_2_0.GetMatrixDetailById",
    },
    "the reply has several arrays: `memberUnionIds`, `memberUserIds`": {
        "im_1_0.GetGroupMembersByUserToken",
    },
    "the reply has several arrays: `orgDiyTemplates`, `userDiyTemplates`": {
        "minutes_1_0.QueryUserAvailableDiyTemplates",
    },
    "the reply has several arrays: `orgUsesList`, `outOrgUserList`": {
        "live_1_0.QueryLiveWatchUserList",
    },
    "the reply has several arrays: `readUnionIds`, `readUserIds`": {
        "im_1_0.QueryMsgReadStatus",
    },
}
"""APIs that take a parameter of paging and are single calls, by the reason."""


@pytest.fixture(scope="module")
def shared() -> Generator[Sandbox]:
    """A sandbox for all endpoints."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def caller(shared: Sandbox) -> Generator[DingTalkApp]:
    with shared.app() as app:
        yield app
    app.close()


def has_a_function(api: Api) -> bool:
    page = api.pages[0]
    return page["http"] in ENDPOINTS.get(page["path"], {})


def check(problems: list[tuple[str, str]]) -> None:
    """Fail for problems that are no exceptions."""
    left = [f"{name}: {text}" for name, text in problems if not text.startswith(tuple(EXCEPTIONS.get(name, ())))]
    assert not left, "\n".join(left)


def raw_problems(sandbox: Sandbox, api: Api) -> list[str]:
    """What the sandbox does with requests of an endpoint that it should not."""
    own = sandbox.answer(api.name, {}) if has_a_function(api) else None
    with Raw(sandbox) as raw:
        problems = [*_valid_problems(raw, api), *_mistake_problems(raw, api)]
        problems += [] if own else _sample_problems(raw, api)
    if own:
        own.cancel()
    return problems


def _valid_problems(raw: Raw, api: Api) -> Generator[str]:
    for what, arguments in (("required", api.only_required), ("complete", api.complete)):
        reply = raw.send(api, arguments)
        if not reply.accepts or reply.kind is None:
            yield f"{what}: {reply}"


def _mistake_problems(raw: Raw, api: Api) -> Generator[str]:
    status = 400 if api.pages[0]["host"] == "api" else 200
    for what, way, arguments in documented.mistakes(api):
        reply, where = raw.send(api, arguments), documented.shown_way(way)
        # no body, or one that is neither an object nor an array, is refused as no body at all
        named_there = f" {where}: " in reply.text or (where == "body" and reply.text.startswith("body is"))
        if reply.accepts or reply.status != status or not named_there:
            yield f"{what} {where}: {reply}"


def _sample_problems(raw: Raw, api: Api) -> Generator[str]:
    """Whether the answer is none of the documented samples. That of a list is a page, and some repeat what was sent."""
    shown = [sample for page in api.pages for sample in facts.sample_replies(page)]
    if shown and not named(api.name).paging and not named(api.name).echo:
        answer = raw.send(api, api.only_required).body
        if not any(_same(sample, answer) for sample in shown):
            yield f"sample: the answer is {answer}"


def _same(sample: Any, answer: Any) -> bool:
    return all(answer.get(name) == value for name, value in sample.items() if name not in ENVELOPE)


@pytest.mark.parametrize("product", PRODUCTS)
def test_requests_are_checked_as_documented(product: str, shared: Sandbox) -> None:
    check([(api.name, problem) for api in apis(product) for problem in raw_problems(shared, api)])


def client_problems(sandbox: Sandbox, app: DingTalkApp, api: Api) -> Generator[str]:
    """What is wrong with the answer that the client gets for the required parameters; a list is read to its end."""
    paging, arguments = named(api.name).paging, api.only_required
    if paging and paging["parameter"] in arguments:
        arguments[paging["parameter"]] = paging.get("first", "")
    sandbox.calls.clear()
    try:
        answer = app.run(api.name, **arguments)
        items = answer.all() if is_list(answer) else []
    except DingTalkError as error:
        yield f"client: {error!r}"
        return
    if not all(call.documented for call in sandbox.calls if "oauth2/accessToken" not in call.path):
        yield "client: a call was answered by a function"
    if paging and is_list(answer):
        yield from _list_problems(sandbox, api, len(items))


def _list_problems(sandbox: Sandbox, api: Api, count: int) -> Generator[str]:
    paging, shown = named(api.name).paging, named(api.name).sample
    assert paging
    for name in paging["way"]:
        assert shown
        shown = shown[name]
    asked = [{**call.query, **(call.body if is_object(call.body) else {})} for call in sandbox.calls if call.documented]
    size = int(given(asked[0], paging.get("size", "")) or len(shown or ()))
    starts = {str(given(each, paging["parameter"])) for each in asked}
    if len(starts) not in {3, 4} or count != 2 * size + 1:
        yield f"client: read {count} entries from {starts}, {size} on a page"


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_client_reads_the_answers(product: str, shared: Sandbox, caller: DingTalkApp) -> None:
    check(
        [
            (api.name, problem)
            for api in apis(product)
            if not has_a_function(api)
            for problem in client_problems(shared, caller, api)
        ]
    )


def test_exceptions_are_needed(shared: Sandbox, caller: DingTalkApp) -> None:
    every = {api.name: api for product in PRODUCTS for api in apis(product)}
    for name, starts in EXCEPTIONS.items():
        found = raw_problems(shared, every[name])
        if not has_a_function(every[name]):
            found += client_problems(shared, caller, every[name])
        assert not [start for start in starts if not any(problem.startswith(start) for problem in found)], name


def test_lists_that_are_read_call_by_call() -> None:
    found: dict[str, set[str]] = {}
    for product in products().values():
        for name, reason in product.single.items():
            found.setdefault(reason, set()).add(name)
    assert found == NO_LISTS


def test_every_endpoint_is_found_by_its_path_and_its_names() -> None:
    for verb, path in documented_endpoints():
        assert at(path)[verb].path == path
        functions, _ = route(path)
        assert verb not in functions or ENDPOINTS.get(path), f"a function with placeholders hides {verb} {path}"
    for info in operations():
        assert {named(name).path for name in info.names} == {info.path}
