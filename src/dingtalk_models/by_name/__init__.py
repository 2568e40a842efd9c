"""Calls by name: `run()` by the platform's names, `request()` by verb and path."""
