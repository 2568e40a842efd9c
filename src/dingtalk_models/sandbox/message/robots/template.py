"""The platform's templates for messages of a robot."""

from __future__ import annotations

from typing import Final

_BUTTONS: Final = "miss.param.actionCardTobtnsTotitle"
_CARD: Final = {"title": "miss.param.actionCardTotitle", "text": "miss.param.actionCardTotext"}
TEMPLATES: Final[dict[str, dict[str, str]]] = {
    "sampleText": {"content": "miss.param.contentOfText"},
    "sampleMarkdown": {"title": "miss.param.markdownTotitle", "text": "miss.param.markdownTotext"},
    "sampleImageMsg": {"photoURL": "miss.param.photoTophotoUrl"},
    "sampleLink": {
        "text": "miss.param.textOfLink",
        "title": "miss.param.titleOfLink",
        "messageUrl": "miss.param.messageUrlOfLink",
    },
    "sampleActionCard": {
        **_CARD,
        "singleTitle": "miss.param.actionCardTosingleTitle",
        "singleURL": "miss.param.actionCardTosingleUrl",
    },
    **{
        f"sampleActionCard{count}": {
            **_CARD,
            **{f"{part}{number}": _BUTTONS for number in range(1, count + 1) for part in ("actionTitle", "actionURL")},
        }
        for count in range(2, 6)
    },
    "sampleActionCard6": {
        **_CARD,
        **{f"{part}{number}": _BUTTONS for number in (1, 2) for part in ("buttonTitle", "buttonUrl")},
    },
    "sampleAudio": dict.fromkeys(("mediaId", "duration"), "miss.param.audio"),
    "sampleFile": dict.fromkeys(("mediaId", "fileName", "fileType"), "miss.param.file"),
    "sampleVideo": dict.fromkeys(("duration", "videoMediaId", "videoType", "picMediaId"), "miss.param.video"),
}
"""The required parameters of each template, with the code for each missing one."""
