"""The command line: ``refws serve`` and ``refws connect``."""

import sys

from refws.failure import Failure, UsageError
from refws.host.websocket import ConnectionClosed

__all__ = ["main"]


def main() -> None:
    """Run the command line, which needs the extra ``cli``."""
    try:
        from refws.cli.commands import refws  # noqa: PLC0415 (an extra, and said so below where it is missing)
    except ModuleNotFoundError as error:
        sys.exit(f"refws: the command line needs {error.name}; install it with: pip install 'refws[cli]'")
    try:
        refws(prog_name="refws")
    except KeyboardInterrupt:
        sys.exit(130)
    except TimeoutError:
        sys.exit("refws: the peer did not answer in time")
    except (Failure, UsageError, ConnectionClosed, OSError) as error:
        sys.exit(f"refws: {error}")
