"""`app.message`: work notifications, robots."""

from __future__ import annotations

from dingtalk_models.core.model import Module


class Message(Module):
    """The managers of work notifications, robots, bound to an app."""
