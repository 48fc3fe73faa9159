"""Section 4.1, TLS: what a client that is given a wss URI sends, and that it gives up where TLS fails.

The oracle reads the ClientHello, which shows the server's name and the algorithms that a client offers, and then shows
it a certificate that nobody trusts. What goes on inside TLS is shown by a run over TLS.
"""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed, NeverConnects
from refws.oracle.handshake_answers import client_case
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.tls import ClientHello, UntrustedServer, parse_client_hello

__all__ = ["CASES"]

TLS_FIRST: Final = "rfc6455:4.1-p19-s1"
FAILS: Final = "rfc6455:4.1-p19-s2"
SERVER_NAME: Final = "rfc6455:4.1-p20-s1"
STRONG: Final = "rfc6455:10.6-p2-s3"
SUPPORTED: Final = "rfc6455:10.6-p1-s2/1"
ENDS: Final = "rfc6455:7.1.7-p1-s2/1"

NAME: Final = "localhost"
TLS_1_2: Final = 0x0303

WEAK: Final = frozenset(
    (
        *range(0x002F),  # all before AES: NULL, export, RC2, RC4, IDEA, DES, 3DES, Kerberos
        *(0x0034, 0x003A, 0x003B, 0x0046, 0x006C, 0x006D, 0x0089, 0x009B, 0x00A6, 0x00A7, 0x00BF, 0x00C5),
        *(0x008A, 0x008B, 0x008E, 0x008F, 0x0092, 0x0093, 0x00B0, 0x00B1, 0x00B4, 0x00B5, 0x00B8, 0x00B9),
        *(*range(0xC001, 0xC004), *range(0xC006, 0xC009), *range(0xC00B, 0xC00E), *range(0xC010, 0xC013)),
        *(*range(0xC015, 0xC01D), 0xC033, 0xC034, 0xC039, 0xC03A, 0xC03B),
    )
)
"""Cipher suites (by IANA's registry) without encryption or authentication, of export grade, or older than AES."""


def _finding(verdict: Verdict, clause: str, why: str) -> Finding:
    return Finding(verdict, clause, Obligation.SENDER, why)


async def _hello(peer: Peer) -> ClientHello | Finding:
    """Wait for the ClientHello; what is wrong where none comes."""
    side = peer.theirs
    if side.head is not None:
        if peer.conversation.recording.secure or not peer.uri:
            why = (
                "to read a ClientHello the oracle gives its URI to a command with {url}, and does not speak TLS itself"
            )
            return _finding(Verdict.NOT_RUN, TLS_FIRST, why)
        return _finding(Verdict.FAIL, TLS_FIRST, f"for {peer.uri} the client sent its request without TLS")
    found: list[ClientHello] = []

    def whole() -> bool:
        hello = parse_client_hello(side.undone_head)
        found.extend([hello] if hello is not None else [])
        return bool(found)

    try:
        await peer.link.until(lambda: whole() or peer.link.is_over, peer.patience)
    except ValueError as error:
        return _finding(Verdict.FAIL, TLS_FIRST, f"what the client sent begins as TLS, and is none: {error}")
    return found[0] if found else _finding(Verdict.INCONCLUSIVE, TLS_FIRST, "the client began TLS, and said no more")


async def _distrusts(peer: Peer) -> Finding | None:
    """Go on with TLS, and a certificate that nobody trusts; what is wrong with what the client makes of that."""
    server, side, link = UntrustedServer(), peer.theirs, peer.link
    fed = 0

    def more() -> bool:
        return len(side.undone_head) > fed or link.is_over

    while not (server.failed or server.octets) and await link.until(more, peer.patience):
        octets = side.undone_head[fed:]
        if not octets:
            break
        fed += len(octets)
        peer.send_octets(server.feed(octets))
    if not link.is_over:
        link.end()
        await link.until(lambda: link.is_over, 2 * peer.patience)
    if server.octets or b"HTTP/1." in side.undone_head:
        how = "inside TLS" if server.octets else "in the clear"
        why = f"the certificate is signed by nobody, and the client sent its request all the same, {how}"
        return _finding(Verdict.FAIL, FAILS, why)
    if not link.is_over:
        return _finding(Verdict.FAIL, ENDS, "TLS had failed, and the client keeps TCP open though the server ended it")
    return None


async def _offers(peer: Peer) -> Finding:
    hello = await _hello(peer)
    if isinstance(hello, Finding):
        return hello
    failed = await _distrusts(peer)
    if failed is not None:
        return failed
    if hello.server_name != NAME:
        told = "no server name" if hello.server_name is None else f"the server name {hello.server_name!r}"
        return _finding(Verdict.FAIL, SERVER_NAME, f"for {peer.uri} the ClientHello has {told}")
    weak = sorted(WEAK.intersection(hello.suites))
    if weak:
        return _finding(Verdict.NON_STRICT, STRONG, f"weak cipher suites are offered: {', '.join(map(hex, weak))}")
    if max(hello.versions) < TLS_1_2:
        return _finding(Verdict.NON_STRICT, STRONG, "no version of TLS from 1.2 on is offered")
    why = f"TLS first, with the name {NAME} and {len(hello.suites)} cipher suites, none of them weak; it trusts nobody"
    return _finding(Verdict.PASS, TLS_FIRST, why)


CASES: tuple[Case, ...] = (
    client_case(
        "4.1/tls/untrusted",
        "a wss URI, and a certificate that nobody trusts",
        (TLS_FIRST, FAILS, SERVER_NAME, "rfc6455:4.1-p19-s3", SUPPORTED, STRONG, "rfc6455:3-p5-s1"),
        _offers,
        (
            Allowed(
                Verdict.UNIMPLEMENTED,
                NeverConnects(),
                "the client has connected for ws, and does not for wss",
                SUPPORTED,
            ),
        ),
        uri="wss://" + NAME + ":{port}/runCase?{query}",
        obligation=Obligation.SENDER,
    ),
)
