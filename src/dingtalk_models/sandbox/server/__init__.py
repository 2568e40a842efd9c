"""The server: HTTP, the table of endpoints, envelopes, refusals and faults. It knows nothing about the company."""
