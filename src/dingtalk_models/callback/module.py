"""`app.callback`: receives pushes, makes the replies, and manages subscriptions.

@app.callback.on("user_add_org")
def welcome(event: UserAddOrg) -> None: ...

push = app.callback.receive(query, body)
# answer with push.reply as JSON
"""

from __future__ import annotations

from dingtalk_models.callback.receiver import Receiver
from dingtalk_models.callback.subscription import SubscriptionManager
from dingtalk_models.core.errors import SignatureMismatch
from dingtalk_models.core.model import managed


class Callback(Receiver):
    """Everything that an app needs for events."""

    subscriptions = managed(SubscriptionManager)
    """The registration for events, and the events whose push failed."""

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
        return self.reply()

    check_url = return_success
