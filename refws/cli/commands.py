"""The commands, and what they have in common: one clear line for a mistake, no traceback."""

import asyncio
import contextlib
import logging
import signal
import ssl
import sys
from pathlib import Path

import click

import refws as api
from refws.cli.clauses import clauses
from refws.cli.talk import talk
from refws.version import __version__

__all__ = ["refws"]

MiB = 1024 * 1024
MAX_MESSAGE = 64 * MiB


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False)
@click.version_option(__version__, prog_name="refws")
@click.option("--verbose", "-v", is_flag=True, help="Log what happens to connections.")
def refws(verbose: bool) -> None:
    """RFC 6455 (WebSocket), section by section."""
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)


refws.add_command(clauses)


@refws.command()
@click.option("--echo", is_flag=True, help="Send every message back.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port to listen on; 0 takes a free one.")
@click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate chain, PEM: serve wss.")
@click.option("--tls-key", type=click.Path(path_type=Path), help="Private key of the certificate, PEM.")
@click.option("--max-message", default=MAX_MESSAGE, type=click.IntRange(1), show_default=True, help="Octets.")
def serve(  # noqa: PLR0917 (click names them all)
    echo: bool, host: str, port: int, tls_cert: Path | None, tls_key: Path | None, max_message: int
) -> None:
    """Serve WebSocket. Prints one line with the address once it listens; Ctrl-C stops."""
    if not echo:
        raise click.UsageError("there is nothing to serve; try: refws serve --echo")
    asyncio.run(_serve(host, port, _server_tls(tls_cert, tls_key), max_message))


async def _serve(host: str, port: int, tls: ssl.SSLContext | None, max_message: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # No keep-alive: what an echo server says of itself is the echo.
    server = api.serve(_echo, host, port, tls=tls, max_message_size=max_message, max_fragments=None, ping_interval=None)
    async with server as listening:
        click.echo(f"listening on {listening.uri}")
        sys.stdout.flush()
        await stop.wait()


async def _echo(ws: api.WebSocket) -> None:
    async for message in ws:
        await ws.send(message)


def _server_tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
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


@refws.command()
@click.argument("uri")
@click.option("--subprotocol", "subprotocols", multiple=True, help="Offer a subprotocol; may be repeated.")
@click.option("--header", "headers", multiple=True, help="Send a header field, 'Name: value'; may be repeated.")
@click.option("--origin", help="Send an Origin.")
@click.option("--ca", type=click.Path(path_type=Path), help="Certificates to trust, PEM, in place of the system's.")
@click.option("--stay", is_flag=True, help="Go on receiving when the input ends.")
def connect(  # noqa: PLR0917 (click names them all)
    uri: str, subprotocols: tuple[str, ...], headers: tuple[str, ...], origin: str | None, ca: Path | None, stay: bool
) -> None:
    """Send what is typed, a message a line, and print what comes. A pipe works too."""
    pairs = []
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon:
            raise click.UsageError(f"--header wants 'Name: value', not {header!r}")
        pairs.append((name.strip(), value.strip()))
    opening = api.connect(
        uri,
        tls=_client_tls(ca),
        subprotocols=subprotocols,
        additional_headers=pairs,
        origin=origin,
        max_message_size=MAX_MESSAGE,
    )
    asyncio.run(talk(opening, stay=stay))


def _client_tls(ca: Path | None) -> ssl.SSLContext | None:
    if ca is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise click.UsageError(f"cannot use the certificates {ca}: {error}") from None
