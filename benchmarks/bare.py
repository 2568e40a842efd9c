"""Bare libraries, each as `post(path, body)`: the least that a call can cost."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import requests
import urllib3
from requests.adapters import HTTPAdapter

Post = Callable[[str, dict[str, Any]], Any]

GET, LIST, IDS = "/topapi/v2/department/get", "/topapi/v2/user/list", "/topapi/v2/department/listsubid"
SEARCH = "/v1.0/contact/users/search"
DEPARTMENT = {"dept_id": 1, "language": "zh_CN"}
PAGE = {"dept_id": 100, "cursor": 0, "size": 100, "language": "zh_CN"}
NAMED = {"queryWord": "张三", "offset": 0, "size": 20}
JSON = {"Content-Type": "application/json"}


def address(url: str, path: str) -> str:
    """The URL of a call to the older host."""
    return f"{url}{path}?access_token=t"


@contextmanager
def with_requests(url: str, width: int = 1) -> Generator[Post]:
    """requests, with one session for all threads."""
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(pool_maxsize=width))
        yield lambda path, body: session.post(address(url, path), json=body).json()


@contextmanager
def every_library(url: str) -> Generator[dict[str, Post]]:
    """Every library. requests is first: the ratios refer to it."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)

    def with_http_client(path: str, body: dict[str, Any]) -> Any:
        connection.request("POST", address("", path), json.dumps(body), JSON)
        return json.loads(connection.getresponse().read())

    with with_requests(url) as post, closing(connection), urllib3.PoolManager() as pool, httpx.Client() as client:
        yield {
            "requests.Session": post,
            "http.client": with_http_client,
            "urllib3": lambda path, body: pool.request("POST", address(url, path), json=body).json(),
            "httpx.Client": lambda path, body: client.post(address(url, path), json=body).json(),
        }
