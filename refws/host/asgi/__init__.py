"""The server's side of ASGI, for any ASGI application: `refws.host.uvicorn` stands on it."""
