"""The documented endpoints that have no behaviour of their own here."""
