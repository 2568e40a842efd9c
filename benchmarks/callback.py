"""Encrypting and decrypting a push."""

from __future__ import annotations

from base64 import b64decode

from Crypto.Cipher import AES

from benchmarks.measure import compare
from dingtalk_models.callback.crypto import Crypto, decode_key

AES_KEY = "1234567890123456789012345678901234567890123"
SENT = {"timestamp": "1614767836", "nonce": "A7Co0cJLMzIDtMMI"}


def callback() -> None:
    """A small push and a large one."""
    crypto, key = Crypto("123456", AES_KEY, ["dingsnotzck6pm5veliw"]), decode_key(AES_KEY)
    for size, times in ((1024, 500), (65536, 60)):
        text = "a" * size
        push = crypto.seal(text, **SENT)

        def bare(encrypted: str = push["encrypt"]) -> bytes:
            return AES.new(key, AES.MODE_CBC, key[:16]).decrypt(b64decode(encrypted))

        def opened(encrypted: str = push["encrypt"], signature: str = push["msg_signature"]) -> str:
            crypto.verify(signature, SENT["timestamp"], SENT["nonce"], encrypted)
            return crypto.decrypt(encrypted)

        def sealed(text: str = text) -> dict[str, str]:
            return crypto.seal(text, **SENT)

        compare(
            f"A push of {size // 1024} KB",
            {"AES-CBC and base64": bare, "verify and decrypt": opened, "encrypt and sign": sealed},
            times=times,
        )
