"""Tracebacks that show the caller's code, and not the way of a call through this package.

With the log level DEBUG, `logging.getLogger("dingtalk_models").setLevel(logging.DEBUG)`, they stay complete.
"""

from __future__ import annotations

import logging
from types import TracebackType

_MACHINERY = ("dingtalk_models.", "concurrent.futures.", "asyncio.", "tenacity.")

logger = logging.getLogger("dingtalk_models")


def shorten(error: BaseException) -> None:
    """Leave this package's frames out of an error's traceback. Those of the caller's own flows and handlers stay."""
    if logger.isEnabledFor(logging.DEBUG):
        return
    entries: list[TracebackType] = []
    entry = error.__traceback__
    while entry is not None:
        if not f"{entry.tb_frame.f_globals.get('__name__', '')}.".startswith(_MACHINERY):
            entries.append(entry)
        entry = entry.tb_next
    kept: TracebackType | None = None
    for each in reversed(entries):
        kept = TracebackType(kept, each.tb_frame, each.tb_lasti, each.tb_lineno)
    error.__traceback__ = kept
