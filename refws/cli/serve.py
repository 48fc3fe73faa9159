"""``refws serve``: what can be asked for."""

import socket
import ssl
from pathlib import Path
from typing import Any

import click

from refws.cli.logs import verbosity
from refws.cli.serving import Asked, run

__all__ = ["serve"]


@click.command()
@click.argument("application", required=False, metavar="[MODULE:RESOURCE]")
@click.option("--echo", is_flag=True, help="Send every message back.")
@click.option("--chat", is_flag=True, help="A chat: rooms by path (/lobby), names by query (?name=Ann), a page at /.")
@click.option("--static", type=click.Path(path_type=Path), metavar="DIR", help="Serve the files of a folder, too.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port to listen on; 0 takes a free one.")
@click.option("--unix", metavar="PATH", help="Listen on a unix socket instead.")
@click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate chain, PEM: serve wss.")
@click.option("--tls-key", type=click.Path(path_type=Path), help="Private key of the certificate, PEM.")
@click.option("--threads", is_flag=True, help="A thread for each connection, in place of asyncio.")
@click.option("--origin", multiple=True, help="Take pages of this origin only; may be repeated. Programs need none.")
@click.option("--max-clients", type=click.IntRange(1), metavar="N", help="Connections at one time; more get 503.")
@click.option("--max-message", type=click.IntRange(1), metavar="OCTETS", help="With --echo.  [default: 67108864]")
@click.option("--hybi00", is_flag=True, help="Take clients of 2010 (hixie-76), too; RFC 6455, 10.3, says why not to.")
@verbosity
def serve(**options: Any) -> None:
    """Serve WebSocket, and HTTP beside it. Prints one line with the address once it listens; Ctrl-C stops.

    MODULE:RESOURCE is a refws.Resource, or a function from a request to one, or a list of such functions.

    --chat takes its own page only; on a loopback address, as localhost or by that address. --origin names others, such
    as that of a proxy in front of it.
    """
    asked = Asked(**options)
    _check(asked)
    run(asked, _tls(asked.tls_cert, asked.tls_key))


def _check(asked: Asked) -> None:
    """Raise `click.UsageError` for options that do not go together."""
    what = [asked.application, asked.echo, asked.chat]
    if not any(what) and asked.static is None:
        raise click.UsageError("there is nothing to serve; try: refws serve --echo")
    if sum(map(bool, what)) > 1:
        raise click.UsageError("--echo, --chat and MODULE:RESOURCE exclude each other")
    if asked.max_message is not None and not asked.echo:
        raise click.UsageError("--max-message goes with --echo; a resource has its own max_message_size")
    if asked.unix is not None and not hasattr(socket, "AF_UNIX"):
        raise click.UsageError("there are no unix sockets here")


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None:
        if key is not None:
            raise click.UsageError("--tls-key goes with --tls-cert")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise click.UsageError(f"cannot use the certificate {cert}: {error}") from None
    return context
