"""What the RFC leaves to its host: HTTP/1.1, sockets, TLS, clocks.

`connection` is one connection, whatever its event loop. `aio` is asyncio, `threads` a thread for each connection,
`asgi` and `uvicorn` any ASGI application, `http_server` any handler class of `http.server`, and `streams` anything that
carries octets, without an event loop. `reaching` is how a client gets to its server. `http11`, `either`, `endpoints`
and `choice` are how a server's opening handshake is read and answered.
"""
