"""Views for web frameworks, which pass the platform's POST requests to an app."""

from __future__ import annotations

from dingtalk_models.callback.receiver import Receiver
from dingtalk_models.message.cards.receiving import CardReceiver
from dingtalk_models.message.received.receiving import MessageReceiver

Posted = Receiver | MessageReceiver | CardReceiver
"""What takes what the platform posts: `app.callback`, `app.message`, or a `CardReceiver`."""
