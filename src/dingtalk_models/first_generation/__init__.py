"""Support for programs of the first generation: older parameters, and names that the platform has retired."""
