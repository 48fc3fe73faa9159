"""The ancestors' chat: two rooms, in at most thirty lines."""

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest

import refws

CHAT = Path(__file__).parents[1] / "examples/chat.py"


def test_it_has_thirty_lines_at_most():
    assert len(CHAT.read_text().splitlines()) <= 30


async def said(ws, *lines):
    """What comes is this."""
    assert [await ws.recv() for _ in lines] == list(lines)


async def chat(uri):
    async with contextlib.AsyncExitStack() as stack:
        ada, bob, eve, kim = [
            await stack.enter_async_context(refws.connect(f"{uri}{target}"))
            for target in ("/lobby?name=Ada", "/lobby?name=Bob", "/library?name=Eve", "/library")
        ]
        await said(ada, "Ada has joined", "Bob has joined")
        await said(bob, "Bob has joined")
        await said(eve, "Eve has joined", "somebody has joined")
        await said(kim, "somebody has joined")
        await ada.send("hello")
        await eve.send("psst")
        for ws, line in [(ada, "Ada: hello"), (bob, "Ada: hello"), (eve, "Eve: psst"), (kim, "Eve: psst")]:
            await said(ws, line)
        await bob.close()
        await said(ada, "Bob has left")
        await eve.send(b"octets")
        with pytest.raises(refws.ConnectionClosed, match="1003"):
            await eve.recv()
        await said(kim, "Eve has left")
        with pytest.raises(refws.HandshakeFailure, match="404"):
            await refws.connect(f"{uri}/cellar")


def test_two_rooms_of_two():
    async def run():
        async with asyncio.timeout(20):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-W", "error", CHAT, "0", stdout=asyncio.subprocess.PIPE
            )
            try:
                line = (await process.stdout.readline()).decode()
                assert line.startswith("listening on ws://127.0.0.1:")
                await chat(line.split()[-1])
                process.terminate()
                assert await process.wait() == 0
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                    await process.wait()

    asyncio.run(run())
