"""What ``refws serve`` does: an echo, a chat, somebody's resource, and files, on one port."""

import asyncio
import contextlib
import signal
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click

import refws as api
from refws.cli.static import StaticFiles, plain
from refws.rfc6455.s04_2_server_side_requirements import asks_for_websocket

__all__ = ["Asked", "run"]

MiB = 1024 * 1024
MAX_MESSAGE = 64 * MiB


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    application: str | None
    echo: bool
    chat: bool
    static: Path | None
    host: str
    port: int
    unix: str | None
    tls_cert: Path | None
    tls_key: Path | None
    threads: bool
    origin: tuple[str, ...]
    max_clients: int | None
    max_message: int | None
    hybi00: bool

    @property
    def origins(self) -> list[str | None] | None:
        """Whom to take; what is no browser can say what it wants, and need not."""
        return [*self.origin, None] if self.origin else None


Http = Callable[[api.Request], api.Response | None]


def run(asked: Asked, tls: ssl.SSLContext | None) -> None:
    """Serve until SIGINT or SIGTERM. Raises `UsageError` and `OSError`."""
    http = _http(asked)
    if asked.chat or asked.application is not None:
        _serve_resources(asked, tls, http)
    elif asked.threads:
        _serve_with_threads(asked, tls, http)
    else:
        asyncio.run(_serve(asked, tls, http))


def _http(asked: Asked) -> Http | None:
    """What answers plain HTTP, if anything does: the page of the chat, then files."""
    answers: list[Http] = []
    if asked.chat:
        from refws.cli.chat import page  # noqa: PLC0415 (not needed for an echo)

        answers.append(page)
    if asked.static is not None:
        answers.append(StaticFiles(asked.static).answer)
    if not answers:
        return None

    def answer(request: api.Request) -> api.Response | None:
        # An echo is everywhere; of resources, the dispatch table has been asked.
        if asked.echo and asks_for_websocket(request):
            return None
        return next(filter(None, (ask(request) for ask in answers)), None) or plain(HTTPStatus.NOT_FOUND)

    return answer


def _announce(asked: Asked, uri: str) -> None:
    click.echo(f"listening on {uri}{f', unix socket {asked.unix}' if asked.unix else ''}")
    if asked.chat and not asked.unix:
        click.echo(f"in a browser: {uri.replace('ws', 'http', 1)}/")


# Resources


def _serve_resources(asked: Asked, tls: ssl.SSLContext | None, http: Http | None) -> None:
    options: dict[str, Any] = {} if tls is None else {"tls": tls}
    acceptor = (api.Acceptor if tls is None else api.SSLAcceptor)(
        asked.port,
        asked.host,
        dispatch_table=_dispatch_table(asked),
        http=http if asked.threads else _aside(http),
        path=asked.unix,
        threads=asked.threads,
        max_clients=asked.max_clients,
        allow_hybi00=asked.hybi00,
        **options,
    )
    acceptor.serve_forever(lambda uri: _announce(asked, uri))


def _dispatch_table(asked: Asked) -> Sequence[Any]:
    if asked.application is None:
        from refws.cli.chat import Rooms, own_names  # noqa: PLC0415 (not needed otherwise)

        return [Rooms(asked.origins, None if asked.unix else own_names(asked.host))]
    from refws.cli.loading import load  # noqa: PLC0415 (not needed otherwise)

    found = load(asked.application)
    if isinstance(found, api.Resource):
        if asked.origins is not None:
            found.origins = asked.origins
        return [lambda _: found]
    if asked.origins is not None:
        raise click.UsageError("--origin goes with one resource; those of a dispatch table have their own `origins`")
    return found


# The echo, and files alone


def _options(asked: Asked, tls: ssl.SSLContext | None) -> dict[str, Any]:
    # No keep-alive: what an echo server says of itself is the echo.
    return {
        "path": asked.unix,
        "tls": tls,
        "origins": asked.origins,
        "max_connections": asked.max_clients,
        "max_message_size": asked.max_message or MAX_MESSAGE,
        "max_fragments": None,
        "ping_interval": None,
        "allow_hybi00": asked.hybi00,
    }


async def _serve(asked: Asked, tls: ssl.SSLContext | None, http: Http | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = api.serve(_echo, asked.host, asked.port, http=_aside(http), **_options(asked, tls))
    async with server as listening:
        _announce(asked, listening.uri)
        await stop.wait()


async def _echo(ws: api.WebSocket) -> None:
    async for message in ws:
        await ws.send(message)


def _aside(http: Http | None) -> Callable[[api.Request], Any] | None:
    """The same in a thread: a file that takes its time holds nobody up."""
    if http is None:
        return None
    return lambda request: asyncio.to_thread(http, request)


def _serve_with_threads(asked: Asked, tls: ssl.SSLContext | None, http: Http | None) -> None:
    server = api.serve_sync(_echo_in_a_thread, asked.host, asked.port, http=http, **_options(asked, tls))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _announce(asked, server.uri)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


def _echo_in_a_thread(ws: api.SyncWebSocket) -> None:
    for message in ws:
        ws.send(message)
