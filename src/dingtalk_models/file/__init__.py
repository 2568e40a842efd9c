"""Files: spaces, what lies in them, media, files of approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dingtalk_models.core.lazy import lazy

if TYPE_CHECKING:
    from dingtalk_models.file.module import File as File
else:
    __getattr__, __dir__ = lazy(globals(), {"module": "File"})
