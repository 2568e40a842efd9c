"""Transports: they send requests. Also retries and rate limits."""
