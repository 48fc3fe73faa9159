import asyncio

import pytest
from websockets.asyncio.server import serve

from conformance.client_testee import CLIENTS
from conformance.testees import hosts_of


class FuzzingServer:
    """As much of a fuzzing server as a client sees: it counts cases, sends messages and keeps what comes back."""

    def __init__(self, count="2"):
        self.count = count
        self.paths = []
        self.echoes = []

    async def handle(self, ws):
        path = ws.request.path
        self.paths.append(path)
        if path == "/getCaseCount":
            if self.count is not None:
                await ws.send(self.count)
        elif path.startswith("/runCase?case=1&"):
            for message in ("", "käse", b"\x00" * 70000):
                await ws.send(message)
                self.echoes.append(await ws.recv() == message)
        elif path.startswith("/runCase"):
            ws.transport.abort()


def run(host, server, agent="refws"):
    async def main():
        async with serve(server.handle, "127.0.0.1", 0) as listener:
            port = listener.sockets[0].getsockname()[1]
            return await asyncio.to_thread(CLIENTS[host], f"ws://127.0.0.1:{port}/", agent)

    return asyncio.run(main())


def test_there_is_a_client_for_each_host_that_is_judged():
    assert list(CLIENTS) == hosts_of("client")


@pytest.mark.parametrize("host", CLIENTS)
def test_every_case_is_run_and_a_broken_connection_is_no_reason_to_stop(host):
    server = FuzzingServer()
    assert run(host, server, "a&b") == 2
    assert server.paths == [
        "/getCaseCount",
        "/runCase?case=1&agent=a%26b",
        "/runCase?case=2&agent=a%26b",
        "/updateReports?agent=a%26b",
    ]
    assert server.echoes == [True, True, True]


@pytest.mark.parametrize("host", CLIENTS)
@pytest.mark.parametrize("count", ["many", None])
def test_a_server_that_does_not_count(host, count):
    with pytest.raises(ValueError):
        run(host, FuzzingServer(count))
