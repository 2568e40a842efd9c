"""`/v1.0/gateway/connections/open`: the address of a WebSocket, and the ticket for it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.server.endpoints import Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company


class WantedTopic(TypedDict):
    """A subscription of a client."""

    type: Literal["EVENT", "CALLBACK", "SYSTEM"]
    topic: str


@endpoint("POST", "/v1.0/gateway/connections/open", open=True, invalid="invalidParameter", xml=True)
def open_connection(
    company: Company,
    *,
    client_id: str,
    client_secret: str,
    subscriptions: Annotated[list[WantedTopic], Field(min_length=1)],
    ua: str = "",
    local_ip: Any = None,
) -> Result:
    """Open a connection. The credentials are in the body, so it needs no token."""
    del local_ip
    held = company.credentials
    if (client_id, client_secret) != (held.appkey, held.appsecret):
        raise Refused("invalidClientIdOrSecret")
    asked = frozenset((each["type"], each["topic"]) for each in subscriptions)
    return {"endpoint": company.stream.endpoint, "ticket": company.stream.issue_ticket(asked, ua)}
