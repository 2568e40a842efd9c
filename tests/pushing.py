"""Apps that receive pushes, and pushes for them."""

from __future__ import annotations

import json
import time
from typing import Any

from dingtalk_models import DingTalkApp

TOKEN, KEY = "token-123456", "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"


def receiving_app(**settings: Any) -> DingTalkApp:
    return DingTalkApp(appkey="dingkey", appsecret="s", corp_id="dingcorp", token=TOKEN, aes_key=KEY, **settings)


def sealed(
    app: DingTalkApp, *, ago: float = 0, owner: str = "dingcorp", **payload: Any
) -> tuple[dict[str, str], bytes]:
    """A push as the platform makes it: its query parameters and its body."""
    text = json.dumps({"EventType": "user_add_org", "CorpId": "dingcorp", "userId": ["u1"], **payload})
    stamp = str(int((time.time() - ago) * 1000))
    parts = app.callback.crypto.seal(text, timestamp=stamp, nonce=f"n{time.monotonic_ns()}", owner=owner)
    query = {"msg_signature": parts["msg_signature"], "timestamp": stamp, "nonce": parts["nonce"]}
    return query, json.dumps({"encrypt": parts["encrypt"]}).encode()
