"""``-v`` and ``-vv``: what happens to connections, and their frames, on standard error."""

import logging
from typing import Any

import click

from refws.cli.shown import escaped

__all__ = ["set_up", "verbosity"]


class _StandardError(logging.Handler):
    """To what is standard error at the moment: a prompt on a terminal takes its place for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(escaped(self.format(record), indent="  "), err=True)


def set_up(level: int) -> None:
    """Log connections from level 1 on, frames from level 2 on."""
    handler = _StandardError()
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(message)s", datefmt="%H:%M:%S"))
    for name, wanted in (("refws", logging.INFO), ("refws.frames", logging.DEBUG)):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.handlers = [handler]
        logger.setLevel(wanted if level > (name == "refws.frames") else logging.WARNING)


def _chosen(ctx: click.Context, param: click.Parameter, level: int) -> None:
    if level:
        set_up(level)


def verbosity(command: Any) -> Any:
    """The option, for the group and for each command: ``refws -v serve``, ``refws serve -v``."""
    text = "Log what happens to connections; twice: their frames, too."
    return click.option("-v", "--verbose", count=True, expose_value=False, callback=_chosen, help=text)(command)
