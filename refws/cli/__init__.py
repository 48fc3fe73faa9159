"""The command line: ``refws serve``, ``connect``, ``clauses`` and ``oracle``."""

import sys

from refws.cli.shown import escaped
from refws.failure import Failure, UsageError
from refws.host.connection.closed import ConnectionClosed

__all__ = ["main"]

_OF_THE_EXTRA = frozenset({"click", "rich", "prompt_toolkit"})


def main() -> None:
    """Run the command line, which needs the extra ``cli``."""
    try:
        _main()
    except ModuleNotFoundError as error:
        if error.name not in _OF_THE_EXTRA:
            raise
        sys.exit(f"refws: the command line needs {error.name}; install it with: pip install 'refws[cli]'")


def _main() -> None:
    import click  # noqa: PLC0415 (an extra, and said so above where it is missing)

    from refws.cli.commands import refws  # noqa: PLC0415

    try:
        sys.exit(refws(prog_name="refws", standalone_mode=False))
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "refws"
        print(f"refws: {error.format_message()} (help: {command} -h)", file=sys.stderr)
        sys.exit(2)
    except click.ClickException as error:
        sys.exit(f"refws: {error.format_message()}")
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except TimeoutError:
        sys.exit("refws: the peer did not answer in time")
    except (Failure, UsageError, ConnectionClosed, OSError) as error:
        # A peer's words are in some of them.
        sys.exit(f"refws: {escaped(str(error))}")
