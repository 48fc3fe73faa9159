"""One WebSocket connection, whatever its event loop: callbacks, pings, what is sent, what has come, counters."""
