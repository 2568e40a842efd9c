"""Messages, conversations, groups and cards."""
