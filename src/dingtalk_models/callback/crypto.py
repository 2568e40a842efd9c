"""The encryption of pushes: AES-256-CBC over length-prefixed text, signed with SHA-1.

Other implementations often get these points wrong. Lengths count bytes, not characters. Padding is to blocks of 32.
Base64 may contain line breaks. The 43rd character of a key may have extra bits, which a strict decoder refuses. The
owner of a push must be checked. Signatures must be compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from base64 import b64decode, b64encode
from binascii import a2b_base64
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from pydantic import SecretStr

from dingtalk_models.callback.push_keys import checked_key
from dingtalk_models.core.errors import ConfigurationError, DecryptionError, SignatureMismatch
from dingtalk_models.core.secret import Secret

if TYPE_CHECKING:
    from Crypto.Cipher._mode_cbc import CbcMode

_BLOCK = 32
_PADDING = [bytes([length]) * length for length in range(_BLOCK + 1)]
_RANDOM = 16
_AES_BLOCK = 16
_LENGTH = struct.Struct(">I")
_SMALLEST = _RANDOM + _LENGTH.size


def decode_key(aes_key: str | SecretStr) -> bytes:
    """The 32 bytes of an EncodingAESKey.

    Raises:
        ConfigurationError: it is not 43 letters and digits.
    """
    return b64decode(checked_key(aes_key).get_secret_value() + "=")


class DecryptedText(NamedTuple):
    """A decrypted text, and the owner that it was encrypted for."""

    text: str
    owner: str


class Crypto:
    """Encrypts, decrypts and signs for one token and one key.

    Args:
        token: the token that signatures are made with.
        aes_key: the key, 43 characters.
        owners: the accepted owners of pushes: the AppKey if pushes are set up in the console, the CorpId if they are
            set up by `register`. Texts are encrypted for the first one by default.
    """

    def __init__(self, token: str | SecretStr, aes_key: str | SecretStr, owners: Iterable[str]) -> None:
        self._owners = tuple(owner.encode() for owner in owners)
        self._token, aes_key = Secret.of(token), Secret.of(aes_key)
        token = self._token
        self._key = decode_key(aes_key)
        self._iv = self._key[:_AES_BLOCK]
        if not self._owners:
            raise ConfigurationError(
                "pushes need an owner: set appkey or corp_id on the app / 接收推送须设置应用的 appkey 或 corp_id"
            )

    def __repr__(self) -> str:
        return f"Crypto(owners={[owner.decode() for owner in self._owners]})"

    def encrypt(self, text: str, *, owner: str | None = None, random: bytes | None = None) -> str:
        """Encrypt a text for an owner.

        Args:
            text: the text.
            owner: the owner; by default the first one.
            random: the 16 bytes at the start, for a reproducible result.
        """
        message, meant_for = text.encode(), self._owners[0] if owner is None else owner.encode()
        start = secrets.token_bytes(_RANDOM) if random is None else random
        return self._seal(start + _LENGTH.pack(len(message)) + message + meant_for)

    def decrypt(self, encrypted: str) -> str:
        """Decrypt the text of a push.

        Raises:
            DecryptionError: it is cut short, encrypted with another key, or meant for another owner.
        """
        message, _ = self._open(encrypted)
        return _text(message)

    def open(self, encrypted: str) -> DecryptedText:
        """Decrypt the text of a push, with its owner: the reply must be encrypted for the same owner.

        Raises:
            DecryptionError: it is cut short, encrypted with another key, or meant for another owner.
        """
        message, owner = self._open(encrypted)
        return DecryptedText(_text(message), owner.decode())

    def encrypt_text(self, text: str) -> str:
        """Encrypt a plain text, without random start, length and owner."""
        return self._seal(text.encode())

    def decrypt_text(self, encrypted: str) -> str:
        """Decrypt a text from `encrypt_text`.

        Raises:
            DecryptionError: it is cut short, or encrypted with another key.
        """
        return _text(self._unseal(encrypted))

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Compute the signature of an encrypted text, in lower-case hexadecimal."""
        signed = "".join(sorted((self._token.get_secret_value(), timestamp, nonce, encrypted)))
        return hashlib.sha1(signed.encode(errors="replace")).hexdigest()  # noqa: S324 - the platform's choice

    def verify(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> None:
        """Check a signature, in constant time.

        Raises:
            SignatureMismatch: it does not match.
        """
        given = signature.encode(errors="replace")
        # the right signature is kept out of variables, since a traceback could reveal it and make a forged push valid
        if not hmac.compare_digest(self.signature(timestamp, nonce, encrypted).encode(), given):
            raise SignatureMismatch("the signature does not match the push: is token the right one?")

    def seal(self, text: str, *, timestamp: str, nonce: str, owner: str | None = None) -> dict[str, str]:
        """Encrypt and sign a text. The result has `msg_signature`, `timeStamp`, `nonce` and `encrypt`, as in a push."""
        encrypted = self.encrypt(text, owner=owner)
        signature = self.signature(timestamp, nonce, encrypted)
        return {"msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": encrypted}

    def _open(self, encrypted: str) -> tuple[bytes, bytes]:
        """A text and its owner."""
        plain = self._unseal(encrypted)
        if len(plain) < _SMALLEST:
            raise DecryptionError("the decrypted text is too short")
        (length,) = _LENGTH.unpack_from(plain, _RANDOM)
        message, owner = plain[_SMALLEST : _SMALLEST + length], plain[_SMALLEST + length :]
        if len(message) != length or owner not in self._owners:
            raise DecryptionError("the push is meant for another owner")
        return message, owner

    def _seal(self, plain: bytes) -> str:
        padding = _PADDING[_BLOCK - len(plain) % _BLOCK]
        return b64encode(self._cipher().encrypt(plain + padding)).decode()

    def _unseal(self, encrypted: str) -> bytes:
        try:
            sealed = a2b_base64(encrypted)  # accepts line breaks
        except ValueError:
            raise DecryptionError("the encrypted text is not base64") from None
        if not sealed or len(sealed) % _AES_BLOCK:
            raise DecryptionError("the encrypted text is cut short")
        plain = self._cipher().decrypt(sealed)
        padding = plain[-1]
        if not 1 <= padding <= _BLOCK or not plain.endswith(_PADDING[padding]):
            raise DecryptionError("the padding is wrong: is aes_key the right one?")
        return plain[:-padding]

    def _cipher(self) -> CbcMode:
        from Crypto.Cipher import AES  # noqa: PLC0415 - slow to import, and in Stream mode nothing is encrypted

        return AES.new(self._key, AES.MODE_CBC, self._iv)


def _text(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise DecryptionError("the decrypted text is not UTF-8") from None
