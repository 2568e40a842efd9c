"""The parts of an app that Stream mode needs."""

from __future__ import annotations

from typing import Protocol

from dingtalk_models.callback.leases import Marks
from dingtalk_models.callback.receiver import Receiver
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.secret import Secret
from dingtalk_models.core.steps import AsyncTransport


class StreamApp(AppLike, Protocol):
    """The parts of an app that the Stream client needs."""

    appsecret: Secret | None

    @property
    def api_url(self) -> str: ...
    @property
    def async_transport(self) -> AsyncTransport: ...
    @property
    def opened_async_transport(self) -> AsyncTransport | None: ...
    @property
    def callback(self) -> Receiver: ...
    @property
    def marks(self) -> Marks: ...
