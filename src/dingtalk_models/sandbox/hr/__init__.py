"""The directory is read through the endpoints of the contacts: it has none of its own."""
