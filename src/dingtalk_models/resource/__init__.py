"""What resources are made of: models, managers, lazy lists, and the registry of operations."""
