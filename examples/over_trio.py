"""The protocol without I/O, in an event loop that refws does not know: ``python examples/over_trio.py``.

It needs trio (``pip install trio``).
"""

import trio
import trio.testing

import refws


async def events(stream, endpoint):
    """What comes, while what is to be sent goes out; until the stream ends."""
    octets = True
    while octets:
        await stream.send_all(endpoint.octets_to_send())
        if endpoint.closing.tcp_close_is_due:
            await stream.send_eof()
        octets = await stream.receive_some()
        for event in endpoint.receive_octets(octets) if octets else endpoint.receive_end_of_octets():
            yield event


async def shout(stream):
    endpoint = refws.Endpoint(refws.Role.SERVER)
    async for event in events(stream, endpoint):
        if isinstance(event, refws.Request):
            endpoint.accept()
        elif isinstance(event, str):
            endpoint.send_a_websocket_message(event.upper())


async def main():
    async with trio.open_nursery() as nursery:
        listening = await nursery.start(trio.serve_tcp, shout, 0)
        stream = await trio.testing.open_stream_to_socket_listener(listening[0])
        endpoint = refws.Endpoint(refws.Role.CLIENT)
        endpoint.connect(refws.parse_websocket_uri("ws://localhost/"))
        async for event in events(stream, endpoint):
            if isinstance(event, refws.Opened):
                endpoint.send_a_websocket_message("hello over trio")
            elif isinstance(event, str):
                print(event)
                endpoint.start_the_websocket_closing_handshake()
        await stream.aclose()
        nursery.cancel_scope.cancel()


trio.run(main)
