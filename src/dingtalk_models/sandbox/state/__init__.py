"""What the sandbox knows: one company, and a file for what each module keeps of it.

Nothing here refuses on behalf of the platform, apart from looking up an unknown id: a test may put the company in any
state. The platform's rules are with the endpoints.
"""
