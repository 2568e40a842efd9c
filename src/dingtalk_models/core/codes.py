"""The platform's error codes: the error class of each, and hints for codes whose message is misleading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dingtalk_models.core.errors import (
    REJECTED_TOKEN,
    AlreadyExists,
    ApiError,
    AuthenticationError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    PlatformBusy,
    QuotaExhausted,
    RateLimited,
)
from dingtalk_models.core.http import Request
from dingtalk_models.core.json_values import is_array, is_object


def _codes(text: str) -> frozenset[str]:
    found: set[str] = set()
    for word in text.split():
        first, _, last = word.partition("..")
        found |= {str(code) for code in range(int(first), int(last) + 1)} if last else {word}
    return frozenset(found)


BY_CODE: list[tuple[type[ApiError], frozenset[str]]] = [
    (AuthenticationError, REJECTED_TOKEN | _codes("""
        40013 40078 40079 40082..40089 40091 40096 41002 41004 41007 41026 41027 42002 42003 42007..42009 48003
        invalidClientIdOrSecret invalid.client unauthorized.client invalidSuiteKey invalidSuiteTicket invalidAuthInfo
        invalidCode invalidParameter.authCode.notFound AuthenticationFailed.MissingParameter 300001 300005 400101
        853001..853004""")),
    (QuotaExhausted, _codes("""
        90020 41045 143105 143106 143205 143206 Forbidden.AccessDenied.ApiCountLimitForOrg""")),
    (RateLimited, _codes("""
        90001..90014 90017 90018 45009 143103 143104 143203 143204 130101 660026 410100 41046 41047 1111 429
        send.too.fast send.byToken.tooFast too.many.group too.many.people autoflowLikeTriggerRateLimited""")),
    (PermissionDenied, _codes("""
        60011 60020 43007 48002 50002..50005 400020 33009 8100017 810007 23004 310000
        send.forbidden bot.forbidden.sendMessage chatbotId.notAllow.sendOTO not.allowed.robotCode
        permession.checkFailed groupPermissionDenied groupTemplatePermissionDenied coolAppPermissionDenied
        group.org.checkFailed apiPermissionDenied grayControlDenied org.not.match
        groupTemplate.permessionDenied.orgNotInGrayList groupTemplate.permessionDenied.appNotInstalled
        groupTemplate.permessionDenied.orgNotConsistent invalidParam.sceneGroupPermissionDenied
        60205 permissionDenied noPermission orgAuthLevelNotEnough auth.error unauthorized invalidAccessToken
        processGetFailedByParameter dentryUploadForbidden ip.not.match sign.not.match
        needAuth permission.error processSetupNoPermission aflowProcessSetupNoPermission benefitStatusInvalid
        Forbidden.AccessDenied.AccessTokenPermissionDenied Forbidden.AccessDenied.IpNotInWhiteList""")),
    (NotFound, _codes("""
        60121 33012 40003 46004 40104 60111 60003 60004 40009 33011 60301 34020 40016 34001 60124 49017 820004 830001
        71007 400040 22 404 12012 400013 400106 885001 invalidParameter.robotCode.notExsit group.disbanded
        processInstanceIdError processCodeError process.error processcode.error aflowProcessCodeIsError
        param.stream.outTrackId group.diaband groupDisbang invalideChatId invalidGroupParams cannot.find.user
        userNotInGroup 665036""")),
    (AlreadyExists, _codes("""
        60102 60104 60106 60107 60016 60021 40100 40101 22005 60200 34021 71006 400041 40103
        invalidRequest.duplicateClientToken dentryNameConflict formName.error""")),
    (PlatformBusy, _codes("""
        -1 15 88 500 1002 400001 systemBusy system.busy system.error dentryStoreError
        service.timeout server.error operationConcurrentControl systemError sysErrror internalError""")),
    (InvalidRequest, _codes("""
        40000 40004..40008 40011 40031 40032 40035 40036 40048 40056 40066 40068 40069 40093 400002 400043 41005
        41028..41100 41101 41102 660000 43001..43009 44002 47001 60001 60002 60005..60007 60009 60010 60018 60019
        60103 60109 60110 60112 60113 60119 60122 60123 60510 600109 34018 1430002 40019..40024 60203 45024
        44001 60204 400102 400105 71008..71013 400050..400054 430101..430104 101002 460101 885006
        660023 parameter.error Missingbody invalidParameter""")),
]  # fmt: skip

_CLASS: dict[str, type[ApiError]] = {code: kind for kind, codes in reversed(BY_CODE) for code in codes}

_BY_WORD: list[tuple[str, type[ApiError]]] = [
    (r"AccessDenied\.Q[a-z]+Limit", RateLimited),
    (r"^Forbidden", PermissionDenied),
    (r"(^isp\.|hsfIntegration)", PlatformBusy),
    (r"not\.?(found|exist)", NotFound),
    (r"(already|duplicate|exists?$)", AlreadyExists),
    (r"(busy|timeout|unknownError)", PlatformBusy),
    (r"^invalid", InvalidRequest),
]

_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidRequest, 401: AuthenticationError, 403: PermissionDenied, 404: NotFound, 409: AlreadyExists,
    429: RateLimited,
}  # fmt: skip

_CREDENTIALS = (
    "Check appkey and appsecret: they are the Client ID and Client Secret of the same app. / "
    "请核对 AppKey 与 AppSecret 是否属于同一应用。"
)
_SCOPES = (
    "Grant the scopes in .scopes at .apply_url, then call app.refresh_access_token(): a token issued before may keep "
    "failing. / 请在 .apply_url 开通 .scopes 中的权限，然后刷新 access_token。"
)
_ADDRESS = "Add this server's address to the app's IP whitelist. / 请将服务器出口 IP 加入应用的白名单。"
_WEBHOOK = (
    "The platform does not know this robot's token: take the whole webhook address out of the group's settings, where "
    "the robot may have been removed. / "
    "机器人的 access_token 不存在：请从群设置复制完整的 Webhook 地址，机器人可能已被移除。"
)
OPEN_CONVERSATION = (
    "What is wanted here is an openConversationId, which begins with cid. A chatid begins with chat: "
    "Group.get(chatid).conversation_id() tells the other one. / "
    "此处须传 openConversationId（以 cid 开头），而不是 chatid（以 chat 开头）："
    "可用 Group.get(chatid).conversation_id() 换取。"
)
_CHAT_ID = (
    "What is wanted here is a chatid, which begins with chat. An openConversationId begins with cid, and no API tells "
    "the chatid of one: keep it when Group.create or an event tells it. / "
    "此处须传 chatid（以 chat 开头），而不是 openConversationId（以 cid 开头）；没有接口可由后者换取 chatid，"
    "请在 Group.create 或事件返回时保存。"
)
_CARD_TEMPLATE = (
    "Take the template's id from the card platform, where it ends in .schema; the template has to be published, and to "
    "belong to this app. / 请在卡片平台复制模板 ID（以 .schema 结尾），并确认模板已发布且关联了本应用。"
)
_STRANGER = (
    "Nobody in this company has this mobile number, or the app may not see who has. / "
    "本企业没有使用该手机号的成员，或该成员不在应用的可见范围内。"
)
_SESSION_OVER = (
    "The message's session webhook is over, or never was one: it lasts about 90 minutes. Write by the robot instead: "
    "Robot.send, Robot.send_to_group. / "
    "消息的会话 Webhook 不存在或已过期（有效期约 90 分钟），请改用 Robot.send 或 Robot.send_to_group。"
)
_QUOTA = (
    "The month's API quota is used up, until next month or until you buy an add-on pack. Do not send again. / "
    "本月 API 调用量已用完，重试无效。"
)

HINTS: dict[str, str] = {
    "40078": "A login code works once and for 5 minutes. / 免登授权码只能使用一次，5 分钟内有效。",
    "40096": _CREDENTIALS,
    "invalidClientIdOrSecret": _CREDENTIALS,
    "40103": "The user has account protection: an invitation was sent, and they join once they accept it. / "
    "对方开启了账号保护，已发送邀请，同意后才会加入。",
    "60011": _SCOPES,
    "Forbidden.AccessDenied.AccessTokenPermissionDenied": _SCOPES,
    "60020": _ADDRESS,
    "Forbidden.AccessDenied.IpNotInWhiteList": _ADDRESS,
    "60121": "Nobody in this company has this userid: an invitation may not be accepted yet, or the user has left. / "
    "该用户可能尚未接受邀请，或已离职。",
    "40104": _STRANGER,
    "40056": "Check agent_id: it is the AgentId of this app, on its page in the console. / "
    "请核对 agent_id：它是本应用的 AgentId，见开发者后台的应用详情页。",
    "300001": _WEBHOOK,
    "300005": _WEBHOOK,
    "400101": _WEBHOOK,
    "cidEncryptError": OPEN_CONVERSATION,
    "invalid.openConversationId": OPEN_CONVERSATION,
    "invalidParam.openConversationIdDecryptFailed": OPEN_CONVERSATION,
    "invalidParameter.openConversationIdError": OPEN_CONVERSATION,
    "invalidParameter.openConversationId.invalid": OPEN_CONVERSATION,
    "illegal.openconevrsation.id": OPEN_CONVERSATION,
    "param.templateNotExist": _CARD_TEMPLATE,
    "cardTemplate.not.exist": _CARD_TEMPLATE,
    "cardTemplateInvalid": _CARD_TEMPLATE,
    "invalidParameter.cardTemplate.notFound": _CARD_TEMPLATE,
    "853002": "Set this machine's clock: it is more than a minute off. / 本机时钟误差超过一分钟，请校准。",
    "90020": _QUOTA,
    "Forbidden.AccessDenied.ApiCountLimitForOrg": _QUOTA,
    "permession.checkFailed": "The owner of the group is outside the app's visible range: widen it in the console. / "
    "群主不在应用的可见范围内，请在开发者后台调整。",
    "50004": "The department is outside the app's contact scope: widen it in the console. / "
    "部门不在应用的通讯录授权范围内，请在开发者后台调整。",
    "50002": "The user is outside the app's contact scope: widen it in the console. / "
    "员工不在应用的通讯录授权范围内，请在开发者后台调整。",
    "41045": "An app may send to everyone at most three times a day. / 单应用每天最多向全员发送 3 次。",
    "41052": "Results are kept only for notifications to at most 100 people. / 接收人超过 100 时不再返回发送结果。",
    "310000": "The robot's security settings refuse the message: check keywords, signature and IP addresses. / "
    "未通过机器人的安全设置：请检查自定义关键词、加签密钥和 IP 地址段。",
    "orgAuthLevelNotEnough": "Files can be downloaded only after the company is certified (企业认证). / "
    "企业认证等级过低，完成企业认证后才能下载文件。",
    "processInstanceInvalidParameter": "The originator must belong to dept_id (the root is -1, not 1); approvers "
    "and cc must be current users. / 发起人须属于 dept_id 所指部门（根部门为 -1，不是 1），审批人与抄送人须在职。",
    "targetSelectApproverMissing": "In this form the originator chooses the approvers of a step: pass "
    "target_select_actioners with keys from forecast. / 模板含自选审批人节点：请用 forecast 取得 actionerKey 后传入。",
    "aflowProcessInstStatusException": "The approval has ended already, or was started less than 15 seconds ago. / "
    "审批单已结束，或发起不足 15 秒。",
}
"""What to do, in English and Chinese."""

_WAITS: dict[str, float] = {
    "130101": 600.0, "410100": 600.0, "660026": 600.0, "41046": 60.0, "41047": 60.0, "1111": 300.0,
    "143103": 60.0, "143104": 60.0, "143203": 60.0, "143204": 60.0,
}  # fmt: skip
"""Seconds until calls are accepted again, for codes where it is longer than the usual second."""

LONGEST_BAN = max(_WAITS.values())

LONGEST_WAIT = 60.0
"""The longest wait in seconds that a `Retry-After` can ask for: one odd reply must not stop a whole fleet."""

_MANDATORY_CUSTOM_FIELD = (
    "The company has made a custom field of external contacts mandatory, which this API cannot send: make the field "
    "optional in the admin console. / "
    "企业把外部联系人的某个自定义字段设为必填，而该接口无法传入自定义字段：请在管理后台把它改为非必填。"
)
_IN_ONE_API: dict[tuple[str, str], tuple[type[ApiError], str]] = {
    ("/topapi/extcontact/create", "40001"): (InvalidRequest, _MANDATORY_CUSTOM_FIELD),
    ("/topapi/v2/user/getbymobile", "60121"): (NotFound, _STRANGER),
    ("/robot/sendBySession", "300001"): (AuthenticationError, _SESSION_OVER),
}
"""Codes that mean something else in one API: the error class there, and a hint."""


def error_class(cause: str, status: int = 200) -> type[ApiError]:
    """Return the error class of a code. An unknown code is classified by words in it, then by the HTTP status."""
    if cause in _CLASS:
        return _CLASS[cause]
    if not cause.lstrip("-").isdigit():
        for pattern, kind in _BY_WORD:
            if re.search(pattern, cause, re.IGNORECASE):
                return kind
    return PlatformBusy if status >= 500 else _BY_STATUS.get(status, ApiError)  # noqa: PLR2004 - HTTP's own number


_WRAPPERS = {"88", "15"}
"""The codes of the older host's gateway around the code that counts."""


def _sub_code_in(text: str) -> str | None:
    """Find the sub code in the text of a gateway refusal that has it nowhere else."""
    if found := re.search(r"sub_?code\s*[=:]\s*([\w.-]+)", text, re.IGNORECASE):
        return found[1]
    return "40014" if re.search(r"access_?token", text, re.IGNORECASE) else None


def api_error(
    code: int | str, message: str, *, path: str = "", sub_code: str | None = None, **context: Any
) -> ApiError:
    """Make the error for a refusal of the API at a path."""
    if str(code) in _WRAPPERS and not sub_code:
        sub_code = _sub_code_in(message)
    cause = sub_code or str(code)
    kind, hint = error_class(cause, context.get("status", 200)), HINTS.get(cause)
    if not sub_code:  # a sub code comes from the gateway, which means the same in every API
        kind, hint = _IN_ONE_API.get((path, cause), (kind, hint))
    error = kind(code, message, sub_code=sub_code, hint=hint, **context)
    if isinstance(error, RateLimited) and cause in _WAITS:
        error.retry_after = _WAITS[cause]
    if isinstance(error, PermissionDenied):
        scopes = re.search(r"requiredScopes=\[([^\]]*)\]", message)
        bracketed = re.search(r"权限：((?:\[[^\]]+\])+)", message)
        if scopes:
            error.scopes = tuple(scope.strip() for scope in scopes[1].split(",") if scope.strip())
        elif bracketed:
            error.scopes = tuple(re.findall(r"\[([^\]]+)\]", bracketed[1]))
        url = re.search(r"https?://[^\s，,。}\]]+", message)
        error.apply_url = url[0] if url else None
    return error


_GROUP_IDS = [
    (re.compile(r"(?i)open_?conversation_?id$"), "chat", OPEN_CONVERSATION),
    (re.compile(r"(?i)chat_?id$"), "cid", _CHAT_ID),
]
"""The two ids of a group: the parameters that take one, how the other begins, and what to do if that was sent."""


def tell_ids_apart(error: ApiError, sent: Mapping[str, Any]) -> None:
    """Add a hint to an error that a group's other id is needed; some APIs report that like any wrong value."""
    if not isinstance(error, (InvalidRequest, NotFound)):
        return
    for wanted, other, hint in _GROUP_IDS:
        if any(wanted.search(name) and str(value).startswith(other) for name, value in sent.items()):
            error.hint = hint


_NAMES_A_USER = re.compile(r"(?i)(user|staff)_?ids?(_?list)?$")
_MOST_NAMED = 10


def name_users(error: ApiError, request: Request) -> None:
    """Add to an error the users it may be about, since the platform does not name them."""
    if error.cause != "33012":
        return
    sent = {**request.query_params, **(request.body if is_object(request.body) else {})}
    texts = [value for name, value in sent.items() if _NAMES_A_USER.search(name)]
    parts = [part for text in texts for part in (text if is_array(text) else str(text).split(","))]
    named = list(dict.fromkeys(str(part) for part in parts if part))
    if named:
        more = " …" if len(named) > _MOST_NAMED else ""
        whom = ", ".join(named[:_MOST_NAMED]) + more
        one, its = ("One of these is", "以下 userid 中有无效的") if len(named) > 1 else ("This is", "该 userid 无效")
        error.hint = f"{one} no userid of this company: {whom} / {its}：{whom}"
