"""Other SDKs, if they are installed.

dingtalk-sdk speaks to the older host and keeps its token itself. alibabacloud-dingtalk speaks to the newer one alone,
which lists no users, and leaves the token to its caller.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from benchmarks.bare import DEPARTMENT, GET, Post

# they log each refusal, and each connection that does not fit into their pools
logging.getLogger("dingtalk").setLevel(logging.CRITICAL)
logging.getLogger("urllib3").setLevel(logging.ERROR)


def posts(url: str, token: str | None = "t") -> dict[str, Post]:
    """`post(path, body)` of dingtalk-sdk. It fetches a token unless one is given."""
    if not find_spec("dingtalk"):
        return {}
    client: Any = import_module("dingtalk").AppKeyClient("corp", "key", "secret")
    client.API_BASE_URL = url
    if token:
        client.cache.access_token.set(value=token, ttl=7200)
    return {f"dingtalk-sdk {version('dingtalk-sdk')}": client.post}


def load(module: str) -> Any:
    """A module of alibabacloud-dingtalk."""
    return import_module(f"alibabacloud_{module}")


def searches(url: str, token: str | None = "t") -> dict[str, Callable[[], object]]:
    """A user search of alibabacloud-dingtalk. Each search fetches a token unless one is given."""
    if not find_spec("alibabacloud_dingtalk"):
        return {}
    config = load("tea_openapi.models").Config(protocol="http", endpoint=urlsplit(url).netloc)
    oauth, contact = (load(f"dingtalk.{name}.client").Client(config) for name in ("oauth2_1_0", "contact_1_0"))
    credentials = load("dingtalk.oauth2_1_0.models").GetAccessTokenRequest(app_key="key", app_secret="secret")
    models, options = load("dingtalk.contact_1_0.models"), load("tea_util.models").RuntimeOptions()

    def search() -> object:
        given = token or oauth.get_access_token(credentials).body.access_token
        headers = models.SearchUserHeaders(x_acs_dingtalk_access_token=given)
        request = models.SearchUserRequest(query_word="张三", offset=0, size=20)
        return contact.search_user_with_options(request, headers, options).body.list

    return {f"alibabacloud-dingtalk {version('alibabacloud-dingtalk')}": search}


def small_calls(url: str, token: str | None = "t") -> dict[str, Callable[[], object]]:
    """A small call with each SDK."""
    return {
        **{name: partial(post, GET, DEPARTMENT) for name, post in posts(url, token).items()},
        **searches(url, token),
    }
