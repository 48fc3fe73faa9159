"""Section 3: what a client makes of a URI, with 11.1 on characters that a URI cannot have.

The oracle has to give the URI: to a command, for its ``{url}``. A client that puts its URIs together by itself is not
tried here.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote_to_bytes

from refws.oracle.case import Case
from refws.oracle.expect import Allowed, NeverConnects
from refws.oracle.handshake_answers import client_case
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict

__all__ = ["CASES", "NOT_SHOWN"]

PATH: Final = ("rfc6455:3-p8-s1", "rfc6455:3-p6-s1", "rfc6455:4.1-p25-s1", "rfc6455:11.1.1-p6-s1")
QUERY: Final = ("rfc6455:3-p10-s1", "rfc6455:3-p9-s1", "rfc6455:11.1.1-p6-s1", "rfc6455:11.1.2-p6-s1")
VALID: Final = ("rfc6455:4.1-p4-s2", "rfc6455:4.1-p4-s1", "rfc6455:3-p2-s1")
HOST: Final = "rfc6455:4.1-p26-s1"

WIDE: Final = "".join(chr(ord(letter) + 0xFEE0) for letter in "localhost")
"""A name outside ASCII that leads to the oracle: IDNA makes the usual letters of these (RFC 3490, section 4.1)."""

_PARTS: Final = re.compile(r"[A-Za-z]+://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?")

NOT_SHOWN: Final[dict[str, str]] = {
    "rfc6455:3-p4-s1": "the ports 80 and 443 are not the oracle's to listen at",
}


def _resource_name(uri: str) -> str:
    """The resource name of section 3, with what is not of ASCII percent-encoded (11.1.1)."""
    found = _PARTS.match(uri)
    assert found is not None
    name = (found["path"] or "/") + (f"?{found['query']}" if found["query"] else "")
    return re.sub(r"[^\x21-\x7e]", lambda match: "".join(f"%{octet:02X}" for octet in match[0].encode()), name)


def _same(one: str, other: str) -> bool:
    """Whether two targets differ only in what is escaped, in the case of escapes, or in the mark of an empty query."""
    parts = [re.split("([?&=/;])", target.removesuffix("?")) for target in (one, other)]
    return [unquote_to_bytes(part) for part in parts[0]] == [unquote_to_bytes(part) for part in parts[1]]


def _uri_case(
    id_: str,
    title: str,
    clauses: tuple[str, ...],
    uri: str,
    *,
    allowed: tuple[Allowed, ...] = (),
    taking: tuple[Verdict, str] | None = None,
) -> Case:
    """A case that compares the request's target and Host with the URI.

    Where the URI is wrong, `taking` has the verdict for a client that connects all the same, and why.
    """

    def finding(verdict: Verdict, why: str, clause: str = clauses[0]) -> Finding:
        return Finding(verdict, clause, Obligation.SENDER, why)

    async def stimulus(peer: Peer) -> Finding:
        head = peer.theirs.head or await peer.head()
        if await peer.open():
            await peer.closing_handshake()
        if not peer.uri or head is None:
            return finding(Verdict.NOT_RUN, "the client chose its URI itself; run a command with {url} for this case")
        if taking is not None:
            return finding(taking[0], f"the client connects for {peer.uri}: {taking[1]}")
        wanted, target = _resource_name(peer.uri), head.target or ""
        given = peer.uri.partition("://")[2].partition("/")[0].partition("?")[0]
        authority = unicodedata.normalize("NFKC", given)
        if head.get("Host") != authority:
            clause = HOST if given.isascii() else clauses[0]
            return finding(Verdict.FAIL, f"for {peer.uri} Host is {head.get('Host')!r}, not {authority}", clause)
        if target == wanted or target.endswith(f"://{head.get('Host')}{wanted}"):
            return finding(Verdict.PASS, f"asks for {target}")
        why = f"for {peer.uri} the client asks for {target}; the resource name is {wanted}"
        return finding(Verdict.NON_STRICT if _same(wanted, target) else Verdict.FAIL, why)

    return client_case(id_, title, clauses, stimulus, allowed, uri=uri, obligation=Obligation.SENDER)


def _stays_away(why: str, verdict: Verdict = Verdict.PASS) -> tuple[Allowed, ...]:
    return (Allowed(verdict, NeverConnects(), why),)


_ENCODED: Final = _stays_away("whoever gives a URI is to encode what it cannot have, and the client refuses it")

CASES: tuple[Case, ...] = (
    _uri_case("3/uri/plain", "a URI with a path and a query", PATH, "{base}/runCase?{query}"),
    _uri_case(
        "3/uri/escaped-path",
        "a path with escaped octets",
        PATH,
        "{base}/runCase/a%20b/%C3%A9%2F;c=d,e/~f?{query}",
    ),
    _uri_case("3/uri/no-path", "a URI without a path", ("rfc6455:3-p7-s1", "rfc6455:3-p9-s1"), "{base}?{query}"),
    _uri_case("3/uri/slash", "a URI whose path is a slash", PATH, "{base}/?{query}"),
    _uri_case("3/uri/no-query", "a URI without a query", PATH, "{base}/runCase/{number}/{agent}"),
    _uri_case(
        "3/uri/marks-in-the-query",
        "a query with marks that may stand there",
        QUERY,
        "{base}/runCase?{query}&a=/?:@!*(),;~-._b",
    ),
    _uri_case(
        "3/uri/escapes-in-the-query",
        "a query with escaped octets, one a percent sign",
        QUERY,
        "{base}/runCase?{query}&a=%20%26%3D%2B%25%C3%A9",
    ),
    _uri_case(
        "3/uri/escaped-number-sign",
        "a query with an escaped number sign",
        ("rfc6455:3-p11-s2", *QUERY),
        "{base}/runCase?{query}&a=%23b",
    ),
    _uri_case(
        "11.1/uri/not-ascii",
        "a query with characters outside ASCII",
        ("rfc6455:11.1.1-p9-s1", "rfc6455:11.1.2-p9-s1"),
        "{base}/runCase?{query}&\u00e9=\u20ac",
        allowed=_ENCODED,
    ),
    _uri_case(
        "11.1/uri/host-not-ascii",
        "the host localhost in letters of full width, which are the same host",
        ("rfc6455:11.1.1-p8-s1", "rfc6455:11.1.2-p8-s1"),
        "{scheme}://" + WIDE + ":{port}/runCase?{query}",
        allowed=_ENCODED,
    ),
    _uri_case(
        "3/uri/empty-query", "a URI whose query is empty", ("rfc6455:3-p9-s1",), "{base}/runCase/{number}/{agent}?"
    ),
    _uri_case(
        "3/uri/scheme-in-capitals",
        "a URI with its scheme in capital letters",
        ("rfc6455:3-p5-s1", "rfc6455:3-p2-s1", "rfc6455:3-p2-s2", "rfc6455:11.1.2-p1-s1"),
        "{SCHEME}://{address}/runCase?{query}",
        allowed=_stays_away("a scheme is the same in any case", Verdict.NON_STRICT),
    ),
    _uri_case(
        "3/uri/fragment",
        "a URI with a fragment",
        ("rfc6455:3-p11-s1", *VALID),
        "{base}/runCase?{query}#part",
        allowed=_stays_away("a WebSocket URI has no fragment"),
        taking=(Verdict.NON_STRICT, "a WebSocket URI has no fragment, though the request has none, either"),
    ),
    _uri_case(
        "3/uri/user",
        "a URI with a user and a password",
        ("rfc6455:3-p2-s1", *VALID[:2]),
        "{scheme}://user:secret@{address}/runCase?{query}",
        allowed=_stays_away("section 3 has a host and a port there, and nobody else"),
        taking=(Verdict.NON_STRICT, "section 3 has no users, while 11.1.1 names an authority, which can (ruling 17)"),
    ),
    _uri_case(
        "3/uri/one-slash",
        "a URI with one slash before its host",
        VALID,
        "{scheme}:/{address}/runCase?{query}",
        allowed=_stays_away("no WebSocket URI begins so"),
        taking=(Verdict.NON_STRICT, "no WebSocket URI begins so, though browsers repair it"),
    ),
    _uri_case(
        "3/uri/another-scheme",
        "a URI of http",
        VALID,
        "http://{address}/runCase?{query}",
        allowed=_stays_away("no WebSocket URI has that scheme"),
        taking=(Verdict.NON_STRICT, "no WebSocket URI has that scheme, though some libraries take it for theirs"),
    ),
    _uri_case(
        "3/uri/letter-in-the-port",
        "a URI with a letter behind its port",
        VALID,
        "{base}x/runCase?{query}",
        allowed=_stays_away("a port is of digits"),
        taking=(Verdict.FAIL, "a port is of digits; refuse the URI"),
    ),
)
