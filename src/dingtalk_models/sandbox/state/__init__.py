"""The state: one company, with a file for each module's part of it, as plain objects.

What adds to the company refuses what does not fit, such as a parent that does not exist; a lookup refuses an unknown
id. Nothing else here refuses anything: a test may put the company in any state. The platform's rules are in the
endpoints.
"""
