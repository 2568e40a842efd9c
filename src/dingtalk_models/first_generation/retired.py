"""Names of APIs that the platform has retired, and their replacements.

An old name that still leads to an operation of this package is not listed here. The APIs in `_GONE` are no longer
documented and have no replacement. The APIs in `_CLOSED` are closed to new applications.
"""

from __future__ import annotations

from typing import Final

from dingtalk_models.core.errors import RetiredMethod

_GONE: Final = {
    "dingtalk.corp.deptgroup.": "syncuser",
    "dingtalk.corp.liveness.": "get",
    "dingtalk.corp.message.": "corpconversation.asyncsendbycode corpconversation.sendmock",
    "dingtalk.corp.user.": "personainfo.get",
    "dingtalk.oapi.attendance.": (
        "advanced.service.bind advanced.service.isbound advanced.service.unbind class.get corp.confirm "
        "corp.inviteactive.add corp.inviteactive.open face.recognition getAttendUpdateData group.create "
        "group.deletebyid group.schedule.clear group.update groups.query test.getclass token.get"
    ),
    "dingtalk.oapi.callback.": "failrecord.confirm failrecord.list",
    "dingtalk.oapi.cspace.": "auditlog.list auth.cancel auth.generate auth.update file.presignedurl.get",
    "dingtalk.oapi.message.": "corpconversation.asyncsendbycode send_to_single_conversation",
    "dingtalk.oapi.process.": (
        "activityinfo.get approvers.forecast baseinfo.list bizsuite.get copy dirlist.get form.condition.list "
        "form.get instance.cancel print.template.save printer.instance.get printer.template.delete "
        "procmanager.get procmanager.save procvisible.get procvisible.save property.update "
        "querypayrelatedtemplate sync template.list template.save template.upgrade template.upgradeinfo.query "
        "workrecord.delete workrecord.forward.create"
    ),
    "dingtalk.oapi.processinstance.": "file.download file.upload variable.update",
    "dingtalk.oapi.role.": "visible.delete visible.get visible.set",
    "dingtalk.oapi.user.": (
        "associated_unionid.transfer batchdelete corpinfo.list senior.setting senior.whitelist.set token.get"
    ),
    "dingtalk.smartwork.bpms.": (
        "process.copy process.getbybiztype process.getvisible process.sync processinstance.updatevariables"
    ),
}

_EVENTS: Final = "/v1.0/calendar/users/{userId}/calendars/{calendarId}/events"

_CLOSED: Final[dict[str, str | None]] = {
    "dingtalk.corp.health.stepinfo.": None,
    "dingtalk.oapi.asr.voice.translate": None,
    "dingtalk.oapi.attendance.approve.duration.calculate": "/v1.0/attendance/approvals/durations/calculate",
    "dingtalk.oapi.attendance.approve.finish": "/v1.0/attendance/approvals/finish",
    "dingtalk.oapi.attendance.vacation.record.list": "/v1.0/attendance/vacations/records/query",
    "dingtalk.oapi.attendance.vacation.type.create": "/v1.0/attendance/leaves/types",
    "dingtalk.oapi.attendance.vacation.type.update": "/v1.0/attendance/leaves/types",
    "dingtalk.oapi.blackboard.get": "/v1.0/blackboard/get_blackboard",
    "dingtalk.oapi.calendar.v2.attendee.update": f"{_EVENTS}/{{eventId}}/attendees",
    "dingtalk.oapi.calendar.v2.event.cancel": f"{_EVENTS}/{{eventId}}",
    "dingtalk.oapi.calendar.v2.event.create": _EVENTS,
    "dingtalk.oapi.calendar.v2.event.detail": f"{_EVENTS}/{{eventId}}",
    "dingtalk.oapi.calendar.v2.event.update": f"{_EVENTS}/{{eventId}}",
    "dingtalk.oapi.chat.getReadList": "robot_1_0.OrgGroupQuery",
    "dingtalk.oapi.chat.send": "robot_1_0.OrgGroupSend",
    "dingtalk.oapi.chat.subadmin.update": "/v1.0/im/subAdministrators",
    "dingtalk.oapi.health.stepinfo.": None,
    "dingtalk.oapi.kac.datav.": None,
    "dingtalk.oapi.message.send_to_conversation": "robot_1_0.OrgGroupSend",
    "dingtalk.oapi.microapp.": "/v1.0/microApp/apps",
    "dingtalk.oapi.microapp.delete": "/v1.0/microApp/apps/{agentId}",
    "dingtalk.oapi.microapp.list": "/v1.0/microApp/allApps",
    "dingtalk.oapi.microapp.list_by_userid": "/v1.0/microApp/users/{userId}/apps",
    "dingtalk.oapi.microapp.set_visible_scopes": "/v1.0/microApp/apps/{agentId}/scopes",
    "dingtalk.oapi.microapp.visible_scopes": "/v1.0/microApp/apps/{agentId}/scopes",
    "dingtalk.oapi.process.workrecord.batchupdate": "/v1.0/workflow/processCentres/instances/batch",
    "dingtalk.oapi.process.workrecord.create": "/v1.0/workflow/processCentres/instances",
    "dingtalk.oapi.process.workrecord.task.create": "/v1.0/workflow/processCentres/tasks",
    "dingtalk.oapi.process.workrecord.task.query": "/v1.0/workflow/processCentres/todoTasks",
    "dingtalk.oapi.process.workrecord.task.update": "/v1.0/workflow/processCentres/tasks",
    "dingtalk.oapi.process.workrecord.taskgroup.cancel": "/v1.0/workflow/processCentres/tasks/cancel",
    "dingtalk.oapi.process.workrecord.update": "/v1.0/workflow/processCentres/instances",
    "dingtalk.oapi.service.get_corp_token": "/v1.0/oauth2/corpAccessToken",
    "dingtalk.oapi.service.get_suite_token": "/v1.0/oauth2/suiteAccessToken",
    "dingtalk.oapi.smartwork.hrm.employee.list": "/v1.0/hrm/rosters/lists/query",
    "dingtalk.oapi.smartwork.hrm.employee.listdimission": "/v1.0/hrm/employees/dimissionInfos",
    "dingtalk.oapi.smartwork.hrm.employee.querydimission": "/v1.0/hrm/employees/dismissions",
    "dingtalk.oapi.sso.gettoken": "/v1.0/oauth2/ssoAccessToken",
    "dingtalk.oapi.sso.getuserinfo": "/v1.0/oauth2/ssoUserInfo",
    "dingtalk.oapi.user.list": "dingtalk.oapi.v2.user.list",
    "dingtalk.oapi.workrecord.add": "/v1.0/todo/users/{unionId}/tasks",
    "dingtalk.oapi.workrecord.getbyuserid": "/v1.0/todo/users/{unionId}/org/tasks/query",
    "dingtalk.oapi.workrecord.update": "/v1.0/todo/users/{unionId}/tasks/{taskId}",
}
"""The replacement of an API, or of all APIs with a prefix: a name that `run()` accepts, or a path."""

RETIRED: Final[dict[str, str | None]] = {
    **{prefix + rest: None for prefix, names in _GONE.items() for rest in names.split()},
    **_CLOSED,
}


def retired(name: str) -> RetiredMethod | None:
    """Return the error for a retired name; `None` for any other name."""
    if name in RETIRED:
        return RetiredMethod(name, RETIRED[name])
    family = next((each for each in _CLOSED if each.endswith(".") and name.startswith(each)), None)
    return RetiredMethod(name, _CLOSED[family]) if family else None
