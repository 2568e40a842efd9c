"""The table of modules: `app.contact`, `app.message` and so on.

A row here registers a module everywhere: for the app, for `run()`, and for the sandbox, which has its endpoints in a
folder of the same name. Its class is in `dingtalk_models/<name>/module.py`, and is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dingtalk_models.auth.module import Auth
    from dingtalk_models.callback.module import Callback
    from dingtalk_models.contact.module import Contact
    from dingtalk_models.customer.module import Customer
    from dingtalk_models.file.module import Files
    from dingtalk_models.hr.module import Hr
    from dingtalk_models.message.module import Message
    from dingtalk_models.platform.module import Platform
    from dingtalk_models.smartwork.module import Smartwork
    from dingtalk_models.stream.module import Stream


class Modules:
    """The modules of an app."""

    auth: Auth
    """Access token, jsapi ticket, signatures."""
    callback: Callback
    """Events: receiving pushes, subscribing."""
    contact: Contact
    """Departments, users, roles."""
    customer: Customer
    """External contacts, label groups."""
    file: Files
    """Spaces, media."""
    hr: Hr
    """The directory, and HR sync."""
    message: Message
    """Work notifications, robots."""
    platform: Platform
    """Every documented API, by the platform's own names."""
    smartwork: Smartwork
    """Attendance, approvals."""
    stream: Stream
    """Pushes over a WebSocket: events, messages to robots, clicks on cards."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Make a module when it is first used."""
            if name not in MODULES:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            module = getattr(import_module(f"dingtalk_models.{name}.module"), MODULES[name])(self)
            setattr(self, name, module)
            return module


MODULES: dict[str, str] = dict(Modules.__annotations__)
"""The name of each module, and the name of its class."""
