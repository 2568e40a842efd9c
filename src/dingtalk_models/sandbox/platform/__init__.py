"""The documented endpoints that the sandbox does not implement."""
