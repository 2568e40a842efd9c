"""`app.file`: spaces, media."""

from __future__ import annotations

from dingtalk_models.core.model import Module


class File(Module):
    """The managers of spaces, media, bound to an app."""
