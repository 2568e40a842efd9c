"""Views for web frameworks, which pass the platform's POST requests to an app."""

from __future__ import annotations

from dingtalk_models.callback.receiver import Receiver
from dingtalk_models.message.cards.receiving import CardReceiver
from dingtalk_models.message.received.receiving import MessageReceiver

Posted = Receiver | MessageReceiver | CardReceiver
"""The receiver of the platform's requests: `app.callback`, `app.message`, or a `CardReceiver`."""
