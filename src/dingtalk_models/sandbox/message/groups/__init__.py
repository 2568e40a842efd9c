"""Groups and scene groups."""
