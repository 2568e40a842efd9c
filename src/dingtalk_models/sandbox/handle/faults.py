"""Deliberate errors and special answers: faults, limits, scopes, custom answers, tokens."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Any, Final, Literal, TypeAlias, cast

from pydantic import BaseModel, Field, JsonValue, field_validator

from dingtalk_models.sandbox import Behaviour, Fault, OwnAnswer, Sandbox
from dingtalk_models.sandbox.handle.operations import Body, operation
from dingtalk_models.sandbox.handle.problems import found

_LONGEST_DELAY: Final = 3600
_HeaderName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
_HeaderValue: TypeAlias = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]


class NewFault(Body):
    """A fault for the next requests to a path. If it has no answer, the endpoint acts and answers."""

    path: Annotated[
        str,
        Field(
            min_length=1,
            description="the path; {id} stands for any id, * for any path / 路径，{id} 表示任意 id，* 表示任意路径",
        ),
    ]
    known: Annotated[bool, Field(description="false for an undocumented path / 没有文档的路径请设为 false")] = True
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    errcode: int | None = None
    sub_code: Annotated[str, Field(max_length=200)] | None = None
    errmsg: str | None = None
    code: str | None = None
    message: str | None = None
    flag: Literal["success", "result"] | None = None
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    body: str | None = None
    body_base64: Annotated[str, Field(description="instead of `body`: any bytes / 代替 body，任意字节")] | None = None
    content_type: _HeaderValue | None = None
    headers: dict[_HeaderName, _HeaderValue] = {}
    delay: Annotated[float, Field(ge=0, le=_LONGEST_DELAY)] | None = None
    drop: Literal["before", "after"] | None = None
    truncate: Annotated[int, Field(ge=0)] | None = None

    @field_validator("headers")
    @classmethod
    def _free(cls, headers: dict[str, str]) -> dict[str, str]:
        if taken := {"content-length", "transfer-encoding", "connection"} & {name.lower() for name in headers}:
            raise ValueError(f"the server sets {', '.join(sorted(taken))} itself")
        return headers

    @field_validator("body_base64")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        b64decode(text or "", validate=True)
        return text

    def behaviour(self) -> Behaviour:
        """Return the keywords for `Sandbox.fail`."""
        how: dict[str, Any] = self.model_dump(exclude_defaults=True, exclude={"path", "times", "known", "body_base64"})
        if self.body_base64 is not None:
            how["body"] = b64decode(self.body_base64)
        return cast("Behaviour", how)


class FaultView(BaseModel):
    """A fault, and the number of requests left for it."""

    id: str
    path: str
    remaining: int
    how: dict[str, Any]

    @classmethod
    def of(cls, fault: Fault) -> FaultView:
        """Make the view of a fault."""
        how = {name: repr(value) if isinstance(value, bytes) else value for name, value in fault.how.items()}
        return cls(id=fault.id, path=fault.path, remaining=fault.remaining, how=how)


class Limit(Body):
    """The rate limit of each API in calls per second; null for no limit."""

    qps: Annotated[int, Field(ge=1, le=1_000_000)] | None


class Scopes(Body):
    """The permission scopes granted to the app; null for all."""

    scopes: list[str] | None


class NewAnswer(Body):
    """A custom answer to an API, by one of the platform's names for it."""

    name: str
    answer: Annotated[dict[str, JsonValue], Field(description="without errcode and errmsg / 不含 errcode 与 errmsg")]


class AnswerView(BaseModel):
    """A custom answer; null if a function of the program that runs the sandbox makes it."""

    id: str
    names: list[str]
    answer: dict[str, Any] | None

    @classmethod
    def of(cls, own: OwnAnswer) -> AnswerView:
        """Make the view of an answer."""
        answer = None if callable(own.answer) else dict(own.answer)
        return cls(id=own.id, names=list(own.endpoint.names), answer=answer)


class LoginUser(Body):
    """The person who logs in."""

    userid: str


class Authorised(Body):
    """The person who returns from the authorise page. The scope `openid corpid` includes the company."""

    userid: str
    scope: Literal["openid", "openid corpid"] = "openid"


class LoginCode(BaseModel):
    """A code that is valid once, for 5 minutes."""

    code: str


# faults


@operation("GET", "/faults", "faults")
def list_faults(sandbox: Sandbox) -> list[FaultView]:
    """List the faults that still have requests left. / 列出尚未触发完的故障。"""
    return [FaultView.of(each) for each in sandbox.faults]


@operation("POST", "/faults", "fail")
def add_fault(sandbox: Sandbox, body: NewFault) -> FaultView:
    """Make the next requests to a path fail. / 让接下来对某路径的请求出错。"""
    return FaultView.of(sandbox.fail(body.path, times=body.times, known=body.known, **body.behaviour()))


@operation("DELETE", "/faults/{id}", "faults")
def cancel_fault(sandbox: Sandbox, id: str) -> None:
    """Cancel a fault. / 取消故障。"""
    found({each.id: each for each in sandbox.faults}, id, "fault").cancel()


@operation("GET", "/qps", "qps")
def read_qps(sandbox: Sandbox) -> Limit:
    """Read the rate limit of each API. / 读取单接口每秒限流值。"""
    return Limit(qps=sandbox.qps)


@operation("PUT", "/qps", "qps")
def set_qps(sandbox: Sandbox, body: Limit) -> Limit:
    """Set the rate limit of each API. / 设置单接口每秒限流值。"""
    sandbox.qps = body.qps
    return body


@operation("GET", "/scopes", "scopes")
def read_scopes(sandbox: Sandbox) -> Scopes:
    """Read the permission scopes granted to the app. / 读取应用已获得的权限点。"""
    return Scopes(scopes=None if sandbox.scopes is None else sorted(sandbox.scopes))


@operation("PUT", "/scopes", "scopes")
def set_scopes(sandbox: Sandbox, body: Scopes) -> Scopes:
    """Set the permission scopes granted to the app. / 设置应用的权限点。"""
    sandbox.scopes = None if body.scopes is None else frozenset(body.scopes)
    return body


# own answers


@operation("GET", "/answers", "answers")
def list_answers(sandbox: Sandbox) -> list[AnswerView]:
    """List the custom answers to APIs. / 列出自定义的接口返回。"""
    return [AnswerView.of(each) for each in sandbox.answers]


@operation("POST", "/answers", "answer")
def set_answer(sandbox: Sandbox, body: NewAnswer) -> AnswerView:
    """Set a custom answer to an API; the latest one counts. / 自定义某接口的返回，以最后一次为准。"""
    return AnswerView.of(sandbox.answer(body.name, body.answer))


@operation("DELETE", "/answers/{id}", "answers")
def cancel_answer(sandbox: Sandbox, id: str) -> None:
    """Cancel a custom answer. / 取消自定义返回。"""
    found({each.id: each for each in sandbox.answers}, id, "answer").cancel()


# tokens and codes


@operation("POST", "/tokens/revoke", "revoke_tokens")
def revoke_tokens(sandbox: Sandbox) -> None:
    """Make the issued access token invalid. / 让已发放的 access_token 失效。"""
    sandbox.revoke_tokens()


@operation("POST", "/user-tokens/revoke", "company.logins.revoke_tokens")
def revoke_user_tokens(sandbox: Sandbox) -> None:
    """Make the access tokens of all users invalid. / 让所有用户的 access_token 失效。"""
    sandbox.company.logins.revoke_tokens()


@operation("POST", "/login-codes", "login_code")
def make_login_code(sandbox: Sandbox, body: LoginUser) -> LoginCode:
    """Make a login code (免登授权码) for a user. / 生成免登授权码。"""
    found(sandbox.company.users, body.userid, "user")
    return LoginCode(code=sandbox.login_code(body.userid))


@operation("POST", "/authorise-codes", "authorise")
def make_authorise_code(sandbox: Sandbox, body: Authorised) -> LoginCode:
    """Make the code that the authorise page returns for a person. / 生成登录授权页返回的 authCode。"""
    people = {**sandbox.company.users, **sandbox.company.logins.strangers}
    found(people, body.userid, "person")
    return LoginCode(code=sandbox.authorise(body.userid, scope=body.scope))
