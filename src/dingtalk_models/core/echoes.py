"""Takes the secrets of a request out of its reply before an error quotes it: a page or a message may repeat the URL."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from pydantic import SecretStr

from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.secret import MASK, is_secret

SHORTEST = 6
"""A secret that is shorter is left in place: its letters are in other words too."""


def secrets_in(value: Any) -> Iterator[str]:
    """The text of each secret in what is sent."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, HttpRequest):  # its URL and headers come from a reply, so nothing in them is a `Secret`
        yield from (text for _, text in parse_qsl(urlsplit(value.url).query))
        yield from (text for name, text in value.headers.items() if is_secret(name))
    elif is_object(value):
        yield from secrets_in([*value.values()])
    elif is_array(value):
        for each in value:
            yield from secrets_in(each)


def without(response: HttpResponse, secrets: Iterable[str]) -> HttpResponse:
    """A reply with `***` in the place of each secret; the reply itself if it has none."""
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    if not forms:
        return response
    longest_first = sorted(forms, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first))
    hide = partial(re.compile(either, re.IGNORECASE).sub, MASK)
    hide_bytes = partial(re.compile(either.encode(), re.IGNORECASE).sub, MASK.encode())
    headers = {name: hide(text) for name, text in response.headers.items()}
    content = hide_bytes(response.content)
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        pass
    else:  # where a secret may be written as `\u0061`
        if (harmless := _hidden(said, hide)) != said:
            content = json.dumps(harmless, ensure_ascii=False).encode(errors="replace")
    if content == response.content and headers == response.headers:
        return response
    return HttpResponse(response.status, headers, content)


def _forms(secret: str) -> Iterator[str]:
    """How it may be written: as it is, in a URL, in a page, in JSON."""
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield escape(secret)
    yield secret.replace("/", "\\/")


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return hide(value)
    if is_object(value):
        return {hide(name): _hidden(each, hide) for name, each in value.items()}
    return [_hidden(each, hide) for each in value] if is_array(value) else value
