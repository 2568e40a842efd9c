"""Writes files atomically."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: str | os.PathLike[str], texts: Iterable[str]) -> None:
    """Write a file and replace an older one, which stays if anything goes wrong.

    Only the owner can read the file.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    part = Path(name)
    try:
        # UTF-8 has no lone surrogates, but JSON does, and so people's messages may
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass", newline="\n") as file:
            file.writelines(texts)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
