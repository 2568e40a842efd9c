"""The building blocks of resources: models, managers, lazy lists, and the registry of operations."""
