"""What the documentation says, for programs that ask: of endpoints, and of parameters and fields."""
