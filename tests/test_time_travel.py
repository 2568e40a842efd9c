"""freezegun and time-machine: the package is used before, in and after a frozen time.

Each case is a process of its own, since what is imported or compiled first is what differs. What goes on while the time
stands still is in frozen.py.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from frozen import WAYS
from soaking import SOAK

FROZEN = Path(__file__).with_name("frozen.py")

PROGRAM = """
import asyncio, datetime, sys, tempfile, time
import freezegun, time_machine
{imports}
real = datetime.datetime.now()

def use(sandbox):
    from pydantic import TypeAdapter
    from dingtalk_models import BEIJING, Department, User
    from dingtalk_models.core.wire import Millis
    user = User.get("zhaolei")
    assert isinstance(user.hired_date, datetime.datetime), type(user.hired_date)
    if datetime.datetime.now().year < 2030:
        assert type(user.hired_date) is type(real), type(user.hired_date)
        long_ago = TypeAdapter(Millis).validate_json("-1")
        assert type(long_ago) is type(real), type(long_ago)
    assert user.hired_date == datetime.datetime(2020, 3, 1, tzinfo=BEIJING)
    user.update(hired_date=datetime.datetime(2020, 3, 1, tzinfo=BEIJING))
    assert abs(sandbox.clock.now() - time.time()) < 5
    async def awaited():
        for _ in range(3):
            assert (await User.get.aio("zhaolei")).hired_date == user.hired_date
    asyncio.run(awaited())
    Department.get(1)
    sandbox.punch("zhaolei")
    import requests
    punches = requests.get(sandbox.url + "/_sandbox/punches/zhaolei", timeout=10)
    assert punches.ok and punches.json(), punches.text
    with tempfile.NamedTemporaryFile() as saved:
        sandbox.save(saved.name)
        sandbox.load(saved.name)
    if datetime.datetime.now().year < 2030:
        kept = {{type(each.at) for punches in sandbox.company.attendance.punches.values() for each in punches}}
        assert kept == {{type(real)}}, kept

def limited():
    from dingtalk_models import Department
    for _ in range(12):
        Department.get(1)

def tokens(sandbox):
    return len(sandbox.calls.to("oauth2_1_0.GetAccessToken"))

FROZEN = "2030-01-02 03:04:05"

def first():
    from dingtalk_models import RateLimit
    from dingtalk_models.sandbox import Sandbox
    with Sandbox() as sandbox, sandbox.app(rate_limit=RateLimit(per_second=10)):
        use(sandbox)
        if datetime.datetime.now().year == 2030:
            limited()

def run():
    from dingtalk_models import RateLimit
    from dingtalk_models.sandbox import Sandbox
    with Sandbox() as sandbox, sandbox.app(rate_limit=RateLimit(per_second=10)):
        {before}
        with {frozen} as clock:
            assert datetime.datetime.now().year == 2030
            use(sandbox)
            limited()
            {move}
        use(sandbox)
        assert datetime.datetime.now().year < 2030

{run}
print("end")
"""

LIBRARIES = {
    "freezegun": ("freezegun.freeze_time(FROZEN)", "clock.tick(7300)"),
    "freezegun, ticking": ("freezegun.freeze_time(FROZEN, tick=True)", "clock.tick(7300)"),
    "time-machine": ("time_machine.travel(FROZEN, tick=False)", "clock.shift(7300)"),
    "time-machine, ticking": ("time_machine.travel(FROZEN)", "clock.shift(7300)"),
}
MOVE = "before = tokens(sandbox); {move}; use(sandbox); assert tokens(sandbox) > before"

CASES: dict[str, dict[str, str]] = {
    "nothing before": {},
    "a name before": {"imports": "from dingtalk_models import User"},
    "all names before": {"imports": "from dingtalk_models import *"},
    "used before": {"before": "use(sandbox)"},
}


def ended(library: str, **parts: str) -> tuple[str, str, int]:
    frozen, move = LIBRARIES[library]
    text = {
        "imports": "",
        "frozen": frozen,
        "move": MOVE.format(move=move),
        "before": "pass",
        "run": "run()",
    }
    command = [sys.executable, "-W", "error", "-c", PROGRAM.format(**(text | parts))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout, done.stderr, done.returncode


@pytest.mark.parametrize(
    ("case", "library"),
    [
        ("nothing before", "freezegun"),
        ("a name before", "freezegun"),
        ("all names before", "freezegun, ticking"),
        *(("used before", library) for library in LIBRARIES if SOAK or "ticking" not in library),
    ],
)
def test_what_is_used_in_a_frozen_time_is_unharmed_by_it(case: str, library: str) -> None:
    assert ended(library, **CASES[case]) == ("end\n", "", 0)


@pytest.mark.parametrize("library", ["freezegun", "time-machine"])
def test_what_is_first_used_in_a_frozen_time_works_after_it(library: str) -> None:
    """The sandbox and the app are made in it, and made again after it."""
    assert ended(library, run=f"with {LIBRARIES[library][0]}: first()\nfirst()\nrun()") == ("end\n", "", 0)


@pytest.mark.parametrize("way", WAYS)
def test_what_waits_goes_on_while_the_time_stands_still(way: str) -> None:
    """Limits, deadlines, cards that grow, pushes, Stream mode; and tokens expire when the time is moved."""
    command = [sys.executable, "-W", "error", str(FROZEN), way]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
