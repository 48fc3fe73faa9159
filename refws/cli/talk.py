"""The conversation of ``refws connect``: lines in, messages out, and the other way round."""

import asyncio
import contextlib
import logging
import sys
from typing import Any

from refws.cli.lines import Lines, piped, typed
from refws.cli.prompt import Prompt
from refws.cli.screen import Screen, closing_line
from refws.failure import UsageError
from refws.host.aio.client import connect
from refws.host.aio.client_websocket import ClientWebSocket
from refws.host.aio.websocket import WebSocket
from refws.host.connection.closed import ConnectionClosed
from refws.rfc6455.s05_5_control_frames import Ping, Pong

__all__ = ["Connect", "Conversation", "talk"]

logger = logging.getLogger("refws")


class _Client(ClientWebSocket):
    """A client that tells of Pings in the log."""

    __slots__ = ()

    def control_received(self, frame: Ping | Pong) -> None:
        """A Ping, or a Pong, has come."""
        logger.info("received a %s %s", type(frame).__name__, frame.payload)
        super().control_received(frame)


class Connect(connect):
    """`refws.connect`, and the log tells of Pings."""

    websocket_class = _Client


async def talk(opening: connect, *, stay: bool = False, again: bool = False) -> bool:
    """Connect, and talk until the input ends or the peer closes; with `again` until the input ends.

    With `stay`, the end of the input ends nothing. Returns whether the end was normal. Raises what connecting raises,
    and, where there is no terminal, `ConnectionClosed` for an end that was not normal.
    """
    conversation = Conversation(stay=stay)
    try:
        if again:
            ws = await _talk_again_and_again(opening, conversation)
        else:
            async with opening as ws:
                await conversation.over(ws)
    finally:
        await conversation.close()
    return conversation.ended(ws)


async def _talk_again_and_again(opening: connect, conversation: "Conversation") -> WebSocket:
    connections: Any = aiter(opening)
    async with contextlib.aclosing(connections):
        ws: WebSocket = await anext(connections)
        while True:
            with contextlib.suppress(ConnectionClosed):
                # A line that could not be sent is the first of the next connection.
                if await conversation.over(ws):
                    return ws
            conversation.screen.note(f"{closing_line(ws.endpoint)}; connecting again", wrong=True)
            coming = asyncio.ensure_future(anext(connections))
            if not await conversation.waits_for(coming):
                return ws
            ws = coming.result()


class Conversation:
    """What is said; it may go over several connections, one after the other."""

    def __init__(self, *, stay: bool) -> None:
        interactive = sys.stdin.isatty()
        self.screen = Screen(typed=interactive)
        self._stay = stay
        self._prompt = Prompt(self.screen) if interactive else None
        self._lines = Lines(typed() if interactive else piped())
        self._number = 0

    async def over(self, ws: Any) -> bool:
        """Talk over a connection until it is closed. Returns whether this side has no more to say.

        Raises `ConnectionClosed` where a line could not be sent, and `UsageError` where it is none.
        """
        if self._prompt is not None:
            subprotocol = f", subprotocol {ws.subprotocol}" if ws.subprotocol else ""
            self.screen.note(f"connected to {ws.uri}{subprotocol}; Ctrl-D closes, /help helps")
        receiving = asyncio.create_task(self._receive(ws))
        sending = asyncio.create_task(self._send(ws))
        try:
            await asyncio.wait([receiving, sending], return_when=asyncio.FIRST_COMPLETED)
            sent_all = sending.done() and sending.exception() is None
            if not (sent_all and self._stay):
                # What the peer still answers to the lines before comes before its Close frame.
                await ws.close()
            await receiving
            if sending.done():
                sending.result()
        finally:
            receiving.cancel()
            sending.cancel()
        return self._closes or (sent_all and not self._stay)

    async def waits_for(self, coming: "asyncio.Future[Any]") -> bool:
        """Wait for another connection; False where somebody at the prompt does not want to."""
        ended = asyncio.ensure_future(self._lines.end())
        awaited = [coming] if self._prompt is None else [coming, ended]
        try:
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            return coming.done()
        finally:
            ended.cancel()
            if coming.cancel():
                await asyncio.wait([coming])

    @property
    def _closes(self) -> bool:
        return self._prompt is not None and self._prompt.closes

    async def _send(self, ws: WebSocket) -> None:
        while (line := await self._lines.next()) is not None:
            if self._prompt is not None:
                await self._prompt.act(ws, line)
            else:
                await self._send_line(ws, line)
            self._lines.done()
            if self._closes:
                return

    async def _send_line(self, ws: WebSocket, line: str) -> None:
        try:
            await ws.send(line)
        except UsageError:
            raise UsageError(f"line {self._number + 1} of the input is not UTF-8; a message a line is text") from None
        self._number += 1

    async def _receive(self, ws: WebSocket) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.screen.message(await ws.recv())

    def ended(self, ws: WebSocket) -> bool:
        """Say how a connection ended. Raises `ConnectionClosed` where nobody sees it, and it was not normal."""
        closed = ConnectionClosed(ws.endpoint)
        normally = closed.normally or (self._closes and closed.cleanly)
        if self._prompt is not None:
            self.screen.note(closing_line(ws.endpoint), wrong=not normally)
        elif not normally:
            raise closed
        return normally

    async def close(self) -> None:
        """Wait for no more lines."""
        await self._lines.close()
