"""What the RFC leaves to its host: HTTP/1.1, sockets, TLS, clocks."""
