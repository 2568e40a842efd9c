"""Posting to an address of the app, as the platform does."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import requests


class Unanswered(Exception):
    """An address did not answer; the text is the name of the error, or `too late`."""


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
        deadline: the seconds that the address has for its whole answer.
        query: the query parameters.
        headers: more headers.

    Raises:
        Unanswered: the address is none, nobody is there, or they are too slow.
    """
    answered: Future[requests.Response] = Future()

    def post() -> None:
        how: dict[str, Any] = {"timeout": deadline, "allow_redirects": False}
        try:
            answered.set_result(requests.post(url, params=query, json=body, headers=headers, **how))
        except (requests.RequestException, ValueError) as error:  # a name that is too long is only a ValueError
            answered.set_exception(Unanswered(type(error).__name__))

    # a timeout of requests begins anew with each byte, so an answer may take for ever
    threading.Thread(target=post, name="dingtalk-post", daemon=True).start()
    try:
        return answered.result(deadline)
    except TimeoutError:
        raise Unanswered("too late") from None
