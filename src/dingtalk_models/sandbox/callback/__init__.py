"""The address that is registered for events, and the events for changes in the company."""
