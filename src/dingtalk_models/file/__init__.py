"""Files: spaces, files and folders in them, media, files attached to approvals."""
