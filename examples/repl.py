"""A Python prompt for a browser: ``python examples/repl.py [--host 127.0.0.1] [--port 8080]``.

Whoever can talk to it can do what you can. So it listens on this machine only, wants the token that it prints at start,
and takes no connection from a page that is not its own (RFC 6455, section 10.2): every page of the web can reach a
server on this machine, through the browser that shows it.
"""

import argparse
import asyncio
import contextlib
import io
import ipaddress
import secrets
import sys
import traceback
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import refws

PAGE = Path(__file__).with_name("sample.html")
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'none'; form-action 'none'"),
    ("Cache-Control", "no-store"),
]


def evaluate(source: str, names: dict[str, object]) -> str:
    """What this source prints, and its value, or its traceback. Raises `SystemExit` where it wants to end."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            try:
                code = compile(source, "<line>", "eval")
            except SyntaxError:
                exec(compile(source, "<line>", "exec"), names)  # noqa: S102 (that is what it is for)
            else:
                value = eval(code, names)  # noqa: S307 (that is what it is for)
                if value is not None:
                    names["_"] = value
                    print(repr(value))
        except Exception as error:
            # Without the line above that called it
            traceback.print_exception(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
    return output.getvalue().removesuffix("\n")


async def prompt(ws: refws.WebSocket) -> None:
    """One connection has one namespace. A line that does not end holds up all; Ctrl-C twice ends it, and the server."""
    names: dict[str, object] = {"__name__": "__repl__"}
    async for line in ws:
        if not isinstance(line, str):
            return await ws.close(refws.StatusCode.UNSUPPORTED_DATA, "a line is text")
        try:
            answer = evaluate(line, names)
        except SystemExit:
            return None
        # What is no text, such as a lone surrogate, is shown escaped.
        await ws.send(answer.encode("utf-8", "backslashreplace").decode())
    return None


def is_loopback(host: str) -> bool:
    """Whether this is an address of this machine that no other can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def main(host: str, port: int) -> None:
    token = secrets.token_urlsafe(16)

    def http(request: refws.Request) -> refws.Response | None:
        """The page, and a refusal for who has not got the token; None goes on with the opening handshake."""
        if request.path != "/":
            return refused(HTTPStatus.NOT_FOUND)
        if request.headers.get("Upgrade") is None:
            return refws.Response(HTTPStatus.OK, refws.HeaderFields(HEADERS), PAGE.read_bytes())
        given = parse_qs(urlsplit(request.target).query).get("token", [""])[0]
        # In a time that does not tell how much of it is right
        return None if secrets.compare_digest(given.encode(), token.encode()) else refused(HTTPStatus.FORBIDDEN)

    origins: list[str | None] = []
    async with refws.serve(prompt, host, port, http=http, origins=lambda origin: origin in origins) as server:
        own = server.uri.replace("ws", "http", 1).removesuffix(":80")
        # None: programs that are no browser, which need the token like everybody
        origins += [own, None]
        print(f"{own}/#{token}", flush=True)
        await server.serve_forever()


def refused(status: HTTPStatus) -> refws.Response:
    return refws.Response(status, refws.HeaderFields([("Content-Type", "text/plain")]), f"{status.phrase}\n".encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A Python prompt for a browser, on this machine only.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    asked = parser.parse_args()
    if not is_loopback(asked.host):
        sys.exit(f"repl.py: it runs whatever it is sent, so it takes a loopback address (127.0.0.1), not {asked.host}")
    try:
        asyncio.run(main(asked.host, asked.port))
    except KeyboardInterrupt:
        print("stopped")
    except OSError as error:
        sys.exit(f"repl.py: cannot listen: {error}")
