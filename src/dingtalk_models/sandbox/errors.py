"""The platform's refusals: every code the sandbox answers with, and its exact text."""

from __future__ import annotations

from typing import Final


class Refused(Exception):
    """A business rule says no: raised by endpoints, answered in the envelope of the path.

    Attributes:
        code: an errcode of the old host, or a code string of the new one.
        message: the text that goes with it; the table's, unless given.
    """

    def __init__(self, code: int | str, message: str | None = None) -> None:
        self.code = code
        self.message = message if message is not None else text_of(code)
        super().__init__(f"{code} {self.message}")


class Denied(Refused):
    """The gateway says no, before any endpoint is reached: token, permission, throttling."""

    def __init__(self, code: int | str, message: str | None = None, scope: str | None = None) -> None:
        super().__init__(code, message)
        self.scope = scope


TEXTS: Final[dict[int, str]] = {
    -1: "系统繁忙",
    1002: "系统繁忙",
    12012: "该企业不存在",
    22005: "该外部联系人已经存在",
    23004: "不允许编辑系统标签",
    33001: "无效的企业ID",
    33011: "无效的roleId",
    33012: "无效的USERID",
    34018: "角色信息不能为空",
    34020: "无效的groupId",
    34021: "角色名称已存在",
    40000: "access_token is blank",
    40001: "获取access_token时Secret错误，或者access_token无效",
    40003: "不合法的UserID",
    40004: "不合法的媒体文件类型",
    40005: "不合法的文件类型",
    40006: "不合法的文件大小",
    40007: "不合法的媒体文件id",
    40009: "不合法的部门id",
    40011: "不合法的排序order",
    40014: "不合法的access_token",
    40023: "部门人数达到上限",
    40031: "不合法的UserID列表",
    40035: "不合法的参数",
    40036: "参数为空",
    40056: "不合法的agentid",
    40066: "不合法的部门列表",
    40068: "不合法的偏移量",
    40069: "不合法的分页大小",
    40078: "不存在的临时授权码",
    40089: "不合法的corpId或corpSecret",
    40093: "无效的企业群群主",
    40096: "不合法的appKey或appSecret",
    40100: "分机号已经存在",
    40101: "邮箱已经存在",
    40104: "电话号码无效",
    41001: "缺少access_token参数",
    41005: "缺少多媒体文件数据",
    41007: "无效的ssocode",
    41029: "超过消息接收者人数上限，企业接入为5000，ISV接入为1000",
    41041: "时间跨度太大",
    41045: "单应用全员消息/每天总量超限",
    41052: "本次发送人数过多,不再返回发送结果",
    41054: "暂时无法更换手机号，如需修改请删除用户后重试",
    41100: "时间参数不合法",
    41101: "数据内容过长",
    42001: "access_token超时",
    43001: "需要GET请求",
    43002: "需要POST请求",
    43004: "无效的HTTP HEADER Content-Type",
    43007: "需要授权",
    44001: "多媒体文件为空",
    46004: "不存在的员工",
    47001: "解析JSON/XML内容错误",
    50002: "企业员工不在授权范围",
    50004: "企业部门不在授权范围",
    60001: "不合法的部门名称",
    60003: "部门不存在",
    60004: "父亲部门不存在",
    60005: "不允许删除有成员的部门",
    60006: "不允许删除有子部门的部门",
    60007: "不允许删除根部门",
    60009: "部门名称含有非法字符",
    60010: "部门存在循环关系",
    60011: "没有调用该接口的权限",
    60018: "不允许更新根部门",
    60020: "访问ip不在白名单之中",
    60021: "父部门下该部门名称已存在",
    60102: "UserID在公司中已存在",
    60103: "手机号码不合法",
    60104: "手机号码在公司中已存在",
    60106: "邮箱已存在",
    60109: "非法的可查看id列表",
    60112: "用户name不合法",
    60113: "身份认证信息（手机/邮箱）不能同时为空",
    60119: "不合法的position",
    60121: "找不到该用户",
    60122: "不合法的extattr",
    60123: "不合法的jobnumber",
    60204: "需要外部联系人标签",
    60205: "未开通外部联系人功能",
    60301: "无效的role_id",
    72001: "获取钉盘空间失败",
    72003: "钉盘空间添加文件失败",
    90002: "您的服务器调用钉钉开放平台当前接口的所有请求都被暂时禁用了",
    90018: "您的企业应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了",
    300005: "token is not exist",
    400001: "系统错误",
    400002: "参数错误",
    400105: "不支持的消息类型",
    460101: "message too long, exceed 20000 bytes",
    600109: "不合法的可见id列表",
    660000: "参数为空",
    885001: "消息模板不存在",
    885006: "消息模板不可用",
}

API_ERRORS: Final[dict[str, tuple[int, str]]] = {
    "AuthenticationFailed.MissingParameter": (400, "缺少参数：x-acs-dingtalk-access-token"),
    "Forbidden.AccessDenied.AccessTokenPermissionDenied": (403, "没有调用该接口的权限"),
    "Forbidden.AccessDenied.IpNotInWhiteList": (403, "访问ip不在白名单之中"),
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": (403, TEXTS[90018]),
    "InvalidAuthentication": (400, TEXTS[40014]),
    "Missingbody": (400, "body is mandatory for this action."),
    "dentryAlreadyExist": (400, "dentryAlreadyExist"),
    "dentryNameConflict": (400, "dentryNameConflict"),
    "dentryNameIllegal": (400, "dentryNameIllegal"),
    "dentryNotExist": (404, "dentryNotExist"),
    "dentryStoreError": (400, "dentryStoreError"),
    "invalid.client": (400, "invalid.client"),
    "invalid.openConversationId": (400, "无效的openConversationId"),
    "invalid.processQueryKey": (400, "无效的processQueryKey"),
    "invalidParameter.cursor.invalid": (400, "无效的nextToken"),
    "invalidParameter.msgKey.empty": (400, "缺少msgKey"),
    "invalidParameter.msgKey.invalid": (400, "msgKey无效"),
    "invalidParameter.msgParam.invalid": (400, "msgParam必须是json格式"),
    "invalidParameter.msgParam.tooLong": (400, "消息内容太长"),
    "invalidParameter.pageSize.invalid": (400, "无效的maxResults"),
    "invalidParameter.param.invalid": (400, "参数不合法"),
    "invalidParameter.processQueryKey.missing": (400, "缺少processQueryKey"),
    "invalidParameter.robotCode.empty": (400, "机器人robotCode为空"),
    "invalidParameter.robotCode.invalid": (400, "无效的robotCode"),
    "invalidParameter.robotCode.notExsit": (400, "机器人不存在"),
    "invalidParameter.userIds.empty": (400, "用户userId列表为空"),
    "invalidParameter.userIds.overMax": (400, "用户userId列表超过最大限制"),
    "miss.openConversationId": (400, "缺少openConversationId"),
    "miss.param.actionCardTobtnsTotitle": (400, "需要actionCard->btns->title属性"),
    "miss.param.actionCardTosingleTitle": (400, "需要actionCard->singleTitle属性"),
    "miss.param.actionCardTosingleUrl": (400, "需要actionCard->singleURL属性"),
    "miss.param.actionCardTotext": (400, "需要actionCard->text属性"),
    "miss.param.actionCardTotitle": (400, "需要actionCard->title属性"),
    "miss.param.contentOfText": (400, "需要text->content属性"),
    "miss.param.markdownTotext": (400, "需要markdown->text属性"),
    "miss.param.markdownTotitle": (400, "需要markdown->text属性"),
    "miss.param.messageUrlOfLink": (400, "需要link->messageUrl属性"),
    "miss.param.photoTophotoUrl": (400, "需要photo->photoURL属性"),
    "miss.param.textOfLink": (400, "需要link->text属性"),
    "miss.param.titleOfLink": (400, "需要link->title属性"),
    "processQueryKey.expireTime": (400, "processQueryKey还未生成消息查询数据或已过期"),
    "invalidClientIdOrSecret": (400, "无效的clientId或者clientSecret"),
    "paramError": (400, "paramError"),
    "permissionDenied": (403, "permissionDenied"),
    "processInstNotExist": (400, "审批实例不存在"),
    "spaceNotExist": (404, "spaceNotExist"),
    "spaceQuotaInsufficient": (400, "spaceQuotaInsufficient"),
    "taskNotExist": (404, "taskNotExist"),
    "userNotExist": (400, "用户不存在"),
    "parameter.error": (400, "参数错误"),
    "service.timeout": (504, "service.timeout"),
    "system.busy": (500, "系统错误"),
    "systemBusy": (429, "系统繁忙"),
    "unknownError": (500, "未知错误"),
    "unsupported.grant.type": (400, "unsupported.grant.type"),
    "aflowProcessCodeIsError": (400, "获取审批模板失败或审批模板已被删除"),
    "aflowProcessInstCanNotBeExecuted": (400, "审批状态异常，无法执行"),
    "aflowProcessInstNotExist": (400, "审批实例不存在"),
    "aflowProcessInstStatusException": (400, "审批单状态异常"),
    "aflowProcessNotExist": (400, "审批流不存在"),
    "benefitStatusInvalid": (400, "权益校验失败。指定bizDetailPageUrl为OA高级版专享功能，请开通高级版后再重试。"),
    "componentIsNull": (400, "表单数据为空"),
    "formName.error": (400, "已有相同名称表单"),
    "formschema.error": (400, "表单控件错误"),
    "illegalComponent": (400, "表单组件入参错误"),
    "instance.status.error": (400, "当前流程实例状态不是运行中不支持转交操作"),
    "invalidAgentId": (400, "无效的微应用ID"),
    "invalidEndTime": (400, "获取审批实例ID列表，审批实例结束时间不能小于开始时间；且查询时间范围不能超过120天。"),
    "invalidGetTodoTaskSumUserId": (400, "获取用户待审批数量，要查询的用户userId不能为空"),
    "invalidInstanceCommentText": (400, "审批实例评论内容不能为空"),
    "invalidInstanceCommentUserId": (400, "审批实例评论人userId不能为空"),
    "invalidInstanceExecuteActionerUserId": (400, "同意拒绝审批任务，操作人的userId不能为空"),
    "invalidInstanceExecuteResult": (400, "同意拒绝审批任务，审批操作取值必填 且值必须为agree/refuse"),
    "invalidInstanceExecuteTaskId": (400, "同意拒绝审批任务，任务节点id不能为空"),
    "invalidInstanceId": (400, "审批实例ID不能为空"),
    "invalidInstanceListIdsStartTime": (400, "获取审批实例ID列表，审批实例开始时间不能为空"),
    "invalidInstanceTerminateIsSystem": (400, "撤销审批实例，是否通过系统操作参数不能为空"),
    "invalidInstanceTerminateOperatingUserId": (400, "撤销审批实例，当isSystem为false时，操作人的userId不能为空"),
    "invalidMaxResults": (400, "分页参数非法"),
    "invalidNextToken": (400, "分页查询的游标不能为空"),
    "invalidParameter": (400, "参数错误"),
    "invalidProcessCode": (400, "审批模板processCode不能为空"),
    "invalidUserId": (400, "用户userId为空"),
    "invalidUserIds": (400, "获取审批实例ID列表，发起userid列表参数非法，最大列表长度为10。"),
    "noPermission": (400, "无访问权限"),
    "param.illegal": (400, "参数不合法"),
    "param.illegal.operator": (400, "不合法的参数operateUserId"),
    "process.error": (400, "模板不存在"),
    "processcode.error": (400, "processCode对应的审批流程不存在"),
    "processCodeError": (400, "获取审批模板失败或者模板已被删除"),
    "processGetFailed": (400, "获取审批流失败或审批单状态为非启用状态"),
    "processInstanceIdError": (400, "processInstanceId参数无效"),
    "processInstanceInvalidParameter": (
        400,
        "审批实例参数错误，具体可能为:发起人、审批人、抄送人的userid错误，发起部门id错误，发起人不在发起部门中",
    ),
    "processInstanceNotExist": (400, "审批实例不存在"),
    "processNotExist": (400, "审批流不存在"),
    "targetSelectApproverMissing": (400, "自选审批人缺失"),
    "targetSelectApproverScopeError": (400, "自选审批人不在规定范围内"),
    "task.status.error": (400, "当前任务状态不是运行中不支持转交操作"),
}
"""Codes of the new host: HTTP status and message."""


def text_of(code: int | str) -> str:
    """The platform's own words for a code; the code itself where the table has none."""
    if isinstance(code, int):
        return TEXTS.get(code, str(code))
    return API_ERRORS[code][1] if code in API_ERRORS else code


def status_of(code: int | str) -> int:
    """The HTTP status that the new host answers a code with."""
    if isinstance(code, str) and code.startswith("Forbidden."):
        return 403
    return API_ERRORS[code][0] if code in API_ERRORS else 400
