"""External contacts and their labels."""
