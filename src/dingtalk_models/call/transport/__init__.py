"""Transports, which send requests over blocking and async HTTP libraries."""
