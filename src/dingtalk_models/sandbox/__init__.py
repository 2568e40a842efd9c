"""A local DingTalk: a real HTTP server with a company in it, for development and tests.

    from dingtalk_models.sandbox import Sandbox

    with Sandbox() as sandbox:
        app = sandbox.app()
        sandbox.fail("/topapi/v2/user/get", times=2, status=503)
        ...
        print(sandbox.calls)

Or from a shell, for a client in any language:

    python -m dingtalk_models.sandbox --port 8787

One port serves the paths of both hosts, oapi.dingtalk.com and api.dingtalk.com. Each has its own rules for the place of
the token, the envelope of replies, codes and texts. The sandbox keeps state and is strict. Calls to a documented API
that it does not implement are checked against the documentation and answered with the documented sample, or with an
answer set by `Sandbox.answer`. Calls to an undocumented API are refused, and logged in `dingtalk_models.sandbox`.
"""

from __future__ import annotations

from importlib.util import find_spec

if not (find_spec("starlette") and find_spec("uvicorn")):
    raise ModuleNotFoundError("the sandbox needs its extra: pip install 'dingtalk-models[sandbox]'")

from dingtalk_models.company_file import FileProblem, InvalidCompanyFile
from dingtalk_models.sandbox.callback.samples import EventSample
from dingtalk_models.sandbox.calls import Calls, Received
from dingtalk_models.sandbox.console import Console
from dingtalk_models.sandbox.message.robots.saying import Audio, File, Picture, RichText, Video
from dingtalk_models.sandbox.platform.documented import OwnAnswer
from dingtalk_models.sandbox.sandbox import Sandbox
from dingtalk_models.sandbox.saving import Unsavable, UnusableState
from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.faults import Behaviour, Fault
from dingtalk_models.sandbox.state.approval import Instance
from dingtalk_models.sandbox.state.attendance import Punch
from dingtalk_models.sandbox.state.auth import Credentials
from dingtalk_models.sandbox.state.callback import Attempt, Event, Events, Push
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import Admin, Department, Membership, Role, RoleGroup, User
from dingtalk_models.sandbox.state.seeding import SeedError
from dingtalk_models.sandbox.state.stream import Client, NoClient, StreamMessage, Streams
from dingtalk_models.sandbox.state.talk.card import Card, Cards, CardState, Click
from dingtalk_models.sandbox.state.talk.conversation import Conversation, Entry
from dingtalk_models.sandbox.state.talk.group import Group
from dingtalk_models.sandbox.state.talk.message import Outbox

__all__ = [
    "Admin",
    "Attempt",
    "Audio",
    "Behaviour",
    "Calls",
    "Card",
    "CardState",
    "Cards",
    "Click",
    "Client",
    "Clock",
    "Company",
    "Console",
    "Conversation",
    "Credentials",
    "Department",
    "Entry",
    "Event",
    "EventSample",
    "Events",
    "Fault",
    "File",
    "FileProblem",
    "Group",
    "Instance",
    "InvalidCompanyFile",
    "Membership",
    "NoClient",
    "Outbox",
    "OwnAnswer",
    "Picture",
    "Punch",
    "Push",
    "Received",
    "Refused",
    "RichText",
    "Role",
    "RoleGroup",
    "Sandbox",
    "SeedError",
    "StreamMessage",
    "Streams",
    "Unsavable",
    "UnusableState",
    "User",
    "Video",
]
