"""Section 3, WebSocket URLs."""

from refws.rfc6455.s03_websocket_uris import WebSocketURI, parse_websocket_uri

__all__ = ["construct_a_websocket_url", "parse_a_websocket_urls_components"]


def parse_a_websocket_urls_components(url: str) -> WebSocketURI:
    """Section 3.1: /host/, /port/, /resource name/ and /secure/ of a URL. Raises `UsageError` for what is none."""
    # draft 3.1 steps 1 to 10 and 12: as in RFC 6455, whose grammar is that of RFC 3986 and RFC 3987
    uri = parse_websocket_uri(url)
    # draft 3.1 step 11: a query that is there, even an empty one, follows a question mark
    if url.endswith("?") and "?" not in uri.resource_name:
        return WebSocketURI(uri.host, uri.port, uri.resource_name + "?", uri.secure)
    return uri


def construct_a_websocket_url(host: str, port: int, resource_name: str, secure: bool) -> str:
    """Section 3.2: the URL of these components; `host` has brackets if it is an IPv6 address."""
    # draft 3.2 steps 1 and 2: the scheme
    url = "wss://" if secure else "ws://"
    # draft 3.2 step 3: the host
    url += host
    # draft 3.2 step 4: the port, but for the default one
    if port != (443 if secure else 80):
        url += f":{port}"
    # draft 3.2 steps 5 and 6: the resource name
    return url + resource_name
