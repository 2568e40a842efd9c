"""Messages and groups as the first generation had them: the names of their fields, and what those become."""

from __future__ import annotations

from typing import Any

from dingtalk_models.call.operation import Old


class OldSend(Old):
    """Earlier, kind and content of a message were two parameters."""

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
"""The names that the older APIs have for the fields of a group."""
