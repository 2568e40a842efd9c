"""What to do about error codes, for the page of the sandbox: the hints of the client."""

from __future__ import annotations

import json

from dingtalk_models.core.codes import HINTS


def hints() -> str:
    """The hints in both languages, by code, as JSON."""
    lines = [
        f"{json.dumps(code)}: {json.dumps({'en': english, 'zh': chinese}, ensure_ascii=False)}"
        for code, (english, chinese) in ((code, hint.split(" / ")) for code, hint in sorted(HINTS.items()))
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"
