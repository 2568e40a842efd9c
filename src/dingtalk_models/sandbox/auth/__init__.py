"""Tokens and tickets."""
