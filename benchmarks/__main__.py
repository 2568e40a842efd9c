"""`python -m benchmarks [part …]`: runs every part, or the named ones, and prints tables in Markdown."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import bulk, callback, calls, editor, limits, plan, sandbox, start, stream
from benchmarks.measure import environment

PARTS: dict[str, Callable[[], None]] = {
    "call": calls.one_call,
    "search": calls.one_search,
    "page": calls.one_page,
    "async": calls.awaited,
    "cold": start.cold_start,
    "sync": bulk.directory_sync,
    "attendance": bulk.attendance,
    "limit": limits.under_a_limit,
    "limited-sync": limits.directory_sync,
    "plan": plan.hr_sync,
    "callback": callback.callback,
    "stream": stream.stream,
    "sandbox": sandbox.sandbox,
    "import": start.imports,
    "cli": start.command,
    "editor": editor.in_an_editor,
    "million": bulk.million,
}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := set(chosen) - PARTS.keys():
        sys.exit(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    print(environment())
    for part in chosen:
        PARTS[part]()
