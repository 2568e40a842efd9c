"""What only programs of the first generation need: older parameters, and names that the platform has retired."""
