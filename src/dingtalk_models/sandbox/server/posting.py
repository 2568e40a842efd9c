"""Posting to an address of the app, as the platform does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests


class Unanswered(Exception):
    """An address did not answer; the text is the name of the error."""


def post_json(
    url: str,
    body: Mapping[str, Any],
    *,
    deadline: float,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> requests.Response:
    """Post once, and follow nobody who points elsewhere.

    Args:
        url: the address.
        body: what to post, as JSON.
        deadline: the seconds that the address has to begin an answer, and to go on with it.
        query: the query parameters.
        headers: more headers.

    Raises:
        Unanswered: the address is none, nobody is there, or they are too slow.
    """
    try:
        return requests.post(url, params=query, json=body, headers=headers, timeout=deadline, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:  # a name that is too long is only a ValueError
        raise Unanswered(type(error).__name__) from None
