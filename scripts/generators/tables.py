"""Checks the tables that are edited by hand, and name what the facts have to have."""

from __future__ import annotations

from collections.abc import Iterator

from generators.moving import successors
from generators.platform.endpoints import documented
from generators.what_is_here import topics

CLIENTS = ("first generation", "whole clients", "dingtalk-sdk")


def table_problems() -> Iterator[str]:
    """Which endpoints that a table names are documented no more."""
    known = {f"{verb} {path}" for verb, path in documented()}
    named = [
        *(("topics.json", topic.en, endpoint) for topic in topics() for endpoint in topic.platform),
        *(("successors.json", method, now.instead) for each in CLIENTS for method, now in successors(each).items()),
    ]
    for file, what, endpoint in named:
        if endpoint and endpoint not in known:
            yield f"{file}: {endpoint} of {what!r} is documented no more: name another, or take it out"
