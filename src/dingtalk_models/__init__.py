"""A typed object model of the DingTalk (钉钉) open platform.

    from dingtalk_models import DingTalkApp, Department, User

    app = DingTalkApp(appkey="…", appsecret="…").use()
    for department in Department.objects.list():
        print(department.dept_id, department.name)

Importing the package is fast: each name is imported when it is first used.
"""

from __future__ import annotations

from dingtalk_models.core.lazy import lazy

__getattr__, __dir__ = lazy(
    globals(),
    {
        "app": "DingTalkApp UserApp",
        "auth.user_token": "UserToken",
        "callback.events.event": "Event",
        "callback.subscription": "Subscription",
        "contact.account": "Account",
        "contact.department": "Department",
        "hr.directory": "Directory",
        "hr.directory_changes": "DirectoryChanges",
        "hr.plan.plan": "Plan",
        "hr.plan.outcome": "Outcome",
        "contact.role": "Role RoleGroup",
        "contact.user": "User",
        "call.call": "Call",
        "core.errors": "AlreadyExists ApiError AuthenticationError CallbackError ConfigurationError "
        "DecryptionError DingTalkError FieldMissing InvalidArgument InvalidRequest LoginRequired NobodyFound "
        "NobodyReached NotFound PartlyRead "
        "PartlySent PermissionDenied PlatformBusy QuotaExhausted RateLimited "
        "ReplayedCallback RetiredMethod SessionStoreError SignatureMismatch StillSending "
        "TransportError UndocumentedMethod UnknownMethod UnusableFile",
        "core.files": "Upload",
        "core.http": "Content Download HttpRequest HttpResponse",
        "resource.manager": "Manager Module managed",
        "resource.model": "Model Record",
        "call.operation": "Old api method operation",
        "call.paging": "CURSOR OFFSET OFFSET_IN_PAGES TOKEN TOKEN_FROM_ZERO Page Paging",
        "resource.query": "Listing Query",
        "core.secret": "Secret",
        "core.steps": "AsyncTransport Flow Transport together",
        "core.wire": "BEIJING",
        "customer.external_contact": "ExternalContact",
        "customer.label_group": "LabelGroup",
        "file.approval_file": "ApprovalFile",
        "file.custom_space": "CustomSpace",
        "file.dentry": "Dentry",
        "file.drive_upload": "DriveUpload",
        "file.media": "Media",
        "file.space": "Space",
        "message.cards.card": "Card",
        "message.cards.action": "CardAction CardUpdate",
        "message.received.chatbot_message": "ChatbotMessage",
        "message.groups.group": "Group",
        "message.robots.ding": "Ding",
        "message.robots.robot": "Robot",
        "message.groups.scene_group": "SceneGroup",
        "webhook_robot": "WebhookRobot",
        "message.notifications.work_notification": "WorkNotification",
        "by_name.run": "operations",
        "sessions": "SessionManager",
        "smartwork.approval_form": "ApprovalForm",
        "smartwork.approval_instance": "ApprovalInstance",
        "smartwork.attendance_group": "AttendanceGroup",
        "smartwork.attendance_record": "AttendanceRecord",
        "smartwork.leave": "Leave",
        "smartwork.schedule": "Schedule",
        "call.limits": "RateLimit",
        "call.retry": "Retry",
    },
)
