"""`app.hr`: the directory, and its plans."""

from __future__ import annotations

from dingtalk_models.hr.directory import DirectoryManager
from dingtalk_models.resource.manager import Module, managed


class Hr(Module):
    """People's data in bulk, bound to an app."""

    directory = managed(DirectoryManager)
    """Snapshots of the whole organisation, and plans."""
