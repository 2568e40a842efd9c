"""Departments, people and roles, also by the archived endpoints."""
