"""Customers: external contacts, label groups."""
