"""Every kind of step that a driver performs."""

from __future__ import annotations

from typing import Any

from dingtalk_models.call.call import Call
from dingtalk_models.core.parallel import Together, Window
from dingtalk_models.core.steps import Background, Blocking, Handle, Send, Sleep, Wait

KnownStep = (
    Call[Any] | Send | Blocking[Any] | Sleep | Together[Any] | Window[Any, Any] | Wait[Any] | Background | Handle
)
