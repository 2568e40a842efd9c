"""Contacts: departments, users and roles."""
