"""The same without asyncio: each connection has a thread with a small loop of its own, and whoever calls just waits."""
