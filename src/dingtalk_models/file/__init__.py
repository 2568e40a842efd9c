"""Files: spaces, what lies in them, media, files of approvals."""
