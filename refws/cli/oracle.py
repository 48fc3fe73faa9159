"""``refws oracle``: the group. Its commands are loaded when one of them is asked for, not to serve or to connect."""

import importlib
from typing import Any

import click

__all__ = ["oracle"]

_COMMANDS = {
    "cases": "refws.cli.oracle_offline",
    "client": "refws.cli.oracle_client",
    "compare": "refws.cli.oracle_offline",
    "judge": "refws.cli.oracle_recorded",
    "proxy": "refws.cli.oracle_recorded",
    "render": "refws.cli.oracle_offline",
    "server": "refws.cli.oracle_server",
}


class _Group(click.Group):
    """A name, a report or an address that does not hold is one clear line, like every mistake."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(_COMMANDS[cmd_name]), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ValueError as error:
            raise click.UsageError(str(error), ctx) from None


@click.group(cls=_Group, no_args_is_help=False)
def oracle() -> None:
    """Judge any WebSocket server, client or recorded conversation.

    Exits with 0 for conformant, 1 for violations, 2 where it could not tell.
    """
