"""`app.callback`: receives pushes, makes the replies, and manages subscriptions.

@app.callback.on("user_add_org")
def welcome(event: UserAddOrg) -> None: ...

push = app.callback.receive(query_params, body)
# send push.reply as JSON
"""

from __future__ import annotations

from dingtalk_models.callback.receiver import Receiver
from dingtalk_models.callback.subscription import SubscriptionManager
from dingtalk_models.core.errors import SignatureMismatch
from dingtalk_models.first_generation.formerly import formerly
from dingtalk_models.resource.manager import managed


class Callback(Receiver):
    """The event features of an app: pushes, handlers and subscriptions."""

    subscriptions = managed(SubscriptionManager)
    """The registration for events, and the events whose push failed."""

    # -- the first generation's names -----------------------------------------------------------------------------

    @formerly(SubscriptionManager.register, callback_tag="event_types")
    def register_callback(self, callback_tag: list[str]) -> None: ...
    @formerly(SubscriptionManager.update, callback_tag="event_types")
    def update_callback(self, callback_tag: list[str]) -> None: ...

    get_callback = SubscriptionManager.get
    delete_callback = SubscriptionManager.delete
    get_call_back_failed_result = SubscriptionManager.take_failed_page

    def encrypt(self, plaintext: str, buf: bytes | str | None = None) -> str:
        """Encrypt a text for this app.

        Args:
            plaintext: the text.
            buf: the 16 bytes at the start; by default random ones.
        """
        return self.crypto.encrypt(plaintext, random=buf.encode() if isinstance(buf, str) else buf)

    def decrypt(self, ciphertext: str) -> str:
        """Decrypt the text of a push."""
        return self.crypto.decrypt(ciphertext)

    def encrypt_text(self, plaintext: str) -> str:
        """Encrypt a plain text, without random start, length and owner."""
        return self.crypto.encrypt_text(plaintext)

    def decrypt_text(self, ciphertext: str) -> str:
        """Decrypt a text from `encrypt_text`."""
        return self.crypto.decrypt_text(ciphertext)

    def generate_callback_signature(self, data: str, timestamp: str | int, nonce: str) -> str:
        """The signature of an encrypted text."""
        return self.crypto.signature(str(timestamp), nonce, data)

    def check_callback_signature(self, signature: str, ciphertext: str, timestamp: str | int, nonce: str) -> bool:
        """Whether a signature matches an encrypted text."""
        try:
            self.crypto.verify(signature, str(timestamp), nonce, ciphertext)
        except SignatureMismatch:
            return False
        return True

    def return_success(self) -> dict[str, str]:
        """The reply to a push: an encrypted and signed `success`."""
        return self.reply()

    def check_url(
        self, ding_nonce: str, ding_sign: str, ding_timestamp: str | int, ding_encrypt: str
    ) -> dict[str, str]:
        """The reply to the push that checks the app's URL. `receive` does this for every push.

        Args:
            ding_nonce: `nonce` of the query.
            ding_sign: `signature` of the query.
            ding_timestamp: `timestamp` of the query.
            ding_encrypt: `encrypt` of the body.

        Raises:
            SignatureMismatch: it is not signed with the app's token.
            DecryptionError: it is not encrypted with the app's key, or is meant for another app.
        """
        self.crypto.verify(ding_sign, str(ding_timestamp), ding_nonce, ding_encrypt)
        return self.reply(self.crypto.open(ding_encrypt).owner)
