"""The state: one company, with a file for each module's part of it, as plain objects.

Nothing here refuses anything, except to look up an unknown id: a test may put the company in any state. The platform's
rules are in the endpoints.
"""
