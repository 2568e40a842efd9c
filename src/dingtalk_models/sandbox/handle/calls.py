"""The calls that the sandbox received."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import to_jsonable_python

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.handle.operations import QueryString, operation


class CallFilter(QueryString):
    """The filters for calls. A call has to fit all of them."""

    api: str | None = Field(
        None, description="a name of the API, or a path, in which {id} stands for any id / API 名称，或可含 {id} 的路径"
    )
    caller: str | None = Field(
        None, description="owner of the token: an AppKey or a userid / 令牌所属的 AppKey 或 userid"
    )
    status: int | None = Field(
        None, description="the HTTP status; 0 if the connection was cut / HTTP 状态，0 为连接中断"
    )
    code: str | None = Field(None, description="the code of the answer; 0 for success / 返回的错误码，0 为成功")
    since: float | None = Field(None, description="from then on, by the sandbox's clock / 起始时间（秒）")
    after: Annotated[int, Field(ge=0, description="only those after the call of this number / 此编号之后的调用")] = 0
    limit: Annotated[int, Field(ge=1, le=1000, description="how many to return / 返回的条数")] = 100


def _readable(body: object) -> Any:
    """Convert a body to JSON, with the contents of files in Base64."""
    try:
        return to_jsonable_python(body, bytes_mode="base64", inf_nan_mode="null", fallback=str)
    except ValueError:  # nested too deeply
        return repr(body)


Readable = Annotated[Any, BeforeValidator(_readable)]


class CallView(BaseModel, from_attributes=True):
    """A call. Bodies are JSON or text."""

    number: int
    method: str
    path: str
    name: str | None
    title: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Readable
    status: int | None
    code: int | str | None
    at: float
    seconds: float
    documented: bool
    caller: str | None
    reply: Annotated[Readable, Field(validation_alias="reply_body")]


class CallPage(BaseModel):
    """Calls, oldest first. `next` is the `after` for the next page; null on the last page.

    `total` is the number of calls so far, including those that are no longer kept.
    """

    total: int
    calls: list[CallView]
    next: int | None


@operation("GET", "/calls", "calls.to")
def list_calls(sandbox: Sandbox, query: CallFilter) -> CallPage:
    """List the calls that were received, oldest first. / 列出收到的调用，从早到晚。"""
    of_api = None if query.api is None else {each.number for each in sandbox.calls.to(query.api)}
    calls = [
        call
        for call in sandbox.calls.since(query.after)
        if (of_api is None or call.number in of_api)
        and query.caller in (None, call.caller)
        and query.status in (None, call.status or 0)
        and query.code in (None, str(call.code))
        and (query.since is None or call.at >= query.since)
    ]
    shown = calls[: query.limit]
    following = shown[-1].number if len(calls) > len(shown) else None
    return CallPage(total=sandbox.calls.total, calls=[CallView.model_validate(each) for each in shown], next=following)


@operation("DELETE", "/calls", "calls.clear")
def clear_calls(sandbox: Sandbox) -> None:
    """Clear the calls that were received. / 清空调用记录。"""
    sandbox.calls.clear()
