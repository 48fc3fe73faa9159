"""The proxy: passes traffic through, octet by octet, and judges both sides as it goes.

What a side sends is passed on as it came, its FIN and its RST too, and no faster than the other side takes it. Only
over TLS there is no half-close: there the end of one side ends the connection. Host stays what the client wrote.
"""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from refws.oracle.piping import MOST_HELD, Passage, Passing, Pipe
from refws.oracle.recorded import Judgement
from refws.oracle.server import Target
from refws.oracle.verdict import Finding, Role

__all__ = ["MOST_HELD", "Passing", "Proxy"]


class Proxy:
    """An asynchronous context manager: listens inside it, and has let go of all connections behind it.

    `on_connection` is called when a client has connected, `on_finding` when a side is found to do something wrong, and
    `on_end` when a connection is over. With `transcripts`, a folder, each connection is written there as it goes.
    """

    def __init__(
        self,
        target_uri: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        transcripts: Path | None = None,
        on_connection: Callable[[Passing], None] = lambda passing: None,
        on_finding: Callable[[Passing, Role, Finding], None] = lambda passing, role, finding: None,
        on_end: Callable[[Passing], None] = lambda passing: None,
    ) -> None:
        self.host, self.port = host, port
        self._passage = Passage(Target.of(target_uri, tls), transcripts, on_connection, on_finding, on_end)
        self._server: asyncio.Server | None = None

    @property
    def judgement(self) -> Judgement:
        """What was heard on all connections so far."""
        return self._passage.judgement

    @property
    def uri(self) -> str:
        """Where clients connect instead of to the target."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port}{self._passage.target.resource}"

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError."""
        if self._passage.transcripts is not None:
            self._passage.transcripts.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Pipe(self._passage).ends[Role.CLIENT], self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening, and drop the connections that there still are."""
        assert self._server is not None
        self._server.close()
        pipes = list(self._passage.pipes)
        for pipe in pipes:
            pipe.drop()
        await asyncio.gather(*(pipe.over for pipe in pipes))
        await self._server.wait_closed()

    async def serve_forever(self) -> None:
        """Pass traffic until cancelled."""
        await asyncio.get_running_loop().create_future()
