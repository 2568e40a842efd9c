"""`app.callback`: receives pushes, makes the replies, and manages subscriptions.

@app.callback.on("user_add_org")
def welcome(event: UserAddOrg) -> None: ...

push = app.callback.receive(query, body)
# answer with push.reply as JSON
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import SkipValidation

from dingtalk_models.callback.crypto import Crypto
from dingtalk_models.callback.event import Event
from dingtalk_models.callback.receiver import Body, CallbackApp, Push, Query, Receiver
from dingtalk_models.callback.subscription import SubscriptionManager
from dingtalk_models.core.errors import SignatureMismatch
from dingtalk_models.core.model import Module, managed
from dingtalk_models.core.operation import operation
from dingtalk_models.core.steps import Flow

if TYPE_CHECKING:
    from dingtalk_models.callback.on import On


class Callback(Module):
    """Everything that an app needs for events."""

    def __init__(self, app: CallbackApp) -> None:
        super().__init__(app)
        self.receiver = Receiver(app)

    subscriptions = managed(SubscriptionManager)
    """The registration for events, and the events whose push failed."""

    @property
    def crypto(self) -> Crypto:
        """Encrypts and decrypts this app's pushes."""
        return self.receiver.crypto

    @operation
    def receive(self, query: Annotated[Query, SkipValidation], body: Annotated[Body, SkipValidation]) -> Flow[Push]:
        """Verify and decrypt a push, and pass its event to the handlers.

        An event that was handled is not handled again, even if it is pushed again. If a handler raises, this raises the
        same error, and the event is handled again at its next push.

        Args:
            query: the parameters of the query string.
            body: the body, as it came.

        Returns:
            The event, and the reply to send as JSON.

        Raises:
            SignatureMismatch: it is not signed with the app's token.
            ReplayedCallback: it is too old, or was received before.
            DecryptionError: it is not encrypted with the app's key, or is meant for another app.
            CallbackError: it is not a push.
        """
        return self.receiver.receive(query, body)

    @operation
    def handle(self, event: Annotated[Event, SkipValidation]) -> Flow[bool]:
        """Pass an event to its handlers, for example one whose push failed.

        Args:
            event: the event.

        Returns:
            Whether it was handled before; then the handlers are not called.
        """
        return self.receiver.handle(event)

    @property
    def on(self) -> On:
        """Register a handler for a type of event: `@app.callback.on(UserAddOrg)`, `@app.callback.on("user_add_org")`.

        `Event`, or `*`, stands for every type except `check_url`. A handler may be a coroutine function. The handlers
        of an event run in the order of their registration. If one raises, all of them run again when the event is
        pushed again.
        """
        return self.receiver.on

    # -- the first generation's names -----------------------------------------------------------------------------

    register_callback = SubscriptionManager.register
    update_callback = SubscriptionManager.update
    get_callback = SubscriptionManager.get
    delete_callback = SubscriptionManager.delete
    get_call_back_failed_result = SubscriptionManager.take_failed_page

    def encrypt(self, text: str) -> str:
        """Encrypt a text for this app."""
        return self.crypto.encrypt(text)

    def decrypt(self, encrypted: str) -> str:
        """Decrypt the text of a push."""
        return self.crypto.decrypt(encrypted)

    def encrypt_text(self, text: str) -> str:
        """Encrypt a plain text, without random start, length and owner."""
        return self.crypto.encrypt_text(text)

    def decrypt_text(self, encrypted: str) -> str:
        """Decrypt a text from `encrypt_text`."""
        return self.crypto.decrypt_text(encrypted)

    def generate_callback_signature(self, encrypted: str, timestamp: str, nonce: str) -> str:
        """The signature of an encrypted text."""
        return self.crypto.signature(timestamp, nonce, encrypted)

    def check_callback_signature(self, signature: str, encrypted: str, timestamp: str, nonce: str) -> bool:
        """Whether a signature matches an encrypted text."""
        try:
            self.crypto.verify(signature, timestamp, nonce, encrypted)
        except SignatureMismatch:
            return False
        return True

    def return_success(self) -> dict[str, str]:
        """The reply to a push: an encrypted and signed `success`."""
        return self.receiver.reply()

    check_url = return_success
