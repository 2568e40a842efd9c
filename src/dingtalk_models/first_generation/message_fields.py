"""The first generation's names for the fields of messages and groups, and their translation."""

from __future__ import annotations

from typing import Any

from dingtalk_models.call.operation import Old


class OldSend(Old):
    """Merges the type and content of a message, which were two parameters."""

    def translate(self, given: dict[str, Any]) -> dict[str, Any]:
        today = super().translate(given)
        if kind := today.pop("msgtype", None):
            today["msg"] = {"msgtype": kind, kind: today.pop("msgcontent", {})}
        return today


OLD_GROUP_FIELDS: dict[str, str] = {
    "ownerType": "owner_type",
    "showHistoryType": "show_history_type",
    "validationType": "validation_type",
    "mentionAllAuthority": "mention_all_authority",
    "managementType": "management_type",
    "chatBannedType": "chat_banned_type",
}
"""The older APIs' names for the fields of a group."""
