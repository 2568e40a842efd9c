"""Nothing: the directory uses the endpoints of the contacts."""
