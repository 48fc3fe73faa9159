"""Redirects: which are followed, with what, and which are not."""

import asyncio
import contextlib
import socket
import ssl

import pytest
import trustme
from peers import answer, asyncio_test, close_frame, echo, raw_server, until

import refws
from refws.host.reaching.destination import destination
from refws.rfc6455.http import HeaderFields, Response
from refws.rfc6455.s04_1_client_requirements import ClientOffer


def redirect(location, status=302):
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@contextlib.asynccontextmanager
async def redirecting(*locations, status=302):
    """A server that sends each new connection to the next place, and at last accepts; gives its URI and the heads."""
    heads, ahead = [], list(locations)

    async def script(raw):
        if ahead:
            heads.append(await raw.head())
            raw.send(redirect(ahead.pop(0), status))
        else:
            heads.append(("", await answer(raw)))
            raw.send(close_frame(1000, mask=False))
            await raw.frame()

    async with raw_server(script) as uri:
        yield uri, heads


@pytest.mark.clause("rfc6455:4.1-p39-s2")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@asyncio_test
async def test_a_redirect_is_followed(status):
    async with redirecting("/there?x=y", status=status) as (uri, heads), refws.connect(f"{uri}here") as ws:
        assert heads[0][0] == "GET /here HTTP/1.1"
        assert ws.request.target == "/there?x=y"
        assert ws.uri == f"{uri}there?x=y"


@pytest.mark.clause("rfc6455:4.1-p39-s2")
@pytest.mark.parametrize("status", [300, 304, 305, 306, 399])
@asyncio_test
async def test_other_statuses_are_no_redirects(status):
    async with redirecting("/there", status=status) as (uri, heads):
        with pytest.raises(refws.HandshakeFailure, match=f"answered {status} ") as caught:
            await refws.connect(uri)
        assert (caught.value.status, len(heads)) == (status, 1)


@pytest.mark.clause("rfc6455:4.1-p39-s2")
def test_where_there_is_no_answer_there_is_no_redirect():
    failure = refws.HandshakeFailure("rfc6455:4.1-p45-s1", 0, "no acceptable HTTP")
    with pytest.raises(refws.HandshakeFailure) as caught:
        first("ws://a.example").redirected(failure)
    assert caught.value is failure


@pytest.mark.parametrize(("followed", "limit"), [(2, 2), (1, 1), (3, 2), (1, 0)])
@asyncio_test
async def test_no_more_than_the_limit(followed, limit):
    async with redirecting(*["/again"] * followed) as (uri, heads):
        if followed <= limit:
            await (await refws.connect(uri, max_redirects=limit)).close()
        else:
            with pytest.raises(
                refws.HandshakeFailure, match="302, and is not followed: there have been enough"
            ) as caught:
                await refws.connect(uri, max_redirects=limit)
            assert caught.value.response.status == 302
        assert len(heads) == limit + 1


@asyncio_test
async def test_a_loop_ends():
    async with redirecting(*["/"] * 50) as (uri, heads):
        with pytest.raises(refws.HandshakeFailure, match="enough"):
            await refws.connect(uri)
        assert len(heads) == 11


@asyncio_test
async def test_the_whole_way_has_one_time_limit():
    async def script(raw):
        with contextlib.suppress(asyncio.IncompleteReadError):
            await raw.head()
            raw.send(redirect("/again"))

    async with raw_server(script) as uri:
        with pytest.raises(TimeoutError):
            await refws.connect(uri, max_redirects=10**9, open_timeout=0.05)


def first(uri, **options):
    """Where `connect` begins."""
    settings = {"tls": None, "server_hostname": None, "basic_auth": None, "bearer_token": None}
    headers = options.pop("headers", ())
    given = {**settings, "max_redirects": 10, "fixed": False, **options}
    return destination(uri, ClientOffer(additional_headers=headers), **given)


def refused(*locations, status=302):
    failure = refws.HandshakeFailure("rfc6455:4.1-p39-s1", status, f"the server answered {status}")
    failure.response = Response(status, HeaderFields(("Location", location) for location in locations))
    return failure


@pytest.mark.parametrize(
    ("base", "location", "target"),
    [
        ("ws://a.example/b/c", "d", "ws://a.example/b/d"),
        ("ws://a.example/b/c", "?d", "ws://a.example/b/c?d"),
        ("ws://a.example:81/b", "//c.example/d", "ws://c.example/d"),
        ("wss://a.example/b", "//c.example:444", "wss://c.example:444/"),
        ("ws://a.example/b", "http://c.example", "ws://c.example/"),
        ("ws://a.example/b", "HTTPS://c.example:80/d", "wss://c.example:80/d"),
        ("wss://a.example/b", "https://c.example/", "wss://c.example/"),
        ("ws://a.example/b", "wss://c.example/d?e#f", "wss://c.example/d?e"),
        ("wss://[::1]:81/b", "c", "wss://[::1]:81/c"),
        ("ws://a.example/b?c", "#d", "ws://a.example/b?c"),
        ("ws://a.example", "http://A.example:80/x", "ws://a.example/x"),
    ],
)
def test_a_location_is_relative_and_https_stands_for_wss(base, location, target):
    there = first(base).redirected(refused(location))
    expected = refws.parse_websocket_uri(target)
    assert (there.uri, there.tls is not None) == (expected, expected.secure)


@pytest.mark.parametrize(
    ("locations", "why"),
    [
        ([], "0 Location fields"),
        (["/a", "/b"], "2 Location fields"),
        (["ftp://a.example/"], "no WebSocket URI"),
        (["http://user:opensesame@a.example/"], "no WebSocket URI"),
        (["http://[::1/"], "no WebSocket URI"),
        (["http://a.example:99999/"], "no WebSocket URI"),
        (["http:///x"], "no WebSocket URI"),
        (["mailto:a@b.example"], "no WebSocket URI"),
        (["http://a.example/"], "give up TLS"),
        (["ws://here.example:443/"], "give up TLS"),
    ],
)
def test_where_a_client_does_not_go(locations, why):
    here = first("wss://here.example/")
    with pytest.raises(refws.HandshakeFailure, match=why) as caught:
        here.redirected(refused(*locations))
    assert (caught.value.status, caught.value.response.status) == (302, 302)
    assert "opensesame" not in str(caught.value)


HEADERS = [("Cookie", "c"), ("X", "y"), ("COOKIE", "d"), ("proxy-authorization", "e")]


@pytest.mark.parametrize(
    ("location", "carried"),
    [
        ("/other", True),
        ("ws://a.example:80/", True),
        ("ws://b.example/", False),
        ("ws://a.example:81/", False),
        ("wss://a.example/", False),
        ("wss://a.example:80/", False),
    ],
)
def test_credentials_stay_with_their_origin(location, carried):
    there = first("ws://a.example/", headers=HEADERS, basic_auth=("u", "p")).redirected(refused(location))
    names = [name for name, _ in there.offer.additional_headers]
    assert names == (["Cookie", "X", "COOKIE", "proxy-authorization", "Authorization"] if carried else ["X"])
    if not carried:
        back = there.redirected(refused("ws://a.example/")) if not there.uri.secure else there
        assert [name for name, _ in back.offer.additional_headers] == ["X"]


def test_a_name_and_a_context_for_tls():
    context = ssl.create_default_context()
    here = first("wss://a.example/", tls=context, server_hostname="b.example")
    assert here.redirected(refused("/x")).server_hostname == "b.example"
    elsewhere = here.redirected(refused("//c.example"))
    assert (elsewhere.server_hostname, elsewhere.tls) == (None, context)


def test_a_given_socket_leads_to_one_origin():
    here = first("ws://a.example/", fixed=True)
    assert here.redirected(refused("/x")).uri.resource_name == "/x"
    with pytest.raises(refws.HandshakeFailure, match="the socket is given"):
        here.redirected(refused("//b.example/"))


@asyncio_test
async def test_from_ws_to_wss_and_to_another_server(monkeypatch):
    authority = trustme.CA()
    serving, connecting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(connecting)
    monkeypatch.setattr(ssl, "create_default_context", lambda: connecting)
    async with (
        refws.serve(echo, tls=serving) as server,
        redirecting(server.uri.replace("wss:", "https:")) as (uri, _),
        refws.connect(uri, bearer_token="secret") as ws,
    ):
        assert ws.uri == f"{server.uri}/"
        assert ws.request.headers.get("Authorization") is None
        await ws.send("x")
        assert await ws.recv() == "x"


@asyncio_test
async def test_a_socket_of_the_callers_is_used_up_by_a_redirect():
    async with redirecting("/again") as (uri, heads):
        parsed = refws.parse_websocket_uri(uri)
        sock = socket.create_connection((parsed.host, parsed.port))
        with pytest.raises(refws.HandshakeFailure, match="enough"):
            await refws.connect(uri, sock=sock)
        assert len(heads) == 1
        await until(lambda: sock.fileno() == -1)
