"""The server: HTTP, the table of endpoints, how each kind of path is answered. It knows nothing of a company."""
