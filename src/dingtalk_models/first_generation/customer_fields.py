"""The first generation's names for the fields of external contacts, and their translation."""

from __future__ import annotations

from typing import Any

from dingtalk_models.core.json_values import is_object, loaded

_OLD_NAMES = {
    "follower_userid": "follower_user_id",
    "share_deptids": "share_dept_ids",
    "share_userids": "share_user_ids",
}
_TEXTS = {"mobile", "state_code", "follower_user_id", "user_id"}


def old_contact(contact: Any) -> dict[str, Any]:
    """Convert a contact for the older APIs: an object or its JSON text, which may have numbers instead of texts."""
    whole: object = loaded(contact)
    if not is_object(whole):
        return {"contact": contact}
    named = {_OLD_NAMES.get(name, name): value for name, value in whole.items()}
    texts = {name: as_text(value) if name in _TEXTS else value for name, value in named.items()}
    return {"contact": texts}


def as_text(value: Any) -> Any:
    """Convert a number to text and leave other values unchanged. The older APIs accepted both."""
    return str(value) if isinstance(value, int) else value
