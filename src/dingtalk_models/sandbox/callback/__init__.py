"""The callback address for events, and the events for changes in the company."""
