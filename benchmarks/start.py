"""Starts: a new process, and many threads whose app has no token yet."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median
from threading import Barrier
from typing import NamedTuple

from benchmarks.measure import ROUNDS, app_at, in_turn, peak, ratios, seconds, serving, spread, stats, table
from benchmarks.peers import small_calls
from dingtalk_models import Department

THREADS = 64
TOKENS = ("/v1.0/oauth2/accessToken", "/gettoken")
ENVIRONMENT = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
A_MODEL = """
import requests
from pydantic import BaseModel
class A(BaseModel):
    x: int
"""
FIRST_CALL = """
from dingtalk_models import DingTalkApp, Department, User
DingTalkApp(appkey="key", appsecret="secret", oapi_url="{url}", api_url="{url}").use()
Department.objects.get(1)
"""
WEIGH = """
import sys
print(len(sys.modules), open("/proc/self/status").read())
"""


class ColdStart(NamedTuple):
    """How many tokens were fetched, and how long it took."""

    tokens: int
    seconds: float


def cold_start() -> None:
    """Threads that all need a token at once."""
    runs: defaultdict[str, list[ColdStart]] = defaultdict(list)
    with serving(delay=0.02) as url:
        for _ in range(ROUNDS):
            with app_at(url) as app:
                ours: Callable[[], object] = partial(Department.objects.using(app).get, 1)
                cases = {"Department.objects.get": ours, **small_calls(url, token=None)}
                for name, call in cases.items():
                    runs[name].append(at_once(url, call))
    rows = (
        (name, median(run.tokens for run in each), *spread([run.seconds for run in each]))
        for name, each in runs.items()
    )
    table(f"Cold start: {THREADS} threads, 20 ms a call", ["tokens fetched", "median", "min", "max"], rows)


def at_once(url: str, call: Callable[[], object]) -> ColdStart:
    """The first call of each thread."""
    start = Barrier(THREADS)

    def first_call() -> None:
        start.wait()
        call()

    def every_thread() -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(first_call) for _ in range(THREADS)]:
                done.result()

    taken = seconds(every_thread)
    apis = stats(url)["apis"]
    return ColdStart(sum(apis[path]["calls"] for path in TOKENS if path in apis), taken)


def imports() -> None:
    """New processes that import the package or make a first call. The first round compiles the byte code."""
    with serving() as url:
        codes = {
            "Python itself": "pass",
            "import requests, pydantic": "import requests, pydantic",
            "requests and one pydantic model": A_MODEL,
            "import dingtalk_models": "import dingtalk_models",
            "DingTalkApp, Department, User: a first call": FIRST_CALL.format(url=url),
        }
        taken = in_turn({name: partial(seconds, partial(run, code)) for name, code in codes.items()})
        nothing = median(taken.pop("Python itself"))
        beyond = {name: [each - nothing for each in times] for name, times in taken.items()}
        ratios("Start-up, beyond that of Python itself", beyond)
        weights = in_turn({name: partial(weigh, code) for name, code in codes.items()})
    rows = ((name, *(f"{median(each):.0f}" for each in zip(*runs, strict=True))) for name, runs in weights.items())
    table("What these processes load", ["modules", "peak memory, MB"], rows)


def weigh(code: str) -> tuple[int, float]:
    """The number of modules that a new Python process has loaded, and its peak memory."""
    modules, status = run(code + WEIGH).split(maxsplit=1)
    return int(modules), peak(status)


def run(code: str) -> str:
    """The output of a new Python process."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout


def command() -> None:
    """The start of the command `dingtalk-models`: its help, and what is documented of an API."""
    alone = {"Python itself": ["-c", "pass"], "import requests, pydantic": ["-c", "import requests, pydantic"]}
    commands = {**alone, **{f"dingtalk-models {words}": _command(words) for words in COMMANDS}}
    taken = in_turn({name: partial(seconds, partial(_run, words)) for name, words in commands.items()})
    rows = ((name, *spread(times)) for name, times in taken.items())
    table("Start of the command", ["median", "min", "max"], rows)


COMMANDS = ("--help", "describe User.get", "describe yida_2_0.SaveFormData", "profile list")


def _command(words: str) -> list[str]:
    return ["-m", "dingtalk_models.cli", *words.split()]


def _run(words: list[str]) -> None:
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=ENVIRONMENT)
