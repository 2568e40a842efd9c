"""Stream mode: events, messages to robots and clicks on cards arrive over a WebSocket that the app opens."""
