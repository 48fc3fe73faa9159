"""asyncio: `serve`, `connect`, and coroutines on the connection."""
