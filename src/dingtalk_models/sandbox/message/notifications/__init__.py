"""Work notifications."""
