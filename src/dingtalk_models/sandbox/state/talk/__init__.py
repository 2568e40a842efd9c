"""What is said: messages, conversations, groups, cards."""
