"""The address that is registered for events, and the events that changes in the company lead to."""
