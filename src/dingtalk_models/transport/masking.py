"""The HTTP libraries log addresses, which may hold the access token, or the signature of a file."""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(r"(?i)\b(access_token|appsecret|corpsecret|signature)=[^&\s\"']+")


def mask(text: str) -> str:
    """The same text with the secrets of any address in it replaced."""
    return _SECRET.sub(r"\1=***", text)


class _Mask(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if (harmless := mask(text)) != text:
            record.msg, record.args = harmless, ()
        return True


_mask = _Mask()


def mask_logger(name: str) -> None:
    """Keep secrets out of what a library's logger says."""
    logging.getLogger(name).addFilter(_mask)
