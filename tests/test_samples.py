"""Every operation makes a call of the documented sample of its request, apart from those whose page has none."""

from __future__ import annotations

import conventions
import replies

from dingtalk_models import operations

WITHOUT = {"calendar_1_0.GetSignInLink"}
"""The operations whose documented sample cannot be sent."""


def test_each_operation_makes_a_call_of_its_sample() -> None:
    made = {
        info.name for info in operations() if any(replies.sample_call(info, page) for page in conventions.pages(info))
    }
    assert {info.name for info in operations()} - made == WITHOUT
