"""The encryption of pushes: the documented vectors, round trips, and what must be refused."""

from __future__ import annotations

import json
import random
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soaking import tries

from dingtalk_models import CallbackError, ConfigurationError, DecryptionError, DingTalkApp, SignatureMismatch
from dingtalk_models.callback import Crypto
from dingtalk_models.callback.crypto import decode_key

MESSAGES = tries(5_000)
KEY = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"
SUITE = Crypto("123456", KEY, ["suite4xxxxxxxxxxxxxxx"])
CONSOLE = Crypto("123456", "1234567890123456789012345678901234567890123", ["dingsnotzck6pm5veliw"])
V1 = "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA=="
V2 = (
    "1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBmfxjZ8Ej23JVYa9VrYeJ5as7"
    "XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK+AGGanfwjXuQ9+0pZcy0w9lQ=="
)
V2_TEXT = '{"EventType":"check_create_suite_url","Random":"LPIdSnlF","TestSuiteKey":"suite4xxxxxxxxxxxxxxx"}'
V3 = (
    "5DJFWzjRNOQk+5GSZxW+VrFMDWCIidPjEjg3//gm5x556BedVi62rDj1F9uXU97a4jw1R4FACUv9RCpoDobNqxhxRB2YtW901k4KHbP1/wpFJ3xdLG0n"
    "0A8U1VhENg80zKJd+YROR0YMGum4WYuoXJ6J98vt0ihYeIFoapNddLML5MyNAGM9saSpkouDMSvD+iU14i7V8ix1ia1Tb9ogog=="
)
V6 = "DwCJ9BMxu4r+VTe9TD+AWc1yfxqs7d2YgepFe4XruMgh1+6pTjCCq4nqAM6StRcafOx5a1OfwmX3ckSBifatlA=="
V6_TEXT = "5p7b4jXMWUshiBCosucc111esssuite4xxxxxxxxxxxxxxx221"


@dataclass(frozen=True)
class Vector:
    """A documented push."""

    crypto: Crypto
    start: bytes
    stamp: str
    nonce: str
    encrypted: str
    signature: str
    text: str


VECTORS = {
    "V1": Vector(
        CONSOLE,
        b"dICkEDLj0eb6yAbc",
        "1614767836",
        "A7Co0cJLMzIDtMMI",
        V1,
        "9a95a004dd16f5c307e849b994173f76aa26e5eb",
        "success",
    ),
    "V2": Vector(
        SUITE,
        b"hU3bEfGZZewzhG5a",
        "1445827045067",
        "nEXhMP4r",
        V2,
        "5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0",
        V2_TEXT,
    ),
    "V3": Vector(
        SUITE,
        b"1234567890123456",
        "1445827045067",
        "nEXhMP4r",
        V3,
        "bcf6dcefa4ce2dbaf7b0666c7264d46fd9aad4bd",
        V2_TEXT,
    ),
}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_documented_vectors(vector: Vector) -> None:
    crypto = vector.crypto
    crypto.verify(vector.signature, vector.stamp, vector.nonce, vector.encrypted)
    assert crypto.signature(vector.stamp, vector.nonce, vector.encrypted) == vector.signature
    assert crypto.decrypt(vector.encrypted) == vector.text
    assert crypto.encrypt(vector.text, random=vector.start) == vector.encrypted
    with pytest.raises(SignatureMismatch):
        crypto.verify(vector.signature, vector.stamp, vector.nonce + "x", vector.encrypted)


def test_the_bare_block_vector() -> None:
    assert SUITE.decrypt_text(V6) == V6_TEXT
    assert SUITE.encrypt_text(V6_TEXT) == V6


def test_line_breaks_in_base64_are_no_matter() -> None:
    assert SUITE.decrypt("\n".join([V2[:76], V2[76:152], V2[152:], ""])) == V2_TEXT


@given(st.text(alphabet="ABCxyz019", min_size=42, max_size=42), st.sampled_from("ABCDabcdwxyz0123456789"))
def test_a_key_may_carry_more_bits_than_32_bytes_hold(start: str, last: str) -> None:
    assert len(decode_key(start + last)) == 32
    crypto = Crypto("token1", start + last, ["ding"])
    assert crypto.decrypt(crypto.encrypt("好")) == "好"


@pytest.mark.parametrize("key", ["", KEY[:-1], KEY + "x", KEY[:-1] + "=", KEY[:-1] + "好", KEY[:-1] + "\n"])
def test_a_malformed_key_is_a_mistake_in_the_set_up(key: str) -> None:
    with pytest.raises(ConfigurationError, match="43"):
        Crypto("token1", key, ["ding"])


def test_what_is_missing_in_the_set_up_is_named() -> None:
    with pytest.raises(ConfigurationError, match="token and aes_key"):
        DingTalkApp(appkey="k", appsecret="s").callback.encrypt("text")
    with pytest.raises(ConfigurationError, match="owner"):
        DingTalkApp(token="123456", aes_key=KEY).callback.encrypt("text")


@given(st.text(), st.binary(min_size=16, max_size=16), st.text(min_size=1), st.text(min_size=1))
def test_what_is_encrypted_decrypts(text: str, start: bytes, first: str, second: str) -> None:
    crypto = Crypto("token1", KEY, [first, second])
    assert crypto.open(crypto.encrypt(text, random=start)) == (text, first)
    assert crypto.open(crypto.encrypt(text, owner=second)) == (text, second)
    assert crypto.decrypt_text(crypto.encrypt_text(text)) == text


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_only_its_own_signature_is_taken(text: str, stamp: str, nonce: str, forged: str, token: str) -> None:
    crypto = Crypto(token, KEY, ["ding"])
    right = crypto.signature(stamp, nonce, text)
    crypto.verify(right, stamp, nonce, text)
    assert forged != right
    with pytest.raises(SignatureMismatch):
        crypto.verify(forged, stamp, nonce, text)


@given(st.text() | st.binary().map(lambda raw: b64encode(raw).decode()))
def test_any_text_decrypts_or_is_refused(text: str) -> None:
    for decrypt in (SUITE.decrypt, SUITE.decrypt_text):
        with suppress(DecryptionError):
            decrypt(text)


def test_many_messages_come_back() -> None:
    dice = random.Random(20261124)
    letters = 'abcXYZ019{}":,\\ \n\t\0é中文钉钉😀\U0010ffff'
    crypto = Crypto("token1", KEY, ["dingkey", "dingcorp"])
    for _ in range(MESSAGES):
        text = "".join(dice.choices(letters, k=dice.randrange(80)))
        owner = dice.choice(("dingkey", "dingcorp"))
        assert crypto.open(crypto.encrypt(text, owner=owner)) == (text, owner)


Parts = dict[str, str]
"""The four parts of a push, as `Crypto.seal` makes them."""


class Forger:
    """Makes pushes that must be refused, each in one way."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.right = Crypto("123456", KEY, ["dingkey"])
        self.other_key = Crypto("123456", KEY[::-1], ["dingkey"])
        self.other_owner = Crypto("123456", KEY, ["dingother"])
        self.other_token = Crypto("654321", KEY, ["dingkey"])
        self.number = 0

    def push(self, crypto: Crypto, *, ago: float = 0) -> Parts:
        self.number += 1
        text = json.dumps(
            {"EventType": "user_add_org", "eventId": str(self.number), "userId": ["钉" * (self.number % 40)]}
        )
        stamp = time.time() - ago
        return crypto.seal(
            text, timestamp=str(int(stamp * self.dice.choice((1, 1000)))), nonce=f"{self.dice.getrandbits(64):x}"
        )

    def resealed(self, parts: Parts, encrypted: str) -> Parts:
        signature = self.right.signature(parts["timeStamp"], parts["nonce"], encrypted)
        return parts | {"encrypt": encrypted, "msg_signature": signature}

    def bits(self) -> Parts:
        """A bit of any part is another."""
        parts = self.push(self.right)
        name = self.dice.choice(list(parts))
        raw = bytearray(parts[name].encode())
        raw[self.dice.randrange(len(raw))] ^= 1 << self.dice.randrange(7)
        return parts | {name: raw.decode()}

    def truncated(self) -> Parts:
        """Any part is cut short."""
        parts = self.push(self.right)
        name = self.dice.choice(list(parts))
        return parts | {name: parts[name][: self.dice.randrange(len(parts[name]))]}

    def truncated_and_signed(self) -> Parts:
        """The encrypted bytes are cut short, and signed with the right token."""
        parts = self.push(self.right)
        raw = b64decode(parts["encrypt"])
        # cut at a block's end, the padding of what is left is a matter of chance
        return self.resealed(parts, b64encode(raw[: len(raw) // 16 * 16 - self.dice.randrange(1, 16)]).decode())

    def wrong_key(self) -> Parts:
        return self.push(self.other_key)

    def wrong_owner(self) -> Parts:
        return self.push(self.other_owner)

    def wrong_token(self) -> Parts:
        return self.push(self.other_token)

    def stale(self) -> Parts:
        return self.push(self.right, ago=self.dice.choice((1, -1)) * self.dice.uniform(310, 10_000))

    def kinds(self) -> Iterator[Callable[[], Parts]]:
        made = (self.bits, self.truncated, self.truncated_and_signed)
        while True:
            yield from (*made, self.wrong_key, self.wrong_owner, self.wrong_token, self.stale)


def test_many_mutated_messages_are_refused_with_a_callback_error() -> None:
    app = DingTalkApp(appkey="dingkey", appsecret="secret", token="123456", aes_key=KEY)
    handled: list[str | None] = []
    app.callback.on("*")(lambda event: handled.append(event.event_id))
    forger = Forger(random.Random(20261124))
    kinds = forger.kinds()
    received: Parts = {}
    refused = accepted = 0
    while refused < MESSAGES:
        # one in ten is a replay: what was received just before, once more
        parts = received if refused % 10 == 9 else next(kinds)()
        if refused % 10 == 8:
            received = forger.push(forger.right)
            deliver(app, received)
            accepted += 1
        try:
            deliver(app, parts)
        except CallbackError:
            refused += 1
        else:
            pytest.fail(f"taken: {parts}")
    assert len(handled) == accepted == MESSAGES // 10
    app.close()


def deliver(app: DingTalkApp, parts: Parts) -> None:
    query = {"msg_signature": parts["msg_signature"], "timestamp": parts["timeStamp"], "nonce": parts["nonce"]}
    app.callback.receive(query, json.dumps({"encrypt": parts["encrypt"]}))
