"""refws.hybi00, sections 3 and 7: URLs, and the way to them."""

import pytest

import refws
from refws.failure import UsageError
from refws.hybi00.s03_websocket_urls import construct_a_websocket_url, parse_a_websocket_urls_components
from refws.hybi00.s07_security_considerations import check_the_way_is_safe


@pytest.mark.parametrize(
    ("url", "components"),
    [
        ("ws://Example.com", ("example.com", 80, "/", False)),
        ("WSS://example.com", ("example.com", 443, "/", True)),
        ("ws://example.com:443/a/b?c=d", ("example.com", 443, "/a/b?c=d", False)),
        ("wss://example.com:80?q", ("example.com", 80, "/?q", True)),
        ("ws://example.com?", ("example.com", 80, "/?", False)),
        ("ws://example.com/a?b?", ("example.com", 80, "/a?b?", False)),
        ("ws://b\u00fccher.example/\u00fc", ("xn--bcher-kva.example", 80, "/%C3%BC", False)),
        ("ws://[::1]:8/", ("::1", 8, "/", False)),
    ],
)
def test_components(url, components):
    uri = parse_a_websocket_urls_components(url)
    assert (uri.host, uri.port, uri.resource_name, uri.secure) == components


@pytest.mark.parametrize("url", ["", "/a", "http://a/", "ws://a/#b", "ws://a/#", "ws:///a", "ws://a:65536/"])
def test_what_is_no_websocket_url(url):
    with pytest.raises(UsageError):
        parse_a_websocket_urls_components(url)


@pytest.mark.parametrize(
    ("components", "url"),
    [
        (("a", 80, "/", False), "ws://a/"),
        (("a", 443, "/x?y", False), "ws://a:443/x?y"),
        (("a", 443, "/", True), "wss://a/"),
        (("[::1]", 80, "/", True), "wss://[::1]:80/"),
    ],
)
def test_construction(components, url):
    assert construct_a_websocket_url(*components) == url


SAFE = ["ws://localhost/", "ws://a.localhost:8/", "ws://127.0.0.1/", "ws://127.255.0.9:1/", "ws://[::1]/", "wss://a.b/"]
UNSAFE = ["ws://a.b/", "ws://localhost.a/", "ws://127.a/", "ws://128.0.0.1/", "ws://[::2]/", "ws://notlocalhost/"]


@pytest.mark.parametrize("uri", SAFE)
def test_this_machine_and_tls_are_safe(uri):
    check_the_way_is_safe(refws.parse_websocket_uri(uri))


@pytest.mark.parametrize("uri", UNSAFE)
def test_other_machines_without_tls_have_to_be_insisted_on(uri):
    with pytest.raises(UsageError, match="insecure_hybi00=True"):
        check_the_way_is_safe(refws.parse_websocket_uri(uri))
    check_the_way_is_safe(refws.parse_websocket_uri(uri), insecure_hybi00=True)
