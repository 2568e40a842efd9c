"""Performing the steps of flows: on the calling thread, or on the event loop."""
