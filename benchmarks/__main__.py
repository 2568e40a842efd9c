"""`python -m benchmarks [part …]`: every part, or those named; tables in Markdown."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import parts

PARTS: dict[str, Callable[[], None]] = {
    "call": parts.one_call,
    "page": parts.one_page,
    "async": parts.awaited,
    "cold": parts.cold_start,
    "sync": parts.directory_sync,
    "limit": parts.under_a_limit,
    "callback": parts.callback,
    "import": parts.imports,
    "million": parts.million,
}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := set(chosen) - PARTS.keys():
        sys.exit(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    for part in chosen:
        PARTS[part]()
