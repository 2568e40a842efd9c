"""One call, from its definition to its result: operation, request, reply, token, limits, drivers, transports."""
