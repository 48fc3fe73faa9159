"""Connections through proxies: HTTP CONNECT, SOCKS, what the environment says, and what can go wrong."""

import asyncio
import contextlib
import socket
import ssl
import sys

import pytest
from peers import answer, asyncio_test, close_frame, echo, raw_server, until
from proxy_servers import basic, http, http_refusing, proxy, socks4, socks5
from test_client import addresses, trusting_contexts

import refws
from refws.host.reaching.addresses import PENDING_THROUGH_PROXIES
from refws.host.reaching.proxies import ProxyError, Tunnel, choose_proxy, parse_proxy

NOWHERE = "ws://nowhere.example"
"""Only a proxy can look it up."""


async def talk(ws):
    await ws.send("x")
    assert await ws.recv() == "x"


@pytest.mark.clause("rfc6455:4.1-p9-s1")
@asyncio_test
async def test_an_http_proxy_is_asked_for_host_and_port():
    async with (
        refws.serve(echo) as server,
        proxy(http()) as seen,
        refws.connect(f"{NOWHERE}:{server.port}/x", proxy=seen.url) as ws,
    ):
        await talk(ws)
        assert ws.request.headers.get("Host") == f"nowhere.example:{server.port}"
        assert seen.asked == [f"CONNECT nowhere.example:{server.port} HTTP/1.1"]
        assert seen.credentials == [None]


@pytest.mark.clause(
    "rfc6455:4.1-p9-s1", "rfc6455:4.1-p19-s1", "rfc6455:4.1-p19-s3", "rfc6455:4.1-p20-s1", "rfc6455:10.6-p1-s2/1"
)
@pytest.mark.parametrize("scheme", ["http", "https"])
@asyncio_test
async def test_tls_goes_to_the_server_through_the_proxy(scheme):
    serving, connecting = trusting_contexts("nowhere.example")
    proxy_serving, proxy_tls = trusting_contexts("127.0.0.1")
    names = []
    serving.sni_callback = lambda _, name, __: names.append(name)
    over_tls = {"ssl": proxy_serving, "scheme": "https"} if scheme == "https" else {}
    async with refws.serve(echo, tls=serving) as server, proxy(http(), **over_tls) as seen:
        options = {"tls": connecting, "proxy": seen.url, "proxy_tls": proxy_tls}
        async with refws.connect(f"wss://nowhere.example:{server.port}", **options) as ws:
            await talk(ws)
    assert names == ["nowhere.example"]


@asyncio_test
async def test_ws_through_a_proxy_that_speaks_tls():
    serving, connecting = trusting_contexts("127.0.0.1")
    async with refws.serve(echo) as server, proxy(http(), ssl=serving, scheme="https") as seen:
        async with refws.connect(f"{NOWHERE}:{server.port}", proxy=seen.url, proxy_tls=connecting) as ws:
            await talk(ws)
        with pytest.raises(ssl.SSLCertVerificationError):
            await refws.connect(f"{NOWHERE}:{server.port}", proxy=seen.url)


@pytest.mark.clause("rfc6455:4.1-p18-s1", "rfc6455:4.1-p19-s2")
@asyncio_test
async def test_a_certificate_behind_a_proxy_is_checked_too():
    serving, connecting = trusting_contexts("other.example")
    async with refws.serve(echo, tls=serving) as server, proxy(http()) as seen:
        with pytest.raises(ssl.SSLCertVerificationError, match=r"nowhere\.example"):
            await refws.connect(f"wss://nowhere.example:{server.port}", tls=connecting, proxy=seen.url)
        await until(lambda: not seen.open)


@asyncio_test
async def test_credentials_for_a_proxy_go_to_the_proxy():
    async with refws.serve(echo) as server, proxy(http()) as seen:
        url = seen.url.replace("//", "//us%40er:p%3Aw@")
        async with refws.connect(f"{NOWHERE}:{server.port}", proxy=url) as ws:
            assert ws.request.headers.get("Proxy-Authorization") is None
    assert seen.credentials == [basic("us@er", "p:w")]


@pytest.mark.clause("rfc6455:4.1-p18-s1")
@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 2", b"00 O", b"K\r\n", b"\r\n"],
        [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"],
        [b"HTTP/1.0 204\r\nVia: x\r\n\r\n"],
        [b"HTTP/1.1 299 Fine\r\nContent-Length: 5\r\n\r\n"],
    ],
    ids=["in pieces", "100 first", "HTTP/1.0", "a length that means nothing"],
)
@asyncio_test
async def test_answers_that_open(pieces):
    async with (
        refws.serve(echo) as server,
        proxy(http(pieces)) as seen,
        refws.connect(f"{NOWHERE}:{server.port}", proxy=seen.url) as ws,
    ):
        await talk(ws)


@pytest.mark.clause("rfc6455:4.1-p18-s1")
@pytest.mark.parametrize("status", ["300 Choices", "403 Forbidden", "407 Proxy Authentication Required", "502"])
@asyncio_test
async def test_a_refusal_is_an_oserror_with_the_status(status):
    async with proxy(http_refusing(status)) as seen:
        with pytest.raises(ProxyError) as caught:
            await refws.connect(NOWHERE, proxy=seen.url.replace("//", "//user:opensesame@"))
        assert isinstance(caught.value, OSError)
        assert caught.value.status == int(status.split()[0])
        assert str(caught.value) == f"the proxy {seen.url} answered CONNECT with {status}"


@pytest.mark.clause("rfc6455:4.1-p18-s1")
@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "without an HTTP answer"),
        (b"HTTP/1.1 200", "without an HTTP answer"),
        (b"\x00\x5a\r\n\r\n", "what is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 16384, "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nx", "before the server"),
    ],
    ids=["nothing", "half", "no HTTP", "too much", "more"],
)
@asyncio_test
async def test_what_is_no_answer(octets, why):
    async def greet(raw, seen):
        await raw.head()
        raw.send(octets)

    async with proxy(greet) as seen:
        with pytest.raises(ProxyError, match=why) as caught:
            await refws.connect(NOWHERE, proxy=seen.url)
        assert caught.value.status is None


@asyncio_test
async def test_a_proxy_that_is_not_there():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{place.getsockname()[1]}"
        for scheme in ("http", "https", "socks5h", "socks4a"):
            with pytest.raises(ProxyError, match=f"{scheme}://{at} cannot be reached: .*[Cc]onnect"):
                await refws.connect(NOWHERE, proxy=f"{scheme}://{at}")


@pytest.mark.parametrize("scheme", ["http", "socks5h", "socks4a"])
@asyncio_test
async def test_a_proxy_that_does_not_answer_and_one_that_is_given_up(scheme):
    async def greet(raw, seen):
        seen.asked.append("something")
        await raw.reader.read()

    async with proxy(greet, scheme=scheme) as seen:
        with pytest.raises(TimeoutError):
            await refws.connect(NOWHERE, proxy=seen.url, open_timeout=0.05)
        connecting = asyncio.create_task(refws.connect(NOWHERE, proxy=seen.url)._open())
        await until(lambda: len(seen.asked) == 2)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting


@asyncio_test
async def test_connecting_through_a_proxy_that_is_cancelled_at_any_point_leaves_nothing_behind():
    serving, connecting = trusting_contexts("nowhere.example")
    async with refws.serve(echo, tls=serving) as server, proxy(http()) as seen:
        uri = f"wss://nowhere.example:{server.port}"
        for turns in range(0, 60, 3):
            opening = asyncio.create_task(refws.connect(uri, tls=connecting, proxy=seen.url)._open())
            for _ in range(turns):
                await asyncio.sleep(0)
            opening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await (await opening).close()
        await until(lambda: not server.connections and not seen.open)


# SOCKS


@pytest.mark.clause("rfc6455:4.1-p9-s1")
@pytest.mark.parametrize(
    ("scheme", "greet", "host"),
    [
        ("socks5h", socks5(), "nowhere.example"),
        ("socks5", socks5(), "127.0.0.1"),
        ("socks4a", socks4(), "nowhere.example"),
        ("socks4", socks4(), "127.0.0.1"),
    ],
)
@asyncio_test
async def test_socks_and_who_looks_up_the_name(monkeypatch, scheme, greet, host):
    serving, connecting = trusting_contexts("nowhere.example")
    with addresses(monkeypatch, "127.0.0.1"):
        async with refws.serve(echo, tls=serving) as server, proxy(greet, scheme=scheme) as seen:
            uri = f"wss://nowhere.example:{server.port}"
            async with refws.connect(uri, tls=connecting, proxy=seen.url) as ws:
                await talk(ws)
            assert seen.asked == [(host, server.port)]


@pytest.mark.parametrize("password", ["word", "wrong"])
@asyncio_test
async def test_credentials_for_socks(password):
    async with refws.serve(echo) as server, proxy(socks5(credentials=("us@er", "word")), scheme="socks5h") as seen:
        connecting = refws.connect(f"{NOWHERE}:{server.port}", proxy=seen.url.replace("//", f"//us%40er:{password}@"))
        if password == "word":
            async with connecting as ws:
                await talk(ws)
        else:
            with pytest.raises(ProxyError, match="did not open the connection") as caught:
                await connecting
            assert "wrong" not in str(caught.value)
    assert seen.credentials == [("us@er", password)]


@pytest.mark.clause("rfc6455:4.1-p18-s1")
@asyncio_test
async def test_a_refusal_in_socks():
    async with proxy(socks5(reply=2), scheme="socks5h") as seen:
        with pytest.raises(ProxyError, match="did not open the connection: ") as caught:
            await refws.connect(NOWHERE, proxy=seen.url)
        assert caught.value.status == 2


@asyncio_test
async def test_without_python_socks_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "python_socks", None)
    with pytest.raises(refws.UsageError, match=r"pip install 'refws\[proxy\]'"):
        await refws.connect(NOWHERE, proxy="socks5h://127.0.0.1:1")


# Turns


@pytest.mark.clause("rfc6455:4.1-p6-s1/1", "rfc6455:4.1-p6-s1/2")
@pytest.mark.parametrize(("hosts", "most"), [(["one.example"], 1), ([f"h{n}.example" for n in range(30)], None)])
@asyncio_test
async def test_names_are_taken_for_hosts_and_few_are_pending_at_once(hosts, most):
    pending, seen_at_once = 0, []
    limit = most or PENDING_THROUGH_PROXIES

    async def script(raw):
        nonlocal pending
        await raw.head()
        pending += 1
        # Were there another, it would have come by now.
        for _ in range(100):
            await asyncio.sleep(0)
        seen_at_once.append(pending)
        pending -= 1
        raw.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")

    async with raw_server(script) as uri:
        port = refws.parse_websocket_uri(uri).port
        async with proxy(http(port=port)) as seen:
            opening = [refws.connect(f"ws://{hosts[n % len(hosts)]}/", proxy=seen.url)._open() for n in range(30)]
            results = await asyncio.gather(*opening, return_exceptions=True)
    assert [result.status for result in results] == [503] * 30
    assert max(seen_at_once) == limit


# Which proxy


@pytest.fixture
def environment(monkeypatch):
    """Sets the variables for proxies, and no others."""

    def set_to(**variables):
        for scheme in ("http", "https", "ws", "wss", "socks", "all", "no"):
            for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper()):
                monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv("REQUEST_METHOD", raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_to


A, B = "http://a.example:1", "http://b.example:2"


@pytest.mark.parametrize(
    ("variables", "uri", "proxy"),
    [
        ({}, "ws://x.example", None),
        ({"http_proxy": A}, "ws://x.example", A),
        ({"http_proxy": A}, "wss://x.example", None),
        ({"https_proxy": A}, "wss://x.example", A),
        ({"HTTPS_PROXY": A}, "wss://x.example", A),
        ({"http_proxy": A, "https_proxy": B}, "ws://x.example", B),
        ({"http_proxy": A, "ws_proxy": B}, "ws://x.example", B),
        ({"https_proxy": A, "wss_proxy": B}, "wss://x.example", B),
        ({"all_proxy": A}, "ws://x.example", A),
        ({"all_proxy": A}, "wss://x.example", A),
        ({"https_proxy": A, "socks_proxy": "socks5://s.example"}, "wss://x.example", "socks5://s.example:1080"),
        ({"socks_proxy": "s.example:9"}, "ws://x.example", "socks5h://s.example:9"),
        ({"socks_proxy": "http://s.example:9"}, "ws://x.example", "socks5h://s.example:9"),
        ({"http_proxy": "a.example:1"}, "ws://x.example", A),
        ({"http_proxy": "", "all_proxy": A}, "ws://x.example", A),
        ({"http_proxy": A, "no_proxy": "x.example"}, "ws://x.example:8080", None),
        ({"http_proxy": A, "no_proxy": ".example"}, "ws://x.example", None),
        ({"http_proxy": A, "no_proxy": "x.example:81"}, "ws://x.example", A),
        ({"http_proxy": A, "no_proxy": "x.example:81"}, "ws://x.example:81", None),
        ({"http_proxy": A, "no_proxy": "*"}, "ws://x.example", None),
        ({"http_proxy": A, "no_proxy": "2001:db8::1"}, "ws://[2001:db8::1]/", None),
        ({"all_proxy": A}, "ws://127.9.9.9", None),
        ({"all_proxy": A}, "ws://[::1]", None),
        ({"all_proxy": A}, "wss://localhost", None),
        ({"all_proxy": A}, "wss://a.localhost", None),
        ({"all_proxy": A}, "wss://notlocalhost", A),
        ({"all_proxy": A}, "wss://10.0.0.1", A),
    ],
)
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the system's settings count there, too")
def test_the_environment(environment, variables, uri, proxy):
    environment(**variables)
    chosen = choose_proxy(True, refws.parse_websocket_uri(uri))
    assert (None if chosen is None else str(chosen)) == proxy


@asyncio_test
async def test_the_environment_is_asked_unless_the_caller_does_not_want_it(environment, monkeypatch):
    async with refws.serve(echo) as server, proxy(http()) as seen:
        environment(all_proxy=seen.url)
        with addresses(monkeypatch, "127.0.0.1"):
            for choice in (True, None, False):
                async with refws.connect(f"ws://server.example:{server.port}", proxy=choice) as ws:
                    await talk(ws)
                assert len(seen.asked) == 1
    environment()


@pytest.mark.clause("rfc6455:4.1-p16-s1")
@pytest.mark.parametrize(
    ("uri", "asked"),
    [
        ("WS://Server.Example", "ws://server.example/"),
        ("ws://server.example:80/x?y", "ws://server.example/x?y"),
        ("ws://server.example:443/", "ws://server.example:443/"),
        ("wss://server.example:80/?", "wss://server.example:80/"),
        ("wss://[0:0::1]:443/", "wss://[::1]/"),
    ],
)
def test_a_function_is_given_the_websocket_uri_and_chooses(uri, asked):
    given = []

    def choose(uri):
        given.append(uri)
        return f"socks5h://{len(given)}.example" if len(given) == 1 else None

    parsed = refws.parse_websocket_uri(uri)
    assert str(choose_proxy(choose, parsed)) == "socks5h://1.example:1080"
    assert choose_proxy(choose, parsed) is None
    assert given == [asked] * 2


@asyncio_test
async def test_the_function_is_asked_for_each_connection():
    async def script(raw):
        await answer(raw)
        raw.send(close_frame(1000, mask=False))
        await raw.frame()

    given = []
    async with raw_server(script) as uri, refws.connect(uri, proxy=given.append):
        assert given == [uri]


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://a.example", ("http", "a.example", 80, None, None)),
        ("https://a.example/", ("https", "a.example", 443, None, None)),
        ("socks4://[::1]", ("socks4", "::1", 1080, None, None)),
        ("socks5://u:p%40@a.example:1", ("socks5", "a.example", 1, "u", "p@")),
        ("HTTP://u@A.example:3128", ("http", "a.example", 3128, "u", None)),
    ],
)
def test_urls_of_proxies(url, parts):
    proxy = parse_proxy(url)
    assert (proxy.scheme, proxy.host, proxy.port, proxy.user, proxy.password) == parts
    assert "p@" not in f"{proxy!r} {proxy}"


@pytest.mark.parametrize(
    "url",
    [
        "a.example:3128",
        "ftp://opensesame@a.example",
        "http://",
        "http://opensesame@a.example:x",
        "http://opensesame@a.example:65536",
        "http://a.example/opensesame",
        "http://a.example?opensesame",
        "http://a.example#opensesame",
        "http://u:opensesame%0A@a.example",
        "http://[opensesame",
    ],
)
def test_what_is_no_url_of_a_proxy(url):
    with pytest.raises(refws.UsageError) as caught:
        choose_proxy(url, refws.parse_websocket_uri("ws://x.example"))
    assert "opensesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "target"),
    [("ws://a.example", b"a.example:80"), ("wss://a.example/x", b"a.example:443"), ("ws://[::1]:1/", b"[::1]:1")],
)
def test_what_connect_asks_for(uri, target):
    request = Tunnel(parse_proxy(A), refws.parse_websocket_uri(uri)).request()
    assert request == b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (target, target)
