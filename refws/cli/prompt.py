"""What is typed at the prompt of ``refws connect``: messages, and commands that begin with a slash."""

import asyncio
from collections.abc import Awaitable, Callable

from refws.cli.screen import Screen
from refws.failure import UsageError
from refws.host.aio.websocket import WebSocket
from refws.host.connection.closed import ConnectionClosed

__all__ = ["Prompt"]

HELP = """\
what is typed is sent, a text message a line
//TEXT                 a text message that begins with a slash
/binary HEX            a binary message, such as /binary 00 ff
/ping [PAYLOAD]        a Ping; says how long its Pong took
/pong [PAYLOAD]        a Pong that nobody asked for
/close [CODE [REASON]] the closing handshake; without a code 1000
/status                what is known of this connection
/help                  this list"""


class Prompt:
    """Acts on lines. `closes` once one of them has closed the connection."""

    def __init__(self, screen: Screen) -> None:
        self.closes = False
        self._screen = screen
        self._pings: set[asyncio.Task[None]] = set()
        self._commands: dict[str, Callable[[WebSocket, str], Awaitable[None]]] = {
            "binary": self._binary,
            "ping": self._ping,
            "pong": self._pong,
            "close": self._close,
            "status": self._status,
            "help": self._help,
        }

    async def act(self, ws: WebSocket, line: str) -> None:
        """Send what the line says. Raises `ConnectionClosed`; what cannot be sent is said on the screen."""
        try:
            if not line.startswith("/") or line.startswith("//"):
                return await ws.send(line.removeprefix("/") if line.startswith("//") else line)
            name, _, rest = line[1:].partition(" ")
            command = self._commands.get(name)
            if command is None:
                raise UsageError(f"there is no /{name}; /help lists what there is, and //{name} … sends it as text")
            await command(ws, rest.strip())
        except UsageError as error:
            self._screen.note(str(error), wrong=True)

    async def _binary(self, ws: WebSocket, rest: str) -> None:
        try:
            octets = bytes.fromhex(rest)
        except ValueError:
            raise UsageError("/binary wants pairs of hexadecimal digits, such as /binary 00 ff") from None
        await ws.send(octets)

    async def _ping(self, ws: WebSocket, rest: str) -> None:
        # None is a payload of its own, so that several can be under way.
        waiting = asyncio.ensure_future(ws.ping(rest.encode() or None))
        # A mistake is told at once; the Pong when it comes.
        await asyncio.sleep(0)
        if waiting.done():
            waiting.result()
        task = asyncio.ensure_future(self._pong_of(waiting))
        self._pings.add(task)
        task.add_done_callback(self._pings.discard)

    async def _pong_of(self, waiting: "asyncio.Future[float]") -> None:
        try:
            self._screen.note(f"pong after {await waiting * 1000:.1f} ms")
        except ConnectionClosed:
            self._screen.note("no pong came")

    async def _pong(self, ws: WebSocket, rest: str) -> None:
        await ws.pong(rest.encode())

    async def _close(self, ws: WebSocket, rest: str) -> None:
        code, _, reason = rest.partition(" ")
        if code and not code.isdecimal():
            raise UsageError("/close wants a code first, such as /close 1000 done")
        self.closes = ws.close_received is None
        try:
            await ws.close(int(code or 1000), reason.strip())
        except UsageError:
            self.closes = False
            raise

    async def _status(self, ws: WebSocket, rest: str) -> None:
        extensions = (ws.response and ws.response.headers.get("Sec-WebSocket-Extensions")) or "none"
        latency = "unknown" if ws.latency is None else f"{ws.latency * 1000:.1f} ms"
        count = ws.counters
        self._screen.note(
            f"{ws.ready_state.name}, subprotocol {ws.subprotocol or 'none'}, extensions {extensions}\n"
            f"latency {latency}\n"
            f"sent: messages {count.messages_sent}, octets {count.octets_sent}\n"
            f"received: messages {count.messages_received}, octets {count.octets_received}"
        )

    async def _help(self, ws: WebSocket, rest: str) -> None:
        self._screen.note(HELP)
