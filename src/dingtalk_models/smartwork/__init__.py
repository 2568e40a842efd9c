"""Attendance and approvals."""
