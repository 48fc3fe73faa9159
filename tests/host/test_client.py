"""`connect`: the opening handshake as a client has it, addresses, TLS, time limits."""

import asyncio
import contextlib
import socket
import ssl

import pytest
import trustme
from peers import CLOSE, TEXT, Raw, answer, asyncio_test, close_frame, echo, frame, raw_server, until

import refws


async def say_goodbye(raw):
    raw.send(close_frame(1000, mask=False))
    assert (await raw.frame())[0] == CLOSE


@contextlib.contextmanager
def addresses(monkeypatch, *found):
    """Let every name have these addresses."""

    async def getaddrinfo(self, host, port, **_):
        if host in found:
            return await real(self, host, port, type=socket.SOCK_STREAM)
        return [entry for address in found for entry in await real(self, address, port, type=socket.SOCK_STREAM)]

    real = asyncio.BaseEventLoop.getaddrinfo
    with monkeypatch.context() as patch:
        patch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
        yield


@pytest.mark.clause(
    "rfc6455:4.1-p1-s1", "rfc6455:4.1-p1-s3", "rfc6455:4.1-p3-s1", "rfc6455:4.1-p21-s1", "rfc6455:4.1-p47-s4"
)
@asyncio_test
async def test_the_request_and_what_was_agreed_on():
    async def script(raw):
        got = await answer(raw, "Sec-WebSocket-Protocol: two", "Set-Cookie: a=b", "Set-Cookie: c=d")
        fields = dict(got)
        assert fields["sec-websocket-protocol"] == "one, two"
        assert fields["sec-websocket-extensions"].startswith("permessage-deflate")
        assert fields["host"] == uri[len("ws://") : -1]
        assert (fields["origin"], fields["x"]) == ("http://example.org", "y")
        await say_goodbye(raw)

    options = {"subprotocols": ["one", "two"], "origin": "http://example.org", "additional_headers": [("X", "y")]}
    async with raw_server(script) as uri, refws.connect(f"{uri}path?query", **options) as ws:
        assert (ws.subprotocol, ws.request.target) == ("two", "/path?query")
        assert ws.response.headers.all("Set-Cookie") == ["a=b", "c=d"]
        assert [message async for message in ws] == []


@pytest.mark.clause("rfc6455:4.1-p4-s2")
@pytest.mark.parametrize(
    ("uri", "options"),
    [
        ("http://127.0.0.1:{port}", {}),
        ("ws://user@127.0.0.1:{port}", {}),
        ("ws://127.0.0.1:{port}/#fragment", {}),
        ("ws://127.0.0.1", {"tls": ssl.create_default_context()}),
        ("ws://127.0.0.1", {"server_hostname": "other.example"}),
        ("ws://127.0.0.1:{port}", {"subprotocols": ["a b"]}),
        ("ws://127.0.0.1:{port}", {"additional_headers": [("X", "a\nb")]}),
    ],
)
@asyncio_test
async def test_what_cannot_be_asked_for(uri, options):
    async with refws.serve(echo) as server:
        with pytest.raises(refws.UsageError):
            await refws.connect(uri.format(port=server.port), **options)
        await until(lambda: not server.connections)


@pytest.mark.clause("rfc6455:4.1-p39-s1")
@asyncio_test
async def test_a_refusal_carries_the_whole_response():
    async def script(raw):
        await raw.head()
        raw.send(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 5\r\n\r\nwho?\n")
        assert await raw.reader.read() == b""

    async with raw_server(script) as uri:
        with pytest.raises(refws.HandshakeFailure, match="401") as caught:
            await refws.connect(uri)
        assert (caught.value.status, caught.value.response.body) == (401, b"who?\n")
        assert caught.value.response.headers.get("www-authenticate") == "Basic"


@pytest.mark.parametrize("body", [b"", b"until the end"])
@asyncio_test
async def test_a_refusal_without_a_length_ends_with_the_connection(body):
    async def script(raw):
        await raw.head()
        raw.send(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n" + body)

    async with raw_server(script) as uri:
        with pytest.raises(refws.HandshakeFailure) as caught:
            await refws.connect(uri, max_redirects=0)
        assert (caught.value.status, caught.value.response.body) == (302, body)


@pytest.mark.clause("rfc6455:7.2.1-p1-s2")
@pytest.mark.parametrize("octets", [b"", b"HTTP/1.1 101 Switch", b"220 smtp.example.org\r\n"])
@asyncio_test
async def test_no_answer_or_half_of_one(octets):
    async def script(raw):
        await raw.head()
        raw.send(octets)

    async with raw_server(script) as uri:
        with pytest.raises(refws.Failure):
            await refws.connect(uri)


@asyncio_test
async def test_a_reset_in_place_of_an_answer():
    async def script(raw):
        await raw.reader.readexactly(1)
        raw.writer.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7)
        )
        raw.writer.transport.abort()

    async with raw_server(script) as uri:
        with pytest.raises(refws.Failure):
            await refws.connect(uri)


@pytest.mark.clause("rfc6455:4.1-p18-s1")
@pytest.mark.parametrize("found", [["127.0.0.1"], ["127.0.0.1", "127.0.0.2"]])
@asyncio_test
async def test_nobody_listens(monkeypatch, found):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with addresses(monkeypatch, *found), pytest.raises(ConnectionRefusedError):
        await refws.connect(f"ws://nobody.example:{port}")


@pytest.mark.clause("rfc6455:4.1-p14-s1")
@asyncio_test
async def test_all_addresses_of_a_host_are_tried(monkeypatch):
    with addresses(monkeypatch, "127.0.0.2", "127.0.0.1"):
        async with refws.serve(echo) as server, refws.connect(f"ws://both.example:{server.port}") as ws:
            assert ws.request.headers.get("Host") == f"both.example:{server.port}"
            assert ws.transport.get_extra_info("peername")[0] == "127.0.0.1"


@pytest.mark.clause("rfc6455:4.1-p5-s1", "rfc6455:4.1-p5-s2", "rfc6455:4.1-p5-s3")
@asyncio_test
async def test_one_connection_at_a_time_is_in_connecting(monkeypatch):
    waiting, most = 0, 0

    async def script(raw):
        nonlocal waiting, most
        await raw.head()
        waiting += 1
        most = max(most, waiting)
        # Were there another, it would have come by now.
        for _ in range(50):
            await asyncio.sleep(0)
        waiting -= 1
        raw.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")

    with addresses(monkeypatch, "127.0.0.1"):
        async with raw_server(script) as uri:
            uris = [uri, uri.replace("127.0.0.1", "one.example"), uri.replace("127.0.0.1", "two.example")]
            opening = [refws.connect(uri)._open() for uri in uris]
            results = await asyncio.gather(*opening, return_exceptions=True)
            assert [result.status for result in results] == [503] * 3
            assert most == 1


@asyncio_test
async def test_a_connection_that_hangs_is_queued_behind_no_longer_than_its_own_limit():
    async def script(raw):
        await raw.reader.read()

    async with raw_server(script) as uri:
        first = asyncio.create_task(refws.connect(uri, open_timeout=None)._open())
        with pytest.raises(TimeoutError):
            await refws.connect(uri, open_timeout=0.05)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


@asyncio_test
async def test_a_server_that_does_not_answer():
    async def script(raw):
        await raw.head()
        assert await raw.reader.read() == b""

    async with raw_server(script) as uri:
        with pytest.raises(TimeoutError):
            await refws.connect(uri, open_timeout=0.05)


@asyncio_test
async def test_connecting_that_is_cancelled_at_any_point_leaves_nothing_behind():
    async with refws.serve(echo) as server:
        for turns in range(12):
            connecting = asyncio.create_task(refws.connect(server.uri)._open())
            for _ in range(turns):
                await asyncio.sleep(0)
            connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await (await connecting).close()
        await until(lambda: not server.connections)


@pytest.mark.clause("rfc6455:2.1-p10-s1")
@asyncio_test
async def test_answers_wait_for_one_another_and_go_out_in_one_write():
    async def script(raw):
        await answer(raw, behind=b"".join(frame(TEXT, text, mask=False) for text in (b"1", b"2", b"3")))
        assert [await raw.frame() for _ in range(3)] == [(TEXT, b"1"), (TEXT, b"2"), (TEXT, b"3")]
        await say_goodbye(raw)

    async with raw_server(script) as uri, refws.connect(uri) as ws:
        left = []
        for _ in range(3):
            await ws.send(await ws.recv())
            left.append(ws.endpoint.pieces_to_send)
        assert left == [1, 2, 0]


@pytest.mark.clause("rfc6455:4.2.2-p22-s3")
@asyncio_test
async def test_frames_in_the_segment_of_the_answer_are_delivered():
    async def script(raw):
        await answer(raw, behind=frame(TEXT, b"early", mask=False) + close_frame(4000, mask=False))
        assert await raw.frame() == (CLOSE, b"\x0f\xa0")

    async with raw_server(script) as uri, refws.connect(uri) as ws:
        assert await ws.recv() == "early"
        with pytest.raises(refws.ConnectionClosed, match="4000"):
            await ws.recv()


@pytest.mark.clause("rfc6455:5.5.1-p6-s2/2", "rfc6455:7.1.1-p2-s3/2")
@asyncio_test
async def test_a_client_leaves_the_first_fin_to_the_server():
    async def script(raw):
        await answer(raw)
        assert (await raw.frame())[0] == CLOSE
        raw.send(close_frame(1000, mask=False))
        # Both Close frames have gone; the client's FIN comes after the server's.
        reading = asyncio.create_task(raw.reader.read())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not reading.done()
        raw.writer.write_eof()
        assert await reading == b""

    async with raw_server(script) as uri, refws.connect(uri, close_timeout=None) as ws:
        await ws.close()
        assert ws.endpoint.closing.cleanly


@pytest.mark.clause("rfc6455:5.5.1-p6-s2/3", "rfc6455:7.1.1-p2-s2")
@asyncio_test
async def test_but_not_for_ever():
    async def script(raw):
        await answer(raw)
        assert (await raw.frame())[0] == CLOSE
        raw.send(close_frame(1000, mask=False))
        assert await raw.reader.read() == b""

    async with raw_server(script) as uri, refws.connect(uri, close_timeout=0.05) as ws:
        await ws.close()
        assert ws.endpoint.closing.cleanly


@asyncio_test
async def test_a_connection_that_never_opened_has_nothing_to_close():
    async def script(raw):
        await raw.head()
        raw.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    async with raw_server(script) as uri:
        connecting = refws.connect(uri)
        with pytest.raises(refws.HandshakeFailure):
            async with connecting:
                pass
        await connecting.__aexit__()


# TLS


@pytest.mark.clause("rfc6455:4.1-p19-s1", "rfc6455:4.1-p19-s2")
@pytest.mark.parametrize("trusted", [True, False])
@asyncio_test
async def test_a_certificate_that_does_not_fit_ends_it_before_any_octet_of_http(trusted):
    authority = trustme.CA()
    serving, connecting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("other.example").configure_cert(serving)
    if trusted:
        authority.configure_trust(connecting)
    octets = []

    async def accepted(reader, writer):
        octets.append(await reader.read())
        await Raw(reader, writer).close()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]
    try:
        with pytest.raises(ssl.SSLCertVerificationError):
            await refws.connect(f"wss://127.0.0.1:{port}", tls=connecting if trusted else None)
    finally:
        server.close()
    assert octets in ([], [b""])


def trusting_contexts(host):
    """The contexts of a server with this name and of a client that trusts it."""
    authority = trustme.CA()
    serving, connecting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(host).configure_cert(serving)
    authority.configure_trust(connecting)
    return serving, connecting


@pytest.mark.clause("rfc6455:4.1-p20-s1")
@pytest.mark.parametrize(
    ("host", "name"),
    [("named.example", "named.example"), ("b\u00fccher.example", "xn--bcher-kva.example")],
    ids=["ASCII", "IDN"],
)
@asyncio_test
async def test_the_name_of_the_host_is_in_the_tls_handshake(monkeypatch, host, name):
    serving, connecting = trusting_contexts(name)
    names = []
    serving.sni_callback = lambda _, named, __: names.append(named)
    with addresses(monkeypatch, "127.0.0.1"):
        async with (
            refws.serve(echo, tls=serving) as server,
            refws.connect(f"wss://{host}:{server.port}", tls=connecting) as ws,
        ):
            assert ws.request.headers.get("Host") == f"{name}:{server.port}"
            await ws.send("x")
            assert await ws.recv() == "x"
    assert names == [name]


@pytest.mark.clause("rfc6455:4.1-p20-s1")
@asyncio_test
async def test_a_certificate_may_be_for_another_name_that_the_caller_gives():
    serving, connecting = trusting_contexts("other.example")
    async with (
        refws.serve(echo, tls=serving) as server,
        refws.connect(server.uri, tls=connecting, server_hostname="other.example") as ws,
    ):
        await ws.send("x")
        assert await ws.recv() == "x"


@contextlib.asynccontextmanager
async def relay(port):
    """A port whose octets go on to another; gives it, and what went there and what came back."""
    there, back, tasks = bytearray(), bytearray(), []

    async def copy(reader, writer, seen):
        while octets := await reader.read(65536):
            seen += octets
            writer.write(octets)
        writer.close()

    async def accepted(reader, writer):
        onward = await asyncio.open_connection("127.0.0.1", port)
        tasks.extend(asyncio.create_task(copy(*way)) for way in ((reader, onward[1], there), (onward[0], writer, back)))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], there, back
        await asyncio.gather(*tasks)
    finally:
        server.close()


def tls_records(octets):
    """The types of the TLS records that these octets are, and of nothing else."""
    types = []
    while octets:
        assert octets[1] == 3
        types.append(octets[0])
        size = 5 + int.from_bytes(octets[3:5], "big")
        assert len(octets) >= size
        octets = octets[size:]
    return types


@pytest.mark.clause("rfc6455:4.1-p19-s1", "rfc6455:4.1-p19-s3", "rfc6455:11.1.2-p1-s1")
@asyncio_test
async def test_from_the_first_octet_to_the_last_everything_is_tls():
    serving, connecting = trusting_contexts("127.0.0.1")
    async with (
        refws.serve(echo, tls=serving) as server,
        relay(server.port) as (port, there, back),
        refws.connect(f"wss://127.0.0.1:{port}", tls=connecting) as ws,
    ):
        await ws.send("x")
        assert await ws.recv() == "x"
    handshake, application_data = 22, 23
    for seen in (there, back):
        types = tls_records(bytes(seen))
        assert types[0] == handshake
        assert application_data in types
        assert set(types) <= {20, 21, handshake, application_data}


@pytest.mark.clause("rfc6455:11.1.2-p1-s1")
@asyncio_test
async def test_plain_octets_where_tls_is_expected():
    async def script(raw):
        await raw.reader.read(1)
        raw.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with raw_server(script) as uri:
        with pytest.raises(ssl.SSLError):
            await refws.connect(uri.replace("ws:", "wss:"))
