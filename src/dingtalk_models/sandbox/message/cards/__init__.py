"""Interactive cards."""
