"""RFC 8441, section 4: the pseudo-header fields of an extended CONNECT, right and wrong, as a server takes them.

Which of them a request has binds the client. To a server a request without them is malformed, which HTTP/2 lets no
server take; that is no clause of RFC 8441, so a server that takes it all the same is NON-STRICT.
"""

import asyncio
from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed, Where
from refws.oracle.handshake_outcomes import Answered
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.streams.connects import Connect, connecting, opens, refuses, stream_of
from refws.oracle.verdict import Verdict

__all__ = ["CASES"]

LENIENT: Final = "a malformed request is to be a stream error (RFC 9113, 8.1.1); no clause of RFC 8441 binds the server"
GRACE: Final = 0.3
"""Seconds behind the answer in which a tunnel that is not to be there may still be opened."""


async def _elsewhere(peer: Peer) -> Answered:
    """An :authority that names a place where nobody but the oracle listens; what comes there is noted."""
    stream = stream_of(peer)
    came = asyncio.Event()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        writer.close()

    host = stream.connection.local_host
    server = await asyncio.start_server(met, host, 0)
    try:
        port = server.sockets[0].getsockname()[1]
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        seen = await Connect(put=((":authority", authority),))(peer)
        try:
            async with asyncio.timeout(GRACE):
                await came.wait()
        except TimeoutError:
            pass
    finally:
        server.close()
        await server.wait_closed()
    seen.note = "a connection came to what :authority names" if came.is_set() else ""
    return seen


def _tunnels(seen: Observed) -> bool:
    return bool(seen.note)


def _wrong(name: str, title: str, clauses: str, connect: Connect, why: str) -> Case:
    return connecting(f"8441:4/{name}", title, clauses, connect, refuses(why, LENIENT))


CASES = (
    connecting(
        "8441:4/authority-of-the-server",
        "an extended CONNECT whose :authority is the server's own",
        "4-p4-s1 4-p2-s1",
        Connect(),
        opens("with :protocol, :authority is the host of the resource, as in any request"),
    ),
    connecting(
        "8441:4/authority-of-another-host",
        "an extended CONNECT whose :authority names another host, at which the oracle listens",
        "4-p4-s2 4-p4-s1",
        _elsewhere,
        (
            Allowed(
                Verdict.FAIL,
                Where("connects to the host that :authority names", _tunnels),
                "with :protocol, CONNECT asks for a resource of this server, and not for a tunnel",
            ),
            *opens("it is a resource of this server, whatever it is called"),
            *refuses("the server has no such host", "the connection it opened does not work"),
        ),
    ),
    _wrong(
        "without-scheme",
        "an extended CONNECT without :scheme",
        "4-p3-s1",
        Connect(without=(":scheme",)),
        "with :protocol, :scheme is no optional part",
    ),
    _wrong(
        "without-path",
        "an extended CONNECT without :path",
        "4-p3-s1",
        Connect(without=(":path",)),
        "with :protocol, :path is no optional part",
    ),
    _wrong(
        "two-protocols",
        "an extended CONNECT with two :protocol fields",
        "4-p2-s2",
        Connect(put=((":protocol", "websocket"), (":protocol", "connect-udp"))),
        ":protocol has one value",
    ),
    _wrong(
        "without-authority",
        "an extended CONNECT without :authority",
        "5-p4-s2",
        Connect(without=(":authority",)),
        ":authority says what Host says elsewhere, and is always there",
    ),
)
