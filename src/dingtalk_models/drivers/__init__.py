"""Drivers perform the steps of flows: one on the calling thread, the other on the event loop."""
