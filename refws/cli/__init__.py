"""The command line: ``refws serve``, ``refws connect`` and ``refws clauses``."""

import sys

from refws.failure import Failure, UsageError
from refws.host.closed import ConnectionClosed

__all__ = ["main"]


def main() -> None:
    """Run the command line, which needs the extra ``cli``."""
    try:
        import click  # noqa: PLC0415 (an extra, and said so below where it is missing)

        from refws.clauses.page import MissingExtra  # noqa: PLC0415
        from refws.cli.commands import refws  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.exit(f"refws: the command line needs {error.name}; install it with: pip install 'refws[cli]'")
    try:
        sys.exit(refws(prog_name="refws", standalone_mode=False))
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "refws"
        print(f"refws: {error.format_message()} (help: {command} -h)", file=sys.stderr)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except TimeoutError:
        sys.exit("refws: the peer did not answer in time")
    except (Failure, UsageError, ConnectionClosed, MissingExtra, OSError) as error:
        sys.exit(f"refws: {error}")
