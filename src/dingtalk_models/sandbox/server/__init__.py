"""The server: HTTP, the table of endpoints, envelopes, refusals and faults. It knows nothing of a company."""
