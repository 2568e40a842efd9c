"""A typed object model of the DingTalk (钉钉) open platform.

    from dingtalk_models import DingTalkApp, Department, User

    app = DingTalkApp(appkey="…", appsecret="…").use()
    for department in Department.objects.list():
        print(department.dept_id, department.name)

Importing the package costs next to nothing: each name is imported when it is first used.
"""

from __future__ import annotations

from dingtalk_models.core.lazy import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from dingtalk_models.app import DingTalkApp as DingTalkApp
    from dingtalk_models.callback.event import Event as Event
    from dingtalk_models.callback.subscription import Subscription as Subscription
    from dingtalk_models.contact.department import Department as Department
    from dingtalk_models.contact.directory import Directory as Directory
    from dingtalk_models.contact.directory import DirectoryChanges as DirectoryChanges
    from dingtalk_models.contact.role import Role as Role
    from dingtalk_models.contact.role import RoleGroup as RoleGroup
    from dingtalk_models.contact.user import User as User
    from dingtalk_models.core.body import Body as Body
    from dingtalk_models.core.body import Sink as Sink
    from dingtalk_models.core.call import Call as Call
    from dingtalk_models.core.errors import AlreadyExists as AlreadyExists
    from dingtalk_models.core.errors import ApiError as ApiError
    from dingtalk_models.core.errors import AuthenticationError as AuthenticationError
    from dingtalk_models.core.errors import CallbackError as CallbackError
    from dingtalk_models.core.errors import ConfigurationError as ConfigurationError
    from dingtalk_models.core.errors import DecryptionError as DecryptionError
    from dingtalk_models.core.errors import DingTalkError as DingTalkError
    from dingtalk_models.core.errors import InvalidArgument as InvalidArgument
    from dingtalk_models.core.errors import InvalidRequest as InvalidRequest
    from dingtalk_models.core.errors import NotFound as NotFound
    from dingtalk_models.core.errors import PartlyRead as PartlyRead
    from dingtalk_models.core.errors import PartlySent as PartlySent
    from dingtalk_models.core.errors import PermissionDenied as PermissionDenied
    from dingtalk_models.core.errors import PlatformBusy as PlatformBusy
    from dingtalk_models.core.errors import QuotaExhausted as QuotaExhausted
    from dingtalk_models.core.errors import RateLimited as RateLimited
    from dingtalk_models.core.errors import ReplayedCallback as ReplayedCallback
    from dingtalk_models.core.errors import RetiredMethod as RetiredMethod
    from dingtalk_models.core.errors import SessionStoreError as SessionStoreError
    from dingtalk_models.core.errors import SignatureMismatch as SignatureMismatch
    from dingtalk_models.core.errors import StillSending as StillSending
    from dingtalk_models.core.errors import TransportError as TransportError
    from dingtalk_models.core.errors import UnknownMethod as UnknownMethod
    from dingtalk_models.core.errors import UnusableFile as UnusableFile
    from dingtalk_models.core.http import HttpRequest as HttpRequest
    from dingtalk_models.core.http import HttpResponse as HttpResponse
    from dingtalk_models.core.model import Manager as Manager
    from dingtalk_models.core.model import Model as Model
    from dingtalk_models.core.model import Module as Module
    from dingtalk_models.core.operation import Old as Old
    from dingtalk_models.core.operation import api as api
    from dingtalk_models.core.operation import method as method
    from dingtalk_models.core.operation import operation as operation
    from dingtalk_models.core.paging import Page as Page
    from dingtalk_models.core.parallel import together as together
    from dingtalk_models.core.query import Query as Query
    from dingtalk_models.core.steps import AsyncTransport as AsyncTransport
    from dingtalk_models.core.steps import Flow as Flow
    from dingtalk_models.core.steps import Transport as Transport
    from dingtalk_models.core.wire import BEIJING as BEIJING
    from dingtalk_models.customer.external_contact import ExternalContact as ExternalContact
    from dingtalk_models.customer.label_group import LabelGroup as LabelGroup
    from dingtalk_models.file.approval_file import ApprovalFile as ApprovalFile
    from dingtalk_models.file.custom_space import CustomSpace as CustomSpace
    from dingtalk_models.file.dentry import Dentry as Dentry
    from dingtalk_models.file.drive_upload import DriveUpload as DriveUpload
    from dingtalk_models.file.media import Media as Media
    from dingtalk_models.file.space import Space as Space
    from dingtalk_models.message.robot import Robot as Robot
    from dingtalk_models.message.work_notification import WorkNotification as WorkNotification
    from dingtalk_models.run import operations as operations
    from dingtalk_models.sessions import SessionManager as SessionManager
    from dingtalk_models.smartwork.approval_form import ApprovalForm as ApprovalForm
    from dingtalk_models.smartwork.approval_instance import ApprovalInstance as ApprovalInstance
    from dingtalk_models.smartwork.attendance_group import AttendanceGroup as AttendanceGroup
    from dingtalk_models.smartwork.attendance_record import AttendanceRecord as AttendanceRecord
    from dingtalk_models.smartwork.leave import Leave as Leave
    from dingtalk_models.smartwork.schedule import Schedule as Schedule
    from dingtalk_models.transport.rate_limit import RateLimit as RateLimit
    from dingtalk_models.transport.retry import Retry as Retry
    from dingtalk_models.webhook_robot import WebhookRobot as WebhookRobot
else:
    __getattr__, __dir__ = lazy(
        globals(),
        {
            "app": "DingTalkApp",
            "callback.event": "Event",
            "callback.subscription": "Subscription",
            "contact.department": "Department",
            "contact.directory": "Directory DirectoryChanges",
            "contact.role": "Role RoleGroup",
            "contact.user": "User",
            "core.body": "Body Sink",
            "core.call": "Call",
            "core.errors": "AlreadyExists ApiError AuthenticationError CallbackError ConfigurationError "
            "DecryptionError DingTalkError InvalidArgument InvalidRequest NotFound PartlyRead "
            "PartlySent PermissionDenied PlatformBusy QuotaExhausted RateLimited "
            "ReplayedCallback RetiredMethod SessionStoreError SignatureMismatch StillSending "
            "TransportError UnknownMethod UnusableFile",
            "core.http": "HttpRequest HttpResponse",
            "core.model": "Manager Model Module",
            "core.operation": "Old api method operation",
            "core.paging": "Page",
            "core.parallel": "together",
            "core.query": "Query",
            "core.steps": "AsyncTransport Flow Transport",
            "core.wire": "BEIJING",
            "customer.external_contact": "ExternalContact",
            "customer.label_group": "LabelGroup",
            "file.approval_file": "ApprovalFile",
            "file.custom_space": "CustomSpace",
            "file.dentry": "Dentry",
            "file.drive_upload": "DriveUpload",
            "file.media": "Media",
            "file.space": "Space",
            "message.robot": "Robot",
            "webhook_robot": "WebhookRobot",
            "message.work_notification": "WorkNotification",
            "run": "operations",
            "sessions": "SessionManager",
            "smartwork.approval_form": "ApprovalForm",
            "smartwork.approval_instance": "ApprovalInstance",
            "smartwork.attendance_group": "AttendanceGroup",
            "smartwork.attendance_record": "AttendanceRecord",
            "smartwork.leave": "Leave",
            "smartwork.schedule": "Schedule",
            "transport.rate_limit": "RateLimit",
            "transport.retry": "Retry",
        },
    )
