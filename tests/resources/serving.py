"""Acceptors for the tests, on asyncio and with threads, and clients of them."""

import asyncio
import contextlib
import logging

import pytest

import refws
from refws.resources import Acceptor, Resource
from tests.host.peers import Raw, request

on_both_hosts = pytest.mark.parametrize("host", ["asyncio", "threads"])


@contextlib.asynccontextmanager
async def serving(host, *resources, **options):
    """An acceptor whose paths lead to resources: "/" to the first, "/1" to the next."""
    paths = dict(zip(["/", "/1", "/2"], resources, strict=False))
    options.setdefault("dispatch_table", [lambda request: paths.get(request.path)])
    acceptor = Acceptor(threads=host == "threads", **options)
    await acceptor.start()
    try:
        yield acceptor
    finally:
        await stop(acceptor)


async def stop(acceptor, soft=True):
    """Stop an acceptor; one with threads blocks, and this loop has its clients."""
    await (await asyncio.to_thread(acceptor.stop, soft))


@contextlib.asynccontextmanager
async def raw_to(acceptor, *fields, target="/"):
    """A raw client behind the opening handshake."""
    async with tcp_to(acceptor) as raw:
        raw.send(request(*fields, target=target))
        assert (await raw.head())[0] == "HTTP/1.1 101 Switching Protocols"
        yield raw


@contextlib.asynccontextmanager
async def tcp_to(acceptor):
    """A TCP connection."""
    raw = Raw(*await asyncio.open_connection("127.0.0.1", acceptor.port))
    try:
        yield raw
    finally:
        await raw.close()


async def status_of(acceptor, *fields, target="/"):
    """The status of the answer to an opening handshake."""
    async with tcp_to(acceptor) as raw:
        raw.send(request(*fields, target=target))
        return int((await raw.head())[0].split()[1])


async def end_of(ws):
    """The Close frame that ends a connection, and the messages before it."""
    messages = []
    with contextlib.suppress(refws.ConnectionClosed):
        async for message in ws:
            messages.append(message)
    return messages, ws.close_received


def went_wrong(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


class Recorder(Resource):
    """Keeps what is called, and sends text back."""

    def __init__(self):
        self.calls = []

    def client_connected(self, client):
        self.calls.append(("connected", client.request.target, client in self.clients))

    def client_disconnected(self, client):
        self.calls.append(("disconnected", client.request.target, client in self.clients))

    def text_message_received(self, client, message):
        self.calls.append(("text", client.request.target, message))
        client.send_text(message)
