"""The lines of standard input: typed at a prompt, or piped."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from prompt_toolkit.history import History

__all__ = ["Lines", "piped", "typed"]

LINES_AHEAD = 64
"""Lines that are read before the peer takes those before them."""


class Lines:
    """Lines one by one; the one that was given last is given again until it is done with."""

    def __init__(self, source: AsyncGenerator[str, None]) -> None:
        self._source = source
        self._coming: asyncio.Future[str | None] | None = None

    async def next(self) -> str | None:
        """The next line; None at the end."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(anext(self._source, None))
        return await asyncio.shield(self._coming)

    async def end(self) -> None:
        """Wait for the end; behind a line that has not been dealt with it does not come."""
        if await self.next() is not None:
            await asyncio.get_running_loop().create_future()

    def done(self) -> None:
        """The line has been dealt with."""
        self._coming = None

    async def close(self) -> None:
        """Wait for no more lines: a prompt puts the terminal back as it was."""
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.wait([self._coming])
        await self._source.aclose()


async def typed() -> AsyncGenerator[str, None]:
    """Lines from a prompt."""
    from prompt_toolkit import PromptSession  # noqa: PLC0415 (only a terminal needs it)
    from prompt_toolkit.output import create_output  # noqa: PLC0415
    from prompt_toolkit.patch_stdout import patch_stdout  # noqa: PLC0415

    # Where messages go elsewhere, nothing is written above the prompt, and the prompt is not written there.
    on_screen = sys.stdout.isatty()
    session: PromptSession[str] = PromptSession(
        "> ", history=_history(), output=create_output(stdout=sys.stdout if on_screen else sys.stderr)
    )
    with patch_stdout(raw=True) if on_screen else contextlib.nullcontext():
        while True:
            try:
                yield await session.prompt_async()
            except (EOFError, KeyboardInterrupt):
                return


def _history() -> "History":
    """What was typed before: in a file of this user's, or while this runs where that cannot be."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory  # noqa: PLC0415

    base = os.environ.get("XDG_STATE_HOME") or ("~/.local/state" if os.name == "posix" else click.get_app_dir(""))
    path = Path(base).expanduser() / "refws" / "history"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # For this user only: what is typed may be a secret.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))


async def piped() -> AsyncGenerator[str, None]:
    """Lines from a pipe or a file, not many of them ahead of what the peer takes."""
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
