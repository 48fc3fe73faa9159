"""The conversation of ``refws connect``: lines in, messages out, and the other way round."""

import asyncio
import contextlib
import sys
import threading
from collections.abc import AsyncIterator

import click

from refws.failure import UsageError
from refws.host.client import connect
from refws.host.closed import ConnectionClosed
from refws.host.websocket import WebSocket

__all__ = ["talk"]

LINES_AHEAD = 64
"""Lines that are read before the peer takes those before them."""


async def talk(opening: connect, *, stay: bool) -> None:
    """Connect, and talk until the input ends or the peer closes."""
    interactive = sys.stdin.isatty()
    async with opening as ws:
        await _talk(ws, stay, interactive)
    _say_goodbye(ws, interactive)


async def _talk(ws: WebSocket, stay: bool, interactive: bool) -> None:
    if interactive:
        click.echo(f"connected{f', subprotocol {ws.subprotocol}' if ws.subprotocol else ''}; Ctrl-D closes")
    lines = _typed() if interactive else _piped()
    receiving = asyncio.create_task(_print_messages(ws, interactive))
    sending = asyncio.create_task(_send_lines(ws, lines))
    await asyncio.wait([receiving, sending], return_when=asyncio.FIRST_COMPLETED)
    sent_all = sending.done() and sending.exception() is None
    if not (sent_all and stay):
        # What the peer still answers to the lines before comes before its Close frame.
        await ws.close()
    await receiving
    if sending.done():
        sending.result()
    sending.cancel()


def _say_goodbye(ws: WebSocket, interactive: bool) -> None:
    closed = ConnectionClosed(ws.endpoint)
    if not closed.normally:
        raise closed
    if interactive:
        click.echo(str(closed))


async def _send_lines(ws: WebSocket, lines: AsyncIterator[str]) -> None:
    number = 0
    async for line in lines:
        number += 1
        try:
            await ws.send(line)
        except UsageError:
            raise UsageError(f"line {number} of the input is not UTF-8; a message a line is text") from None


async def _print_messages(ws: WebSocket, interactive: bool) -> None:
    try:
        while True:
            message = await ws.recv()
            shown = message if isinstance(message, str) else f"[{len(message)} octets] {message.hex(' ')}"
            click.echo(f"< {shown}" if interactive else shown)
    except ConnectionClosed:
        return


async def _typed() -> AsyncIterator[str]:
    from prompt_toolkit import PromptSession  # noqa: PLC0415 (only a terminal needs it)
    from prompt_toolkit.patch_stdout import patch_stdout  # noqa: PLC0415

    session: PromptSession[str] = PromptSession("> ")
    with patch_stdout():
        while True:
            try:
                yield await session.prompt_async()
            except (EOFError, KeyboardInterrupt):
                return


async def _piped() -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    room = threading.Semaphore(LINES_AHEAD)

    def read() -> None:
        # Not sys.stdin: the interpreter would wait for it when the peer closes before the input ends.
        # RuntimeError: the loop is closed, for nobody wants more.
        with (
            contextlib.suppress(RuntimeError),
            open(sys.stdin.fileno(), encoding="utf-8", errors="surrogateescape", closefd=False) as source,
        ):
            while room.acquire() and (line := source.readline()):
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    while line := await lines.get():
        yield line.removesuffix("\n")
        room.release()
