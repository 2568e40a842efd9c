"""The typed events (事件), by module."""
