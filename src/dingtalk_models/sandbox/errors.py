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
    40009: "不合法的部门id",
    40011: "不合法的排序order",
    40014: "不合法的access_token",
    40023: "部门人数达到上限",
    40031: "不合法的UserID列表",
    40035: "不合法的参数",
    40036: "参数为空",
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
    41007: "无效的ssocode",
    41054: "暂时无法更换手机号，如需修改请删除用户后重试",
    42001: "access_token超时",
    43001: "需要GET请求",
    43002: "需要POST请求",
    43004: "无效的HTTP HEADER Content-Type",
    43007: "需要授权",
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
    60301: "无效的role_id",
    90002: "您的服务器调用钉钉开放平台当前接口的所有请求都被暂时禁用了",
    90018: "您的企业应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了",
    400001: "系统错误",
    400002: "参数错误",
    600109: "不合法的可见id列表",
    660000: "参数为空",
}

API_ERRORS: Final[dict[str, tuple[int, str]]] = {
    "AuthenticationFailed.MissingParameter": (400, "缺少参数：x-acs-dingtalk-access-token"),
    "Forbidden.AccessDenied.AccessTokenPermissionDenied": (403, "没有调用该接口的权限"),
    "Forbidden.AccessDenied.IpNotInWhiteList": (403, "访问ip不在白名单之中"),
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": (403, TEXTS[90018]),
    "InvalidAuthentication": (400, TEXTS[40014]),
    "Missingbody": (400, "body is mandatory for this action."),
    "invalid.client": (400, "invalid.client"),
    "invalidClientIdOrSecret": (400, "无效的clientId或者clientSecret"),
    "parameter.error": (400, "参数错误"),
    "service.timeout": (504, "service.timeout"),
    "system.busy": (500, "系统错误"),
    "systemBusy": (429, "系统繁忙"),
    "unknownError": (500, "未知错误"),
    "unsupported.grant.type": (400, "unsupported.grant.type"),
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
