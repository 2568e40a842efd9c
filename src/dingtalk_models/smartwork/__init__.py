"""`app.smartwork`: attendance, approvals."""

from __future__ import annotations

from dingtalk_models.core.model import Module


class Smartwork(Module):
    """The managers of attendance, approvals, bound to an app."""
