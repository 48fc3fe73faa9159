"""``refws connect``: what can be asked for."""

import asyncio
import ssl
import sys
from pathlib import Path
from typing import Any

import click

from refws.cli.logs import verbosity
from refws.cli.shown import escaped
from refws.cli.talk import Connect, talk
from refws.host.reaching.reconnection import Backoff, will_not_get_better
from refws.rfc7692 import PermessageDeflate

__all__ = ["connect"]

MiB = 1024 * 1024
MAX_MESSAGE = 64 * MiB

INSECURE = "refws: WARNING: --insecure: nobody checks who the server is; whoever is in between can read and change all"


@click.command()
@click.argument("uri")
@click.option("--subprotocol", "subprotocols", multiple=True, help="Offer a subprotocol; may be repeated.")
@click.option("--header", "headers", multiple=True, help="Send a header field, 'Name: value'; may be repeated.")
@click.option("--origin", help="Send an Origin.")
@click.option("--user", envvar="REFWS_USER", metavar="USER:PASSWORD", help="Authenticate; asks for what is missing.")
@click.option("--bearer", envvar="REFWS_BEARER", metavar="TOKEN", help="Authenticate with a token.")
@click.option("--ca", type=click.Path(path_type=Path), help="Certificates to trust, PEM, in place of the system's.")
@click.option("--cert", type=click.Path(path_type=Path), help="This client's certificate chain, PEM.")
@click.option("--key", type=click.Path(path_type=Path), help="Private key of the certificate, PEM.")
@click.option("--insecure", is_flag=True, help="Trust any certificate.")
@click.option("--server-name", metavar="NAME", help="The name to expect in the certificate, in place of the URI's.")
@click.option("--unix", metavar="PATH", help="Connect to a unix socket.")
@click.option("--proxy", metavar="URL", help="Go through this proxy, in place of the environment's (https_proxy, ...).")
@click.option("--no-proxy", is_flag=True, help="Go through no proxy.")
@click.option("--hybi00", is_flag=True, help="Speak the protocol of 2010 (hixie-76); RFC 6455, 10.3, says why not to.")
@click.option("--insecure-hybi00", is_flag=True, help="The same, also where others can read it on the way.")
@click.option("--no-compression", is_flag=True, help="Offer no compression.")
@click.option(
    "--timeout", default=10.0, type=click.FloatRange(0, min_open=True), show_default=True, help="Seconds to open."
)
@click.option("--reconnect", is_flag=True, help="Connect again when the connection ends, until the input does.")
@click.option("--stay", is_flag=True, help="Go on receiving when the input ends.")
@verbosity
def connect(uri: str, stay: bool, reconnect: bool, **options: Any) -> None:
    """Send what is typed, a message a line, and print what comes. A pipe works too.

    At the prompt, /help lists commands: /ping, /close, /binary and others.
    """
    if options["proxy"] is not None and options["no_proxy"]:
        raise click.UsageError("--proxy and --no-proxy exclude each other")
    opening = Connect(
        uri,
        tls=_tls(options["ca"], options["cert"], options["key"], options["insecure"]),
        server_hostname=options["server_name"],
        subprotocols=options["subprotocols"],
        extensions=() if options["no_compression"] else (PermessageDeflate(),),
        origin=options["origin"],
        additional_headers=[_field(header) for header in options["headers"]],
        basic_auth=_user(options["user"]),
        bearer_token=options["bearer"],
        proxy=None if options["no_proxy"] else options["proxy"] or True,
        path=options["unix"],
        hybi00=options["hybi00"] or options["insecure_hybi00"],
        insecure_hybi00=options["insecure_hybi00"],
        open_timeout=options["timeout"],
        max_message_size=MAX_MESSAGE,
        backoff=Backoff(gives_up=_gives_up),
    )
    if not asyncio.run(talk(opening, stay=stay, again=reconnect)):
        sys.exit(1)


def _gives_up(error: Exception) -> bool:
    if will_not_get_better(error):
        return True
    click.echo(f"refws: {escaped(str(error)) or 'the peer did not answer in time'}; trying again", err=True)
    return False


def _field(header: str) -> tuple[str, str]:
    name, colon, value = header.partition(":")
    if not colon:
        raise click.UsageError(f"--header wants 'Name: value', not {header!r}")
    return name.strip(), value.strip()


def _user(credentials: str | None) -> tuple[str, str] | None:
    if credentials is None:
        return None
    user, colon, password = credentials.partition(":")
    if not colon and not sys.stdin.isatty():
        raise click.UsageError("--user wants USER:PASSWORD where there is no terminal to ask for the password")
    return user, password if colon else click.prompt("password", hide_input=True, err=True)


def _tls(ca: Path | None, cert: Path | None, key: Path | None, insecure: bool) -> ssl.SSLContext | None:
    if key is not None and cert is None:
        raise click.UsageError("--key goes with --cert")
    if insecure and ca is not None:
        raise click.UsageError("--insecure and --ca exclude each other")
    if ca is None and cert is None and not insecure:
        return None
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise click.UsageError(f"cannot use the certificates {ca}: {error}") from None
    if cert is not None:
        try:
            context.load_cert_chain(cert, key)
        except (OSError, ssl.SSLError) as error:
            raise click.UsageError(f"cannot use the certificate {cert}: {error}") from None
    if insecure:
        click.echo(INSECURE, err=True)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
