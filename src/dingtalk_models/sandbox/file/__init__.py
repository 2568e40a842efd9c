"""Spaces, files and folders, media, the older drive, and the files of approvals."""
