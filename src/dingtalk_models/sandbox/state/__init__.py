"""The state of one company as plain objects, with a file for each module's part.

Methods that add something refuse what does not fit, such as a parent that does not exist, and lookups refuse an unknown
id. Nothing else is checked here, so that tests can set any state. The platform's rules are in the endpoints.
"""
