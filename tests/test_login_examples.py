"""The websites in `examples/` where people log in: by HTTP, under attack, and in a real browser."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import login_fastapi
import login_flask
import pytest
import requests
from playwright.sync_api import Page, sync_playwright
from servers import chromium
from sites import asgi, wsgi

from dingtalk_models import DingTalkApp
from dingtalk_models.sandbox import Sandbox

NAME = "赵磊"


@contextmanager
def flask_site(app: DingTalkApp) -> Generator[str]:
    site = login_flask.site_of(app, "a key")
    site.logger.disabled = True
    with wsgi(site) as url:
        yield url.removesuffix("/dingtalk")


@contextmanager
def fastapi_site(app: DingTalkApp) -> Generator[str]:
    with asgi(login_fastapi.site_of(app, "a key")) as url:
        yield url.removesuffix("/dingtalk")


@pytest.fixture(params=[flask_site, fastapi_site], ids=["flask", "fastapi"])
def site(request: pytest.FixtureRequest, app: DingTalkApp) -> Iterator[str]:
    """The URL of a website with a login."""
    with request.param(app) as url:
        yield url


class Browser:
    """What a browser does, without a window: it keeps cookies and follows redirects.

    Args:
        site: the URL of the website.
    """

    def __init__(self, site: str) -> None:
        self.site = site
        self.http = requests.Session()

    def get(self, url: str) -> requests.Response:
        return self.http.get(url if "://" in url else self.site + url, timeout=10)

    def begin(self) -> str:
        """Press the link, and stop at the authorise page. Returns its URL."""
        reply = self.http.get(f"{self.site}/login", allow_redirects=False, timeout=10)
        return reply.headers["location"]

    def choose(self, authorise_page: str, userid: str) -> str:
        """Choose a person there. Returns the way back."""
        query = dict(parse_qsl(urlsplit(authorise_page).query)) | {"userid": userid}
        url = f"{authorise_page.partition('?')[0]}?{urlencode(query)}"
        return self.http.get(url, allow_redirects=False, timeout=10).headers["location"]

    def log_in(self, userid: str = "zhaolei") -> requests.Response:
        return self.get(self.choose(self.begin(), userid))


@pytest.fixture
def browser(site: str) -> Iterator[Browser]:
    browsing = Browser(site)
    with browsing.http:
        yield browsing


def test_a_person_logs_in_and_out(browser: Browser, sandbox: Sandbox) -> None:
    assert "/login" in browser.get("/").text
    home = browser.log_in()
    assert (home.status_code, f"<h1>{NAME}</h1>" in home.text) == (200, True)
    assert NAME in browser.get("/").text
    out = browser.http.post(f"{browser.site}/logout", timeout=10)
    assert NAME not in out.text
    assert NAME not in browser.get("/").text


def test_a_stranger_is_kept_out(browser: Browser) -> None:
    assert browser.log_in("stranger").status_code == 403
    assert "<h1>" not in browser.get("/").text


def test_a_code_that_was_used_logs_nobody_in(browser: Browser) -> None:
    back = browser.choose(browser.begin(), "zhaolei")
    assert browser.get(back).status_code == 200
    assert browser.get(back).status_code == 400  # its state counts once
    again = browser.begin()
    state = dict(parse_qsl(urlsplit(again).query))["state"]
    code = dict(parse_qsl(urlsplit(back).query))["authCode"]
    assert browser.get(f"/back?{urlencode({'authCode': code, 'state': state})}").status_code == 401
    assert NAME not in browser.get("/").text


@pytest.mark.parametrize("state", [None, "", "another"])
def test_somebody_else_s_login_is_not_taken(browser: Browser, sandbox: Sandbox, state: str | None) -> None:
    """An attacker makes the browser follow a link with the attacker's own code."""
    for began in (False, True):
        if began:
            browser.begin()
        link = {"authCode": sandbox.authorise("heli")} | ({} if state is None else {"state": state})
        assert browser.get(f"/back?{urlencode(link)}").status_code == 400
        assert "<h1>" not in browser.get("/").text
    assert sandbox.received("/v1.0/oauth2/userAccessToken") == []


def test_a_state_of_another_browser_is_not_taken(browser: Browser) -> None:
    victim = Browser(browser.site)
    with victim.http:
        victim.begin()
        assert victim.get(browser.choose(browser.begin(), "heli")).status_code == 400


def test_someone_who_declines_is_told_so(browser: Browser) -> None:
    query = dict(parse_qsl(urlsplit(browser.begin()).query))
    assert browser.get(f"/back?{urlencode({'state': query['state']})}").status_code == 400


def test_a_login_whose_time_is_over(browser: Browser, sandbox: Sandbox) -> None:
    browser.log_in()
    sandbox.clock.advance(31 * 24 * 3600)
    assert browser.get("/").status_code == 401
    assert "<h1>" not in browser.get("/").text
    assert NAME in browser.log_in().text


def test_a_platform_that_is_down(browser: Browser, sandbox: Sandbox) -> None:
    browser.log_in()
    sandbox.fail("/v1.0/contact/users/me", code="invalidParameter")
    assert browser.get("/").status_code == 502


@pytest.mark.parametrize("example", [login_flask, login_fastapi])
def test_an_example_is_short(example: object) -> None:
    assert len(Path(getattr(example, "__file__", "")).read_text("utf-8").splitlines()) < 110


# -- the page itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_id", "ding2"),
        ("redirect_uri", "/back"),
        ("redirect_uri", "javascript:alert(1)"),
        ("response_type", "token"),
        ("scope", "corpid"),
        ("userid", "nobody"),
    ],
)
def test_the_authorise_page_refuses(sandbox: Sandbox, app: DingTalkApp, field: str, value: str) -> None:
    url = app.auth.authorize_url("https://acme.example/back", state="s")
    query = dict(parse_qsl(urlsplit(url).query)) | {field: value}
    reply = requests.get(f"{sandbox.url}/oauth2/auth", params=query, allow_redirects=False, timeout=5)
    assert reply.status_code == 400
    assert "text/html" in reply.headers["content-type"]
    assert "Cannot log in" in reply.text


def test_the_authorise_page_escapes_what_it_shows(sandbox: Sandbox, app: DingTalkApp) -> None:
    url = app.auth.authorize_url("https://acme.example/back", state='"><script>alert(1)</script>')
    page = requests.get(url, timeout=5)
    assert page.status_code == 200
    assert "<script" not in page.text
    assert all(user.name in page.text for user in sandbox.company.users.values())


# -- in a browser --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of a headless Chromium."""
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium())
        yield chrome.new_page()
        chrome.close()


def test_in_a_real_browser(site: str, page: Page, sandbox: Sandbox) -> None:
    page.goto(site)
    page.get_by_role("link", name="Log in with DingTalk").click()
    assert page.url.startswith(f"{sandbox.url}/oauth2/auth?")
    assert page.get_by_role("button").count() == len(sandbox.company.users) + 1
    page.get_by_role("button", name=NAME).click()
    page.wait_for_url(f"{site}/")
    assert page.get_by_role("heading").inner_text() == NAME
    page.reload()
    assert page.get_by_role("heading").inner_text() == NAME
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("link", name="Log in with DingTalk").click()
    page.get_by_role("button", name="路远").click()
    assert "not a member" in page.content()
