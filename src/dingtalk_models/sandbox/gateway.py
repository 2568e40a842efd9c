"""The gateway: finds the endpoint of a call, checks that the caller may use it, and answers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from dingtalk_models.sandbox.auth.login import PAGE, authorise
from dingtalk_models.sandbox.callback.changes import MAY_CHANGE, pushing_changes
from dingtalk_models.sandbox.platform.documented import Answers, DocumentedEndpoint, paths
from dingtalk_models.sandbox.platform.documented import at as documented_at
from dingtalk_models.sandbox.server.endpoints import ENDPOINTS, Result, ServedEndpoint, Waiting, route
from dingtalk_models.sandbox.server.envelopes import JSON, Answer, Bare, ReceivedRequest, dialect_of
from dingtalk_models.sandbox.server.errors import Denied, Refused
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.object_store import PREFIX

log = logging.getLogger("dingtalk_models.sandbox")


class Gateway:
    """The gateway of one company. It runs only on the event loop, so calls never overlap, except while one waits.

    Attributes:
        qps: the rate limit of each API in calls per second; None for no limit.
        answers: the answers to documented APIs.
    """

    def __init__(self, company: Company, qps: int | None) -> None:
        self.qps = qps
        self._company = company
        self._recent: dict[str, deque[float]] = {}
        self.answers = Answers()

    def check_served(self, path: str) -> None:
        """Refuse a path at which there is no API, because it is probably a typing error.

        Raises:
            ValueError: there is no API at this path.
        """
        if path == PAGE or path.startswith(PREFIX) or route(path)[0] or documented_at(path):
            return
        near = get_close_matches(path, {*ENDPOINTS, *paths()}, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"nothing is at {path!r}{hint}; an API that is not documented needs known=False / "
            f"没有路径为 {path!r} 的接口{f'，是否指 {near[0]!r}' if near else ''}；没有文档的接口请加 known=False"
        )

    def limit(self, qps: int | None) -> None:
        """Set the rate limit of each API, and forget the calls of the last second."""
        self.qps = qps
        self._recent.clear()

    async def answer(self, call: ReceivedRequest) -> Answer:
        """Answer a call. This is the only place where endpoints change the company."""
        if call.path.startswith(PREFIX):
            return self._company.drive.store.answer(call)
        if call.path == PAGE:
            return authorise(self._company, call)
        dialect = dialect_of(call.path)
        self._company.caller = None
        caller: str | None = None
        found: ServedEndpoint | DocumentedEndpoint | None = None
        try:
            functions, in_path = route(call.path)
            found = dialect.pick(self._endpoints(call, functions), call.method)
            if found is None:
                log.warning("not implemented by the sandbox: %s %s", call.method, call.path)
                return dialect.unknown(call.path)
            if not found.open:
                caller = self._admit(call, found, dialect)
            if isinstance(found, DocumentedEndpoint):
                answer = self.answers.answer(call, found, dialect)
            else:
                answer = dialect.accepted(await self._perform(call, found, dialect, in_path))
        except Refused as refusal:
            answer = dialect.refused(refusal)
        if isinstance(found, DocumentedEndpoint):
            answer.headers["x-sandbox"] = self.answers.source(found)
        elif found and found.xml and JSON not in call.headers.get("accept", ""):
            answer = answer.as_xml()
        return replace(answer, caller=caller)

    def _endpoints(
        self, call: ReceivedRequest, functions: Mapping[str, ServedEndpoint]
    ) -> Mapping[str, ServedEndpoint | DocumentedEndpoint]:
        """Return the endpoints at the path of a call, by verb. Documented ones are looked up only if needed."""
        if call.method in functions and not self.answers.own:
            return functions
        return {**functions, **self.answers.at(call.path, functions)}

    async def _perform(
        self, call: ReceivedRequest, endpoint: ServedEndpoint, dialect: Bare, in_path: Mapping[str, str]
    ) -> Result:
        in_query = {name: value for name, value in call.query.items() if name in endpoint.query}
        elsewhere = {k: v for k, v in dialect.arguments(call, endpoint).items() if k not in endpoint.query}
        arguments = endpoint.read({**elsewhere, **in_query, **in_path})
        subjects = MAY_CHANGE.get(endpoint.scope)
        with pushing_changes(self._company, subjects) if subjects else self._company.changing:
            returned = endpoint.handler(self._company, **arguments)
        return await self._waited(returned) if isinstance(returned, Generator) else returned

    async def _waited(self, waiting: Waiting) -> Result:
        """Run an endpoint that waits for somebody, with its blocking parts in threads. It pushes no change events."""
        done: Any = None
        while True:
            try:
                job = waiting.send(done)
            except StopIteration as end:
                result: Result = end.value
                return result
            done = await asyncio.to_thread(job)

    def _check_token(self, token: str, endpoint: ServedEndpoint | DocumentedEndpoint, dialect: Bare) -> str:
        """Check a token, and return its owner."""
        logins = self._company.logins
        if isinstance(endpoint, ServedEndpoint) and endpoint.token == "sso":
            if not logins.accepts_sso(token):
                raise Denied(dialect.stale_sso)
        elif not self._company.credentials.accepts(token):
            # it is not documented which APIs accept a user's token, so all do
            userid = logins.userid_of(token)
            if userid is None:
                raise Denied(dialect.expired if logins.knows(token) else dialect.stale)
            self._company.caller = self._company.person(userid)
            return userid
        return self._company.credentials.appkey

    def _admit(self, call: ReceivedRequest, endpoint: ServedEndpoint | DocumentedEndpoint, dialect: Bare) -> str:
        """Refuse a call without a valid token, permission or quota, and return the owner of the token."""
        credentials = self._company.credentials
        token = dialect.token(call)
        if not token:
            raise Denied(dialect.blank)
        caller = self._check_token(token, endpoint, dialect)
        scope = endpoint.scope
        if scope and self._company.scopes is not None and scope not in self._company.scopes:
            url = f"https://open-dev.dingtalk.com/appscope/apply?content={credentials.appkey}%23{scope}"
            text = f"应用尚未开通所需的权限：[{scope}]，点击链接申请并开通即可：{url}, "
            raise Denied(dialect.unscoped, text + f"{{requiredScopes=[{scope}]}}", scope)
        if self.qps:
            now = credentials.clock.now()
            recent = self._recent.setdefault(endpoint.path, deque(maxlen=self.qps))
            if len(recent) == self.qps and now - recent[0] < 1:
                raise Denied(dialect.throttled)
            recent.append(now)
        return caller
