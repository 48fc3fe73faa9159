"""The commands. Each is loaded when it is asked for: to serve, nothing is imported that serving does not need."""

import importlib

import click

from refws.cli.logs import verbosity
from refws.version import __version__

__all__ = ["refws"]

_COMMANDS = {
    "clauses": "refws.cli.clauses",
    "connect": "refws.cli.connect",
    "oracle": "refws.cli.oracle",
    "serve": "refws.cli.serve",
}


class _Commands(click.Group):
    """A group whose commands are in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(_COMMANDS[cmd_name]), cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False)
@click.version_option(__version__, prog_name="refws")
@verbosity
def refws() -> None:
    """RFC 6455 (WebSocket), section by section."""
