"""Spaces, files and folders, media, the older drive, the files of approvals."""
