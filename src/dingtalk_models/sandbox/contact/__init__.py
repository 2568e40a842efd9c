"""Departments, people and roles, with the archived endpoints that older clients still call."""
