"""Contacts: departments, users, roles, and the directory as a whole."""
