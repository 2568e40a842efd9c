"""Which tests measure coverage."""

from __future__ import annotations

MEASURED = frozenset(
    "app approval approval_file approval_form approval_list approval_names attendance blocking_on_loop bulk_endings "  # noqa: SIM905
    "callback_push calls_as_they_were card card_action card_click changes chatbot_message chatbot_message_http "
    "connections credentials customer days definitions department errors failures first_generation four_uses gather "
    "group hints hr_sync ids login login_codes media message odd_values plan plan_tables prefetch query rate_limit "
    "reaching rejected_tokens renewal reply request retry robot robot_more role run samples secrets shapes shown "
    "space stream stream_connection stream_opening to_company together transfer user wire".split()
)
"""The test files during which coverage is measured. They reach 99 % of what all reach, in a fifth of the time.

Tracing doubles the time of a test. If the coverage of new lines is missing, add the file of their tests.
"""
