"""The edge: how a request reaches the platform, and when it is sent again."""
