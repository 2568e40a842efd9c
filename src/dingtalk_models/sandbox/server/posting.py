"""Posts to an address of the app, like the platform."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import requests


class Unanswered(Exception):
    """An address did not answer. The text is the name of the error, or `too late`."""


def post_json(
    url: str,
    body: Mapping[str, Any],
    *,
    deadline: float,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> requests.Response:
    """Post once, without following redirects.

    Args:
        url: the address.
        body: the JSON body.
        deadline: the time limit for the whole answer, in seconds.
        query: the query parameters.
        headers: more headers.

    Raises:
        Unanswered: the address is malformed, or nobody answers there in time.
    """
    answered: Future[requests.Response] = Future()

    def post() -> None:
        how: dict[str, Any] = {"timeout": deadline, "allow_redirects": False}
        try:
            answered.set_result(requests.post(url, params=query, json=body, headers=headers, **how))
        except (requests.RequestException, ValueError) as error:  # ValueError: the host name is too long
            answered.set_exception(Unanswered(type(error).__name__))

    # a thread, because the timeout of requests restarts with each byte, so that a slow answer could take forever
    threading.Thread(target=post, name="dingtalk-post", daemon=True).start()
    try:
        return answered.result(deadline)
    except TimeoutError:
        raise Unanswered("too late") from None
