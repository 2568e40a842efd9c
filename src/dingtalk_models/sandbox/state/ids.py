"""Ids that are the same in every run."""

from __future__ import annotations

import hashlib


def opaque(*parts: str) -> str:
    """Make an opaque id, such as a unionid, from these parts."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]
