"""`refws.connect` with the draft of 2010."""

import subprocess
import sys

import pytest
from peers import asyncio_test, echo
from proxy_servers import http, proxy

import refws


@asyncio_test
async def test_a_client_of_the_draft():
    async with refws.serve(echo, allow_hybi00=True) as server:
        async with refws.connect(f"{server.uri}/x", hybi00=True, ping_interval=0.001) as ws:
            await ws.send("hixie")
            assert await ws.recv() == "hixie"
            assert ws.request.headers.get("Sec-WebSocket-Key1")
            assert ws.request.headers.get("Sec-WebSocket-Version") is None
            with pytest.raises(refws.UsageError):
                await ws.ping()
        assert ws.ready_state is refws.ReadyState.CLOSED


@asyncio_test
async def test_a_server_that_does_not_take_it():
    async with refws.serve(echo) as server:
        with pytest.raises(refws.Failure):
            await refws.connect(server.uri, hybi00=True)


@asyncio_test
async def test_through_a_proxy_to_a_host_far_away_only_for_those_who_insist():
    async with refws.serve(echo, allow_hybi00=True) as server, proxy(http()) as seen:
        uri = f"ws://example.org:{server.port}"
        with pytest.raises(refws.UsageError, match="insecure_hybi00"):
            refws.connect(uri, hybi00=True, proxy=seen.url)
        async with refws.connect(uri, hybi00=True, insecure_hybi00=True, proxy=seen.url) as ws:
            await ws.send("hixie")
            assert await ws.recv() == "hixie"


def test_over_tls_nobody_has_to_insist():
    refws.connect("wss://example.org", hybi00=True)


def test_whoever_does_not_ask_for_it_does_not_load_it():
    code = "import refws, sys; refws.connect('ws://example.org'); print('refws.hybi00' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
