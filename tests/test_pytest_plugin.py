"""The pytest plugin: what tests get, what it costs, what it tells; and an application's own tests with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import pytest

from dingtalk_models import pytest_plugin

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
NAME = "dingtalk_models.pytest_plugin"
HEAD = """
import asyncio, contextlib, threading
import pytest
import requests
from dingtalk_models import ConfigurationError, DingTalkApp, User
from dingtalk_models.core.context import current_app
from dingtalk_models.sandbox import Sandbox
"""


@pytest.fixture(autouse=True)
def this_plugin_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are installed, this one among them, are not loaded by themselves."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    import_module("dingtalk_models.contact.module")  # pytester forgets what is first imported in a run


def run(pytester: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    """Run the tests in this code."""
    pytester.makepyfile(HEAD + dedent(code))
    return here(pytester, "-W", "error", "--strict-markers", *arguments)


def apart(pytester: pytest.Pytester, code: str) -> pytest.RunResult:
    """Run the tests in this code in a process of their own: freezegun looks into every module that is loaded."""
    pytester.makepyfile(HEAD + dedent(code))
    return pytester.runpytest_subprocess("-p", NAME, "-W", "error", "--strict-markers", timeout=60)


def here(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest in this process."""
    return pytester.runpytest_inprocess(*arguments, plugins=[pytest_plugin])


# what a test gets


def test_each_test_has_a_sandbox_of_its_own_whose_app_is_used_everywhere(pytester: pytest.Pytester) -> None:
    code = """
    @pytest.mark.parametrize("_", range(3))
    def test_fresh(dingtalk: Sandbox, _: int) -> None:
        assert len(dingtalk.calls) == 0
        User.objects.delete("zhaolei")

    def test_chosen(dingtalk: Sandbox, dingtalk_app: DingTalkApp) -> None:
        found = [current_app()]
        thread = threading.Thread(target=lambda: found.append(current_app()))
        thread.start()
        thread.join()

        async def task() -> None:
            found.append(current_app())
            user = await User.get.aio("zhaolei")
            assert user.app is dingtalk_app

        async def tasks() -> None:
            await asyncio.gather(task(), task())

        asyncio.run(tasks())
        assert found == [dingtalk_app] * 4
        assert dingtalk_app.appkey == dingtalk.appkey
        assert len(dingtalk.calls.to(User.get)) == 2

    class TestMethods:
        @pytest.fixture(autouse=True)
        def newcomer(self, dingtalk: Sandbox) -> None:
            User.create("林薇", "13800138001", [100], userid="linwei")

        def test_a_fixture_of_its_own(self) -> None:
            assert User.get("linwei").name == "林薇"
    """
    run(pytester, code).assert_outcomes(passed=5)


def test_afterwards_no_app_is_chosen_whatever_the_test_did(pytester: pytest.Pytester) -> None:
    code = """
    def nothing_is_chosen() -> None:
        with pytest.raises(ConfigurationError):
            current_app()

    @pytest.fixture(autouse=True)
    def before_and_after():
        nothing_is_chosen()
        yield
        nothing_is_chosen()

    def test_fails(dingtalk: Sandbox) -> None:
        User.get("nobody")

    def test_chooses_another(dingtalk: Sandbox) -> None:
        dingtalk.app().use()

    def test_enters(dingtalk: Sandbox, dingtalk_app: DingTalkApp) -> None:
        dingtalk_app.__enter__()
        dingtalk.app().__enter__()

    def test_leaves(dingtalk: Sandbox, dingtalk_app: DingTalkApp) -> None:
        dingtalk_app.__exit__()

    def test_stops(dingtalk: Sandbox, dingtalk_app: DingTalkApp) -> None:
        dingtalk_app.close()
        dingtalk.stop()

    def test_leaves_a_thread_behind(dingtalk: Sandbox) -> None:
        dingtalk.fail("/topapi/v2/user/get", delay=60)

        def call() -> None:
            with contextlib.suppress(Exception):
                User.get("zhaolei")

        threading.Thread(target=call).start()
        while not dingtalk.calls.to(User.get):
            pass

    def test_exits(dingtalk: Sandbox) -> None:
        raise SystemExit

    @pytest.fixture
    def entered():
        with Sandbox() as sandbox, sandbox.app() as app:
            yield app
            assert current_app() is app

    def test_another_was_entered_before(entered: DingTalkApp, dingtalk_app: DingTalkApp) -> None:
        assert current_app() is dingtalk_app
    """
    run(pytester, code).assert_outcomes(passed=6, failed=2)


def test_a_mark_gives_it_settings_and_the_closest_counts(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def dingtalk_settings():
            return {"scopes": ["qyapi_get_member"], "org": "empty"}
        """
    )
    code = """
    from dingtalk_models import PermissionDenied, Retry, RateLimited, Department

    pytestmark = pytest.mark.dingtalk(org="seeded")

    def test_of_the_file(dingtalk: Sandbox) -> None:
        assert User.get("zhaolei").name == "赵磊"
        with pytest.raises(PermissionDenied):
            Department.get(1)

    @pytest.mark.dingtalk(org="empty", qps=1, scopes=None)
    class TestOfAClass:
        def test_that(self, dingtalk: Sandbox, dingtalk_app: DingTalkApp) -> None:
            dingtalk_app.retry = Retry(attempts=1)
            assert dingtalk.company.users == {}
            Department.get(1)
            with pytest.raises(RateLimited):
                for _ in range(2):
                    Department.get(1)

        @pytest.mark.dingtalk(org="seeded")
        def test_own(self, dingtalk: Sandbox) -> None:
            assert User.get("zhaolei").name == "赵磊"

    @pytest.mark.dingtalk(company="acme/company.yaml")
    def test_a_company_of_its_own(dingtalk: Sandbox) -> None:
        assert [*dingtalk.company.users] == ["ann"]

    def test_of_the_session(dingtalk_session: Sandbox) -> None:
        assert dingtalk_session.company.users == {}
    """
    folder = pytester.mkdir("acme")
    (folder / "company.yaml").write_text("name: Acme\nusers:\n  - {userid: ann, name: Ann}\n")
    run(pytester, code).assert_outcomes(passed=5)


@pytest.mark.parametrize(("given", "named"), [("qpss=20", "qpss"), ("'company.yaml'", "'company.yaml'")])
def test_a_mark_that_is_wrong_is_told_in_one_line(pytester: pytest.Pytester, given: str, named: str) -> None:
    code = f"""
    @pytest.mark.dingtalk({given})
    def test_it(dingtalk: Sandbox) -> None:
        pass
    """
    ran = run(pytester, code)
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines([f"@pytest.mark.dingtalk does not take {named}, only *qps, scopes / *不接受 {named}*"])
    ran.stdout.no_fnmatch_line("*Traceback*")
    assert "_settings_of" not in ran.stdout.str()


def test_the_mark_and_the_fixtures_are_explained(pytester: pytest.Pytester) -> None:
    here(pytester, "--markers").stdout.fnmatch_lines(["@pytest.mark.dingtalk(company=*"])
    told = here(pytester, "--fixtures").stdout
    told.fnmatch_lines_random([f"{each} *" for each in ("dingtalk", "dingtalk_app", "dingtalk_session [[]session*")])


# one for the session


def test_the_sandbox_of_the_session_is_shared_and_used_only_where_it_is_asked_for(pytester: pytest.Pytester) -> None:
    code = """
    @pytest.fixture(scope="session")
    def newcomer(dingtalk_session: Sandbox) -> User:
        return User.create("林薇", "13800138001", [100], userid="linwei")

    def test_one(newcomer: User, dingtalk_session: Sandbox) -> None:
        assert User.get("linwei") == newcomer.refresh()

    def test_none() -> None:
        with pytest.raises(ConfigurationError):
            current_app()

    def test_own(dingtalk: Sandbox) -> None:
        assert "linwei" not in dingtalk.company.users

    def test_two(newcomer: User) -> None:
        assert User.get("linwei").title is None

    def test_both(dingtalk_session: Sandbox, dingtalk: Sandbox, dingtalk_app: DingTalkApp) -> None:
        assert dingtalk_session is not dingtalk
        assert current_app() is dingtalk_app
        assert "linwei" in dingtalk_session.company.users

    def test_none_after_all() -> None:
        test_none()
    """
    run(pytester, code).assert_outcomes(passed=6)


# what the report of a failing test says

CALLING = """
    def test_passes(dingtalk: Sandbox) -> None:
        User.get("zhaolei")

    def test_fails(dingtalk: Sandbox) -> None:
        User.get("zhaolei")
        requests.post(dingtalk.url + "/%1b[31m", json={"userid": "\\ud800"}, timeout=5)
        User.get("nobody")

    def test_makes_no_call(dingtalk: Sandbox) -> None:
        assert False

    @pytest.fixture
    def broken(dingtalk: Sandbox):
        yield
        User.get("gone")

    def test_fails_at_its_end(broken: None) -> None:
        User.get("sunjing")
"""


def sections(ran: pytest.RunResult) -> list[str]:
    """What the reports say of calls."""
    ends = r"(?=\n(?:_{3,}|={3,}|-{3,}) )"
    return re.findall(rf"-+ DingTalk calls -+\n(.*?){ends}", ran.stdout.str(), re.DOTALL)


@pytest.mark.parametrize("workers", [[], ["-p", "xdist.plugin", "-n", "2"]], ids=["here", "xdist"])
def test_a_failing_test_tells_of_its_calls(pytester: pytest.Pytester, workers: list[str]) -> None:
    pytester.makepyfile(HEAD + dedent(CALLING))
    ran = pytester.runpytest_subprocess("-p", NAME, "-W", "error", "--tb=short", *workers)
    ran.assert_outcomes(passed=2, failed=2, errors=1)
    first, second = sorted(sections(ran), key=lambda each: "gone" in each)
    token, one, odd, other = re.findall(r"(?m)^\w+ .*\n  .*$", first)
    assert token.startswith("POST /v1.0/oauth2/accessToken ")
    assert '"appSecret": "***"' in token
    assert re.search(r'\n  200 {"accessToken": "\*\*\*", "expireIn": 7200}', token)
    assert one.startswith('POST /topapi/v2/user/get 查询用户详情 {"access_token": "***"} {"userid": "zhaolei"')
    assert odd.startswith(r"POST /\x1b[31m {")
    assert re.search(r'\n  200 {"errcode": 60121, "errmsg": "找不到该用户", "request_id"', other)
    assert "sandboxsecret" not in ran.stdout.str()
    assert '{"userid": "gone"' in second


def test_what_it_tells_is_bounded_and_of_this_test_alone(pytester: pytest.Pytester) -> None:
    code = """
    def test_before(dingtalk_session: Sandbox) -> None:
        User.get("sunjing")

    def test_many(dingtalk_session: Sandbox) -> None:
        for number in range(30):
            with contextlib.suppress(LookupError):
                User.get(f"nobody{number}")
        dingtalk_session.fail("*", drop=True)
        with pytest.raises(OSError):
            requests.post(dingtalk_session.url + "/topapi/v2/user/get", data="x" * 2_000_000, timeout=5)
        for content in (b"\\xff" * 2_000_000, b'{"a": "' + b"x" * 900_000 + b'"}', b"[" * 100_000):
            requests.post(dingtalk_session.url + "/topapi/v2/user/get", data=content, timeout=5)
        assert False
    """
    ran = run(pytester, code)
    ran.assert_outcomes(passed=1, failed=1)
    (told,) = sections(ran)
    lines = told.splitlines()
    assert lines[0] == f"({30 + 4 - pytest_plugin.MOST_CALLS} earlier calls)"
    assert len(lines) == 1 + 2 * pytest_plugin.MOST_CALLS
    assert max(map(len, lines)) < pytest_plugin.LONGEST + 50
    assert "sunjing" not in told
    assert "  the connection was cut" in lines


# in another time


def test_fixtures_that_freeze_the_time(pytester: pytest.Pytester) -> None:
    code = """
    import time
    import freezegun, time_machine

    @pytest.fixture(params=["freezegun", "freezegun, ticking", "time-machine", "time-machine, ticking"])
    def frozen(request):
        tick = "ticking" in request.param
        if "freezegun" in request.param:
            with freezegun.freeze_time("2030-01-01", tick=tick) as clock:
                yield clock.tick
        else:
            with time_machine.travel("2030-01-01", tick=tick) as clock:
                yield clock.shift

    def at_its_time(sandbox: Sandbox) -> None:
        assert User.get("zhaolei").name == "赵磊"
        assert abs(sandbox.calls.last.at - time.time()) < 5
        assert asyncio.run(User.get.aio("zhaolei")).hired_date.year == 2020

    def test_before(frozen, dingtalk: Sandbox) -> None:
        at_its_time(dingtalk)
        frozen(7201)
        at_its_time(dingtalk)

    def test_after(dingtalk: Sandbox, frozen) -> None:
        at_its_time(dingtalk)
        frozen(7201)
        at_its_time(dingtalk)

    def test_unharmed(dingtalk: Sandbox) -> None:
        assert time.time() < 1_893_456_000
        at_its_time(dingtalk)
    """
    apart(pytester, code).assert_outcomes(passed=9)


# the page on it


def test_the_tests_on_the_page_pass(pytester: pytest.Pytester) -> None:
    page = (ROOT / "docs/testing.md").read_text("utf-8")
    tests = [code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "def test_" in code]
    apart(pytester, "\n".join(tests)).assert_outcomes(passed=6)


def test_the_report_on_the_page_is_a_real_one(pytester: pytest.Pytester) -> None:
    (shown,) = re.findall(
        r"```\n-+ DingTalk calls -+\n(.*?)```", (ROOT / "docs/testing.md").read_text("utf-8"), re.DOTALL
    )
    code = """
    def test_fails(dingtalk: Sandbox) -> None:
        User.get("nobody")
    """
    (told,) = sections(run(pytester, code))
    assert without_ids(told) == without_ids(shown.strip())


def without_ids(text: str) -> str:
    return re.sub(r'"request_id": "\w+"', "", text)


# with other plugins


def test_a_coroutine_function_may_be_a_test(pytester: pytest.Pytester) -> None:
    code = """
    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend() -> str:
        return "asyncio"

    @pytest.mark.parametrize("_", range(2))
    async def test_awaits(dingtalk: Sandbox, _: int) -> None:
        users = await asyncio.gather(*(User.get.aio(each) for each in ("zhaolei", "sunjing")))
        assert [user.name for user in users] == ["赵磊", "孙静"]
        assert [userid async for userid in User.objects.search("赵")] == ["zhaolei"]
        assert len(dingtalk.calls.to(User.get)) == 2
    """
    run(pytester, code, "-p", "anyio.pytest_plugin").assert_outcomes(passed=2)


def test_an_event_loop_may_outlive_tests_that_await(pytester: pytest.Pytester) -> None:
    code = """
    import gc

    @pytest.fixture(scope="module")
    def loop():
        made = asyncio.new_event_loop()
        yield made
        made.run_until_complete(made.shutdown_asyncgens())
        made.close()

    @pytest.mark.parametrize("_", range(3))
    def test_awaits(dingtalk: Sandbox, loop: asyncio.AbstractEventLoop, _: int) -> None:
        gc.collect()
        assert loop.run_until_complete(User.get.aio("zhaolei")).name == "赵磊"

    def test_nothing_is_left_open(loop: asyncio.AbstractEventLoop) -> None:
        gc.collect()
    """
    run(pytester, code).assert_outcomes(passed=4)


def test_a_test_of_unittest_uses_it(pytester: pytest.Pytester) -> None:
    code = """
    import unittest

    @pytest.mark.usefixtures("dingtalk")
    class TestUser(unittest.TestCase):
        def test_name(self) -> None:
            self.assertEqual(User.get("zhaolei").name, "赵磊")
    """
    run(pytester, code).assert_outcomes(passed=1)


# what it costs


def test_it_costs_a_test_less_than_5_ms(pytester: pytest.Pytester) -> None:
    """In seconds of the processor, which a busy machine does not change; the least of several."""
    pytester.makeconftest(
        """
        import time
        from collections import defaultdict
        import pytest

        took = defaultdict(list)

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_protocol(item):
            begun = time.process_time()
            result = yield
            took[item.originalname].append(time.process_time() - begun)
            return result

        def pytest_terminal_summary(terminalreporter):
            terminalreporter.write_line(f"COST {min(took['test_with']) - min(took['test_without'])}")
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(20))
        def test_without(number): pass

        @pytest.mark.parametrize("number", range(20))
        def test_with(dingtalk, number): pass
        """
    )
    result = pytester.runpytest_subprocess("-p", NAME, "-W", "error")
    result.assert_outcomes(passed=40)
    cost = re.search(r"COST ([0-9.e-]+)", result.stdout.str())
    assert cost
    assert float(cost[1]) < 0.005


def test_it_imports_nothing_unless_a_test_asks_for_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing(request) -> None:
            ours = {name for name in sys.modules if name.startswith("dingtalk_models")}
            assert ours == {"dingtalk_models", "dingtalk_models.core", "dingtalk_models.core.lazy", "PLUGIN"}
            assert not sys.modules.keys() & {"pydantic", "requests", "starlette", "uvicorn", "asyncio"}

        def test_something(dingtalk) -> None:
            assert "dingtalk_models.sandbox" in sys.modules
        """.replace("PLUGIN", NAME)
    )
    pytester.runpytest_subprocess("-p", NAME, "-W", "error").assert_outcomes(passed=2)


def test_without_the_extra_only_tests_that_ask_for_it_fail_and_say_what_is_missing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        sys.modules["starlette"] = None

        def test_nothing() -> None:
            pass

        def test_something(dingtalk) -> None:
            pass
        """
    )
    ran = pytester.runpytest_subprocess("-p", NAME, "-W", "error")
    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines(["E *the sandbox needs its extra: pip install 'dingtalk-models[[]sandbox[]]'"])


# an application that uses it


def test_the_tests_of_an_application() -> None:
    arguments = ["-p", NAME, "-p", "xdist.plugin", "-p", "anyio.pytest_plugin", "-W", "error", "-n", "2"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, "-p", "no:cacheprovider"],
        cwd=ROOT / "examples/onboarding_app",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"\d+ passed in", ran.stdout), ran.stdout
