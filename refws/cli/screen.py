"""Where ``refws connect`` shows what comes: a terminal, for a person, or a pipe, for a program."""

import os
import sys
from typing import TextIO

import click

from refws.cli.shown import escaped, hexadecimal
from refws.host.connection.closed import ConnectionClosed
from refws.rfc6455.endpoint import Endpoint
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s07_4_status_codes import StatusCode

__all__ = ["Screen", "closing_line"]

MOST_OCTETS = 512
"""Octets of a binary message that a terminal shows."""


class Screen:
    """Messages go to standard output: to a terminal with nothing in them that it would obey, else as they are.

    Notes, which are not the peer's, go to the terminal that there is.
    """

    def __init__(self, *, typed: bool) -> None:
        self.is_terminal = sys.stdout.isatty()
        self.typed = typed
        self._coloured = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def message(self, message: str | bytes) -> None:
        """Show a message of the peer's."""
        if not self.is_terminal:
            self._print(message if isinstance(message, str) else hexadecimal(message), sys.stdout)
            return
        begin = "< " if self.typed else ""
        if isinstance(message, str):
            shown = escaped(message, indent=" " * len(begin))
        else:
            shown = self._paint(hexadecimal(message, MOST_OCTETS), fg="magenta")
        self._print(self._paint(begin, fg="green", bold=True) + shown, sys.stdout)

    def note(self, text: str, *, wrong: bool = False) -> None:
        """Say something about the conversation."""
        shown = escaped(text, indent="  ")
        # What is no terminal is there for messages only.
        out = sys.stdout if self.is_terminal else sys.stderr
        self._print(self._paint(shown, fg="red") if wrong else self._paint(shown, dim=True), out)

    def _paint(self, text: str, **style: object) -> str:
        there = self.is_terminal or sys.stderr.isatty()
        return click.style(text, **style) if self._coloured and there else text  # type: ignore[arg-type]

    @staticmethod
    def _print(text: str, out: TextIO) -> None:
        print(text, file=out, flush=True)


def closing_line(endpoint: Endpoint) -> str:
    """How a connection ended: the Close frame that this side sent, and the peer's."""
    failure = ConnectionClosed(endpoint).failure
    closing = endpoint.closing
    ended = f"closed: sent {_frame(closing.sent)}, received {_frame(closing.received)}"
    return ended if failure is None else f"{ended}; {failure}"


def _frame(close: Close | None) -> str:
    if close is None:
        return "no Close frame"
    code = "no code" if close.code == StatusCode.NO_STATUS_RECEIVED else str(int(close.code))
    return f"{code} ({close.reason})" if close.reason else code
