"""refws.closures: request → (stream, mutex) → message, as in 2011; over RFC 6455 and over hixie-76."""

import asyncio
import threading

import pytest

import refws
from refws import hybi00
from refws.closures import current_mutex, current_stream, resource_from_closures, send_message, send_term
from refws.resources.acceptor import Acceptor


def run(test):
    async def bounded():
        async with asyncio.timeout(20):
            await test

    asyncio.run(bounded())


def shouting(request):
    if request.path != "/shout":
        return None

    def opened(stream, mutex):
        assert (stream, mutex) == (current_stream.get(), current_mutex.get())
        assert stream.request is request
        send_message(f"hello {request.target}")

        def received(message):
            if message == "end":
                send_term()
            with mutex:
                send_message(message.upper())
                send_message("!", stream, mutex)

        return received

    return opened


def later(request):
    def opened(stream, mutex):
        async def received(message):
            await send_message(message)
            await asyncio.sleep(0)
            send_message(message[::-1], current_stream.get())
            await send_term()

        return received

    return opened


TABLE = [resource_from_closures(shouting), resource_from_closures(later)]


async def talk(uri, *messages):
    async with refws.connect(uri) as ws:
        for message in messages:
            await ws.send(message)
        return [message async for message in ws]


def test_on_asyncio():
    async def test():
        async with Acceptor(dispatch_table=TABLE) as acceptor:
            # What is sent behind the end is the application's to notice.
            assert await talk(f"{acceptor.uri}/shout?1", "a", "b", "end") == ["hello /shout?1", "A", "!", "B", "!"]
            assert await talk(acceptor.uri, "abc") == ["abc", "cba"]

    run(test())


def test_connections_do_not_see_each_others_stream():
    async def test():
        async with Acceptor(dispatch_table=TABLE) as acceptor:
            uri = f"{acceptor.uri}/shout"
            async with refws.connect(f"{uri}?1") as one, refws.connect(f"{uri}?2") as two:
                assert (await one.recv(), await two.recv()) == ("hello /shout?1", "hello /shout?2")
                await two.send("b")
                await one.send("a")
                assert [await one.recv(), await two.recv()] == ["A", "B"]

    run(test())


def test_with_threads():
    with Acceptor(dispatch_table=TABLE[:1], threads=True) as acceptor:
        said = []

        async def test():
            said.append(await talk(f"{acceptor.uri}/shout", "a", "end"))

        thread = threading.Thread(target=run, args=(test(),))
        thread.start()
        thread.join(20)
        assert said == [["hello /shout", "A", "!"]]


def test_nobody_takes_the_request():
    async def test():
        async with Acceptor(dispatch_table=TABLE[:1]) as acceptor:
            with pytest.raises(refws.HandshakeFailure) as caught:
                await talk(f"{acceptor.uri}/other")
            assert caught.value.status == 404

    run(test())


def test_binary_messages_are_refused():
    async def test():
        async with Acceptor(dispatch_table=TABLE) as acceptor, refws.connect(acceptor.uri) as ws:
            await ws.send(b"a")
            with pytest.raises(refws.ConnectionClosed) as caught:
                await ws.recv()
            assert caught.value.code == 1003

    run(test())


def test_a_function_that_returns_no_function_is_a_mistake(caplog):
    async def test():
        table = [resource_from_closures(lambda request: lambda stream, mutex: None)]
        async with Acceptor(dispatch_table=table) as acceptor, refws.connect(acceptor.uri) as ws:
            with pytest.raises(refws.ConnectionClosed) as caught:
                await ws.recv()
            assert caught.value.code == 1011
        assert "returns one of a message, not None" in caplog.text

    run(test())


@pytest.mark.parametrize("send", [lambda: send_message("a"), send_term])
def test_without_a_connection_there_is_nothing_to_send_to(send):
    with pytest.raises(refws.UsageError, match="pass stream and mutex"):
        send()


def test_from_another_thread_stream_and_mutex_are_passed():
    async def test():
        bound = []

        def opened(stream, mutex):
            bound.append((stream, mutex))
            return bound.append

        async with Acceptor(dispatch_table=[resource_from_closures(lambda _: opened)]) as a, refws.connect(a.uri) as ws:
            await ws.send("here")
            while len(bound) < 2:  # noqa: ASYNC110 (the closures have no event of their own)
                await asyncio.sleep(0)
            assert bound[1] == "here"
            send_message("a", *bound[0])
            send_term(*bound[0])
            assert [message async for message in ws] == ["a"]

    run(test())


async def speak_hixie(uri, *messages):
    """The octets of a client of 2010, and what it gets behind the handshake."""
    client = hybi00.Endpoint(refws.Role.CLIENT)
    uri = refws.parse_websocket_uri(uri)
    client.connect(uri)
    reader, writer = await asyncio.open_connection(uri.host, uri.port)
    writer.write(client.octets_to_send())
    events = []
    while not any(isinstance(event, refws.Opened) for event in events):
        events += client.receive_octets(await reader.read(65536))
    for message in messages:
        client.send_a_websocket_message(message)
    writer.write(client.octets_to_send())
    while not client.closing.tcp_close_is_due:
        events += client.receive_octets(await reader.read(65536))
        writer.write(client.octets_to_send())
    writer.close()
    await writer.wait_closed()
    assert client.closing.cleanly
    return events[1:-1]


def test_over_the_protocol_of_their_time():
    async def test():
        async with Acceptor(dispatch_table=TABLE, allow_hybi00=True) as acceptor:
            uri = f"{acceptor.uri}/shout"
            assert await speak_hixie(uri, "a", "end") == ["hello /shout", "A", "!"]
            assert await talk(uri, "a", "end") == ["hello /shout", "A", "!"]

    run(test())
