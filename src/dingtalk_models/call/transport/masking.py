"""Masks secrets in the logs of the HTTP libraries: they log URLs, which may contain a token or a signature."""

from __future__ import annotations

import logging
import re

_VALUE = re.compile(r"""([?&][\w.%-]+=)[^&\s"']+""")


def mask(text: str) -> str:
    """The same text, with the values in the query string of any URL in it replaced."""
    return _VALUE.sub(r"\1***", text)


class _Mask(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if (harmless := mask(text)) != text:
            record.msg, record.args = harmless, ()
        return True


_mask = _Mask()


def mask_logger(name: str) -> None:
    """Mask secrets in everything that a library's logger logs."""
    logging.getLogger(name).addFilter(_mask)
