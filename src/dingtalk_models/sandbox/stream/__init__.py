"""The platform's side of Stream mode: opening a connection, and the WebSocket."""
