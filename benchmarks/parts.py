"""What is measured, each beside bare libraries, and beside the peers where they are installed."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import resource
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import httpx
import requests
import urllib3
from Crypto.Cipher import AES
from requests.adapters import HTTPAdapter

from benchmarks.measure import ROUNDS, acompare, compare, readable, seconds, serving, table
from benchmarks.server import DEPARTMENTS, MILLION, PEOPLE
from dingtalk_models import Department, DingTalkApp, RateLimit, User
from dingtalk_models.callback.crypto import Crypto, decode_key

GET, LIST, IDS = "/topapi/v2/department/get", "/topapi/v2/user/list", "/topapi/v2/department/listsubid"
DEPARTMENT = {"dept_id": 1, "language": "zh_CN"}
PAGE = {"dept_id": 100, "cursor": 0, "size": 100, "language": "zh_CN"}
JSON = {"Content-Type": "application/json"}
WIDTH = 16
SLOW = 0.1
MEGABYTE = 1 << 20
WEIGH = """
import sys
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(len(sys.modules), int(peak.split()[1]) // 1024)
"""


def app_at(url: str, rate_limit: RateLimit | None = None) -> DingTalkApp:
    """An app of the server, without a rate limit unless one is given."""
    return DingTalkApp(appkey="key", appsecret="secret", oapi_url=url, api_url=url, rate_limit=rate_limit)


def one_call() -> None:
    """One small call, on a connection that is open."""
    with serving() as url, requests.Session() as session, app_at(url) as app:
        host, address = urlsplit(url).netloc, f"{url}{GET}?access_token=t"
        connection, pool = http.client.HTTPConnection(host), urllib3.PoolManager()

        def bare_http() -> Any:
            connection.request("POST", f"{GET}?access_token=t", json.dumps(DEPARTMENT), JSON)
            return json.loads(connection.getresponse().read())

        compare(
            "One call: a department",
            {
                "requests.Session": lambda: session.post(address, json=DEPARTMENT).json(),
                "http.client": bare_http,
                "urllib3": lambda: pool.request("POST", address, json=DEPARTMENT).json(),
                "Department.objects.get": lambda: Department.objects.get(1),
                "app.run(name)": lambda: app.run("dingtalk.oapi.v2.department.get", dept_id=1),
                "User.get": lambda: User.get("manager4220"),
                **peers(url),
            },
            times=300,
        )
        app.close()


def peers(url: str) -> dict[str, Callable[[], object]]:
    """The same call through other SDKs, where they are installed."""
    cases: dict[str, Callable[[], object]] = {}
    if find_spec("dingtalk"):
        client: Any = import_module("dingtalk").AppKeyClient("corp", "key", "secret")
        client.API_BASE_URL = url
        client.cache.access_token.set(value="t", ttl=7200)
        logging.getLogger("dingtalk").setLevel(logging.CRITICAL)
        cases["dingtalk-sdk"] = lambda: client.post(GET, DEPARTMENT)
    return cases


def one_page() -> None:
    """A page of 100 full users, to dicts or to objects."""
    with serving() as url, requests.Session() as session, app_at(url) as app:
        address = f"{url}{LIST}?access_token=t"
        compare(
            "A page of 100 users",
            {
                "requests.Session, .json()": lambda: session.post(address, json=PAGE).json(),
                "User.objects.list(…).all()": lambda: User.objects.list(100).all(),
            },
            times=60,
        )
        app.close()


def awaited() -> None:
    """One small call, awaited."""

    async def run(url: str) -> None:
        async with app_at(url), httpx.AsyncClient() as client:
            cases: dict[str, Callable[[], Awaitable[object]]] = {
                "httpx.AsyncClient": lambda: client.post(f"{url}{GET}?access_token=t", json=DEPARTMENT),
                "Department.objects.get.aio": lambda: Department.objects.get.aio(1),
            }
            await acompare("One awaited call", cases, times=200)

    with serving() as url:
        asyncio.run(run(url))


def cold_start() -> None:
    """64 threads that all need a token at once."""
    with serving(delay=0.02) as url, app_at(url) as app:
        start = threading.Barrier(64)

        def first_call() -> None:
            start.wait()
            Department.objects.using(app).get(1)

        with ThreadPoolExecutor(64) as pool:
            for done in [pool.submit(first_call) for _ in range(64)]:
                done.result()
        counts = requests.get(f"{url}/stats", timeout=5).json()
        print(f"\n### Cold start\n\n64 threads, tokens fetched: {counts['/v1.0/oauth2/accessToken']}")
        app.close()


def directory_sync() -> None:
    """200 departments with 100 people each, at three distances."""
    for delay in (0.0, 0.02, 0.1):
        with serving(delay=delay) as url, app_at(url) as app:
            compare(
                f"Directory sync, 200 × 100, {delay * 1e3:.0f} ms a call, {WIDTH} at once",
                {
                    "requests and a thread pool": partial(bare_sync, url),
                    f"User.objects.all(workers={WIDTH})": sync,
                },
                times=1,
                rounds=ROUNDS if delay < SLOW else 3,
            )
            app.close()


def bare_sync(url: str) -> None:
    """The calls that `User.objects.all` makes, by hand: ids of departments, then their people."""
    with requests.Session() as session, ThreadPoolExecutor(WIDTH) as pool:
        session.mount("http://", HTTPAdapter(pool_maxsize=WIDTH))

        def post(path: str, body: dict[str, Any]) -> Any:
            return session.post(f"{url}{path}?access_token=t", json=body).json()

        def children(dept_id: int) -> Any:
            return post(IDS, {"dept_id": dept_id})

        def people(dept_id: int) -> int:
            return len(post(LIST, PAGE | {"dept_id": dept_id})["result"]["list"])

        children(1)
        list(pool.map(children, DEPARTMENTS))
        assert sum(pool.map(people, (1, *DEPARTMENTS))) == PEOPLE * len(DEPARTMENTS)


def sync() -> None:
    """The same as one lazy list."""
    assert len(User.objects.all(workers=WIDTH).all()) == PEOPLE * len(DEPARTMENTS)


def under_a_limit() -> None:
    """120 calls where 40 a second are allowed."""
    with serving(qps=40) as url, app_at(url, RateLimit(per_second=40)) as app:

        def one_of_many(_: int) -> Department:
            return Department.objects.using(app).get(1)

        begun = time.perf_counter()
        with ThreadPoolExecutor(32) as pool:
            done = list(pool.map(one_of_many, range(120)))
        taken = time.perf_counter() - begun
        refused = requests.get(f"{url}/stats", timeout=5).json().get("throttled", 0)
        print("\n### Under a limit of 40 a second\n")
        print(f"{len(done)} of 120 calls succeeded in {readable(taken)}, {refused} refused")
        app.close()


def callback() -> None:
    """Encrypting and decrypting a push."""
    aes_key = "1234567890123456789012345678901234567890123"
    crypto, key = Crypto("123456", aes_key, ["dingsnotzck6pm5veliw"]), decode_key(aes_key)
    for size in (1024, 65536):
        text = "a" * size
        push = crypto.seal(text, timestamp="1614767836", nonce="A7Co0cJLMzIDtMMI")

        def bare(encrypted: str = push["encrypt"]) -> bytes:
            return AES.new(key, AES.MODE_CBC, key[:16]).decrypt(b64decode(encrypted))

        def opened(encrypted: str = push["encrypt"], signature: str = push["msg_signature"]) -> str:
            crypto.verify(signature, "1614767836", "A7Co0cJLMzIDtMMI", encrypted)
            return crypto.decrypt(encrypted)

        def sealed(text: str = text) -> dict[str, str]:
            return crypto.seal(text, timestamp="1614767836", nonce="A7Co0cJLMzIDtMMI")

        cases: dict[str, Callable[[], object]] = {
            "AES-CBC and base64": bare,
            "verify and decrypt": opened,
            "encrypt and sign": sealed,
        }
        compare(f"A push of {size // 1024} KB", cases, times=500 if size < MEGABYTE // 32 else 60)


def imports() -> None:
    """Fresh processes that import, and that make a first call."""
    codes = {
        "import requests, pydantic": "import requests, pydantic",
        "import dingtalk_models": "import dingtalk_models",
        "DingTalkApp, Department, User": "from dingtalk_models import DingTalkApp, Department, User\n"
        "app = DingTalkApp(appkey='k', appsecret='s').use()\nDepartment.objects.get.call(1)",
    }
    nothing = min(seconds(lambda: run("pass"), 3) for _ in range(3))
    taken: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(ROUNDS):
        for name, code in codes.items():
            taken[name].append(max(seconds(lambda code=code: run(code), 1) - nothing, 1e-6))  # type: ignore[misc]
    table("Start-up, beyond that of Python itself", taken)
    for name, code in codes.items():
        modules, peak = run(f"{code}\n{WEIGH}").split()
        print(f"\n{name}: {modules} modules, {peak} MB")


def run(code: str) -> str:
    """What a fresh Python prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def million() -> None:
    """A million users, one after the other."""
    with serving() as url, app_at(url) as app:
        next(iter(User.objects.list(MILLION)))
        before, count = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
        for _ in User.objects.list(MILLION):
            count += 1
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"\n### A million users, listed lazily\n\n{count:,} users, peak memory {grown:+.1f} MB")
        app.close()
