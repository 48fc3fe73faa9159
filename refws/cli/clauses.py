"""``refws clauses``: the group. Its commands are loaded when one of them is asked for, not to serve or to connect."""

import importlib
from typing import Any

import click

__all__ = ["clauses"]


class _Group(click.Group):
    """A name, a ledger, a report or a text that does not hold is one clear line, like every mistake."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._load()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._load()
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ValueError as error:
            raise click.UsageError(str(error), ctx) from None
        except ImportError as error:
            from refws.clauses.page import MissingExtra  # noqa: PLC0415 (not needed where all goes well)

            if not isinstance(error, MissingExtra):
                raise
            raise click.ClickException(str(error)) from None

    def _load(self) -> None:
        importlib.import_module("refws.cli.clauses_commands")


@click.group(cls=_Group, no_args_is_help=False)
def clauses() -> None:
    """Read the ledger: every requirement, the code that obeys it, and the tests that show it."""
