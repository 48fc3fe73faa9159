"""WebSocket on a stream of HTTP/2 (RFC 8441) or HTTP/3 (RFC 9220), with what a case needs in the place of TCP."""
