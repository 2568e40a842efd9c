"""Groups and scene groups (群、场景群)."""
