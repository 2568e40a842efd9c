"""The archived endpoints, which older clients still call."""
