"""Masks secrets in the logs of the HTTP libraries: they log URLs, which may contain a token or a signature."""

from __future__ import annotations

import logging
import re

_VALUE = re.compile(r"""([?&][\w.%-]+=)[^&\s"']+""")


def mask(text: str) -> str:
    """Mask the query string values of every URL in a text."""
    return _VALUE.sub(r"\1***", text)


class _Mask(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if (harmless := mask(text)) != text:
            record.msg, record.args = harmless, ()
        return True


_mask = _Mask()


def mask_logger(name: str) -> None:
    """Mask secrets in all log records of a library's logger."""
    logging.getLogger(name).addFilter(_mask)
