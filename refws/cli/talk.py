"""The conversation of ``refws connect``: lines in, messages out, and the other way round."""

import asyncio
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import click

from refws.host.client import connect
from refws.host.websocket import ConnectionClosed, WebSocket

__all__ = ["talk"]


async def talk(opening: connect, *, stay: bool) -> None:
    """Connect, and talk until the input ends or the peer closes."""
    ws = await opening
    interactive = sys.stdin.isatty()
    if interactive:
        click.echo(f"connected{f', subprotocol {ws.subprotocol}' if ws.subprotocol else ''}; Ctrl-D closes")
    lines = _typed() if interactive else _piped()
    receiving = asyncio.create_task(_print_messages(ws, interactive))
    sending = asyncio.create_task(_send_lines(ws, lines))
    await asyncio.wait([receiving, sending], return_when=asyncio.FIRST_COMPLETED)
    if not receiving.done() and not stay:
        # What the peer still answers to the lines before comes before its Close frame.
        await ws.close()
    await receiving
    sending.cancel()
    _say_goodbye(ws, interactive)


def _say_goodbye(ws: WebSocket, interactive: bool) -> None:
    closed = ConnectionClosed(ws.endpoint)
    if not closed.normally:
        raise closed
    if interactive:
        click.echo(str(closed))


async def _send_lines(ws: WebSocket, lines: AsyncIterator[str]) -> None:
    async for line in lines:
        await ws.send(line)


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
            except EOFError:
                return


async def _piped() -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as reader:
        while line := await loop.run_in_executor(reader, sys.stdin.readline):
            yield line.removesuffix("\n")
