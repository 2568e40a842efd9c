"""`app.customer`: external contacts, label groups."""

from __future__ import annotations

from dingtalk_models.core.model import Module


class Customer(Module):
    """The managers of external contacts, label groups, bound to an app."""
