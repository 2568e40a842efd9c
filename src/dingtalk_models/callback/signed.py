"""Checks that a push is from the platform, by the signature of its time with a shared secret."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable

from dingtalk_models.clocks import wall
from dingtalk_models.core.errors import ReplayedCallback, SignatureMismatch


def check_signed(
    what: str, timestamp: str, given: str, sign: Callable[[str], str], *, hint: str, tolerance: float
) -> None:
    """Check the signature of a push, and its age.

    Args:
        what: what was pushed, for the errors: `message`.
        timestamp: when it was signed, in milliseconds.
        given: the signature.
        sign: makes the right signature for a timestamp.
        hint: what may be wrong with the secret, if the signature does not match.
        tolerance: the seconds by which its time may differ from this machine's.

    Raises:
        SignatureMismatch: it is not signed, or not with this secret.
        ReplayedCallback: it is too old.
    """
    if not re.fullmatch("[0-9]{1,16}", timestamp) or not given:
        raise SignatureMismatch(f"the {what} has no timestamp, or no signature")
    # the right signature is kept out of variables, since a traceback could reveal it and make a forged push valid
    if not hmac.compare_digest(sign(timestamp).encode(), given.encode(errors="replace")):
        raise SignatureMismatch(f"the signature does not match the {what}: {hint}")
    if abs(wall() - int(timestamp) / 1000) > tolerance:
        raise ReplayedCallback(f"the {what} is too old, or this machine's clock is wrong")
