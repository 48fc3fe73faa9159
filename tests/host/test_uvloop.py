"""asyncio's event loop can be another: refws on uvloop, whose transports are not of asyncio's classes."""

import asyncio
import sys

import pytest
from peers import echo

import refws

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop for Windows")


def test_an_echo_on_uvloop():
    import uvloop

    async def talk():
        assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
        async with refws.serve(echo, "127.0.0.1", 0) as server, refws.connect(server.uri) as ws:
            for message in ["text", b"octets", "x" * 100_000]:
                await ws.send(message)
                assert await ws.recv() == message
            assert await ws.ping() > 0
        assert (ws.close_sent.code, ws.close_received.code) == (1000, 1000)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(talk())
