"""Clicks on cards: each is sent to the app as a callback, and the answer changes the card."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dingtalk_models.sandbox.message.cards.card import change
from dingtalk_models.sandbox.server.json_values import is_object, read_json
from dingtalk_models.sandbox.server.posting import Unanswered, post_json
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.card import Card, Cards, Click, Route

TOPIC: Final = "/v1.0/card/instances/callback"

DEADLINE: Final = 3.0
"""The time limit for the app's answer, in seconds."""


def click(company: Company, card: Card, action_ids: Sequence[str], params: Mapping[str, Any], by: str) -> Click:
    """Let a person click on a card. The app gets the callback in the card's callback type; the answer changes the card.

    Raises:
        LookupError: nobody has this userid, or the card's callback route is not registered.
        PermissionError: the card was not delivered, or has no callback type.
    """
    if by not in company.users:
        raise LookupError(f"nobody has the userid {by}")
    if not card.delivered or card.callback_type is None:
        raise PermissionError("nobody can click on this card: it was not delivered, or has no callback type")
    payload = _payload(company, card, action_ids, params, by)
    if card.callback_type == "STREAM":
        message = company.stream.push_callback(TOPIC, payload, DEADLINE)
        answer, problem = message.response, None if message.code == 200 else f"code {message.code}"
    else:
        routes = company.keep(Cards).routes
        if card.route not in routes:
            raise LookupError(f"the callback route {card.route} is not registered")
        answer, problem = _post(routes[card.route], payload, str(int(company.credentials.clock.now() * 1000)))
    if problem is None:
        problem = _apply(company, card, answer, by)
    clicked = Click(payload, answer if is_object(answer) else None, problem)
    card.clicks.append(clicked)
    return clicked


def signature(secret: str, timestamp: str) -> str:
    """Return the signature that proves to the app that a click comes from the platform."""
    return base64.b64encode(hmac.digest(secret.encode(), timestamp.encode(), hashlib.sha256)).decode()


def _payload(
    company: Company, card: Card, action_ids: Sequence[str], params: Mapping[str, Any], by: str
) -> dict[str, Any]:
    content = {"cardPrivateData": {"actionIds": [*action_ids], "params": {**params}}}
    code, space_id = card.delivered[0]
    return {
        "type": "actionCallback",
        "outTrackId": card.out_track_id,
        "corpId": company.credentials.corp_id,
        "userId": by if card.user_id_type == 1 else company.users[by].unionid,
        "userIdType": card.user_id_type,
        "spaceType": code,
        "spaceId": space_id,
        "extension": "{}",
        "content": json.dumps(content, ensure_ascii=False),
    }


def _post(route: Route, payload: Mapping[str, Any], timestamp: str) -> tuple[Any, str | None]:
    """Post a click to the address of its route, and return the answer and its problem."""
    headers: dict[str, str] = {}
    if route.secret is not None:
        headers = {
            "x-ddpaas-signature-timestamp": timestamp,
            "x-ddpaas-signature": signature(route.secret, timestamp),
        }
    try:
        reply = post_json(route.url, payload, deadline=DEADLINE, headers=headers)
        return (read_json(reply.content), None) if reply.ok else (None, f"HTTP {reply.status_code}")
    except Unanswered as problem:
        return None, str(problem)
    except ValueError:
        return None, "not JSON"


def _apply(company: Company, card: Card, answer: Any, by: str) -> str | None:
    """Apply an answer to the card, and return the problem of the answer, if any."""
    if not answer:
        return None
    if not is_object(answer):
        return f"not an object: {answer!r}"
    public, private = _params(answer.get("cardData")), _params(answer.get("userPrivateData"))
    if any(not isinstance(value, str) for value in {**(public or {}), **(private or {})}.values()):
        return "a value is not a text"
    own = {by: private} if private else {}
    options = answer.get("cardUpdateOptions")
    change(card, public or None, own, options if is_object(options) else {})
    card.changed(company.credentials.clock.now())
    return None


def _params(data: Any) -> dict[str, Any] | None:
    found = data.get("cardParamMap") if is_object(data) else None
    return found if is_object(found) else None
