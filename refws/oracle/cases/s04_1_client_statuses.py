"""Section 4.1: answers with another status than 101, which open nothing; interim ones; and their bodies."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.handshake_answers import (
    PROBE,
    Fields,
    answer_case,
    client_case,
    must_open,
    opens_nothing,
    plus,
    reaction,
)
from refws.oracle.peer import Observed, Peer
from refws.oracle.wire.frame import close, ping, text
from refws.oracle.wire.http import head_octets

__all__ = ["CASES"]

STATUS: Final = ("rfc6455:4.1-p39-s1", "rfc6455:4.2.2-p13-s1", "rfc6455:4.1-p38-s2")
ELSEWHERE: Final = "/elsewhere"
"""Where a redirect leads: a resource of the oracle that says goodbye at once."""

_EMPTY: Final = plus("Content-Length", "0")
_BASIC: Final = plus("WWW-Authenticate", 'Basic realm="oracle"')
_LOCATION: Final = plus("Location", ELSEWHERE)

# Each above the fields of a right answer, so that only the status says that nothing is open.
FINAL: Final = (
    ("200", "HTTP/1.1 200 OK", (_EMPTY,), ()),
    ("201", "HTTP/1.1 201 Created", (_EMPTY,), ()),
    ("204", "HTTP/1.1 204 No Content", (), ()),
    ("301", "HTTP/1.1 301 Moved Permanently", (_LOCATION, _EMPTY), ("rfc6455:4.1-p39-s2", "rfc6455:4.2.2-p4-s1")),
    ("302", "HTTP/1.1 302 Found", (_LOCATION, _EMPTY), ("rfc6455:4.1-p39-s2",)),
    ("303", "HTTP/1.1 303 See Other", (_LOCATION, _EMPTY), ("rfc6455:4.1-p39-s2",)),
    ("307", "HTTP/1.1 307 Temporary Redirect", (_LOCATION, _EMPTY), ("rfc6455:4.1-p39-s2",)),
    ("308", "HTTP/1.1 308 Permanent Redirect", (_LOCATION, _EMPTY), ("rfc6455:4.1-p39-s2",)),
    ("302-without-location", "HTTP/1.1 302 Found", (_EMPTY,), ("rfc6455:4.1-p39-s2",)),
    ("400", "HTTP/1.1 400 Bad Request", (_EMPTY,), ()),
    ("401", "HTTP/1.1 401 Unauthorized", (_BASIC, _EMPTY), ("rfc6455:4.1-p39-s2", "rfc6455:4.2.2-p3-s1")),
    ("403", "HTTP/1.1 403 Forbidden", (_EMPTY,), ("rfc6455:4.2.2-p6-s5",)),
    ("404", "HTTP/1.1 404 Not Found", (_EMPTY,), ("rfc6455:4.2.2-p9-s3",)),
    ("407", "HTTP/1.1 407 Proxy Authentication Required", (_EMPTY,), ()),
    ("426", "HTTP/1.1 426 Upgrade Required", (_EMPTY,), ()),
    ("500", "HTTP/1.1 500 Internal Server Error", (_EMPTY,), ()),
    ("503", "HTTP/1.1 503 Service Unavailable", (plus("Retry-After", "60"), _EMPTY), ()),
    ("599", "HTTP/1.1 599 Nobody Knows", (_EMPTY,), ()),
    ("102-then-nothing", "HTTP/1.1 102 Processing", (), ()),
    ("500-and-101-in-the-reason", "HTTP/1.1 500 101 Switching Protocols", (_EMPTY,), ()),
)

_FRAMES: Final = ping(b"in a body").octets(False) + text(PROBE).octets(False) + close(1000).octets(False)


def _length(body: bytes) -> Fields:
    return [("Content-Length", str(len(body)))]


# Bodies of a refusal: the octets behind the empty line, and how their end is told.
BODIES: Final = (
    ("page", "a page for people", _length(b"<p>No such page</p>"), b"<p>No such page</p>", False),
    ("shorter-than-said", "a body that ends too early", [("Content-Length", "1000")], b"<p>No", True),
    ("until-the-end-of-tcp", "a body that only the end of TCP ends", [("Connection", "close")], b"No such page", True),
    (
        "chunked",
        "a body in chunks",
        [("Transfer-Encoding", "chunked")],
        b"5\r\nNo su\r\n7\r\nch page\r\n0\r\n\r\n",
        False,
    ),
    ("bad-chunks", "a body of malformed chunks", [("Transfer-Encoding", "chunked")], b"xyz\r\nNo su\r\n", True),
    ("frames", "a body of frames", _length(_FRAMES), _FRAMES, False),
    ("bad-length", "a Content-Length of letters", [("Content-Length", "many")], b"No such page", True),
)


def _body_case(end: str, what: str, fields: Fields, body: bytes, ends: bool) -> Case:
    async def stimulus(peer: Peer) -> Observed:
        await peer.head()
        peer.send_octets(head_octets("HTTP/1.1 404 Not Found", fields) + body)
        if ends:
            peer.link.end()
        return await reaction(peer)

    title = f"a 404 with {what}"
    return client_case(f"4.1/status/404-with-{end}", title, ("rfc6455:4.1-p39-s1",), stimulus, opens_nothing())


def _interim_case(end: str, what: str, clauses: tuple[str, ...], *lines: str) -> Case:
    """Interim answers, and the right one behind them in the same write."""
    before = b"".join(head_octets(line, []) for line in lines)
    refusing = "by HTTP a final answer follows an interim one, and a client is ready for that"
    return answer_case(f"4.1/status/{end}", what, clauses, must_open(refusing), wire=lambda octets: before + octets)


INTERIM: Final = (
    ("100-then-101", "a 100 before the 101", "HTTP/1.1 100 Continue"),
    ("103-then-101", "a 103 before the 101", "HTTP/1.1 103 Early Hints"),
    ("three-interim-then-101", "three interim answers before the 101", *("HTTP/1.1 102 Processing",) * 3),
)

CASES: tuple[Case, ...] = (
    *(
        answer_case(
            f"4.1/status/{end}",
            f"an answer with {end.replace('-', ' ')}, the fields of a right one below it",
            (*STATUS, *clauses),
            opens_nothing(),
            *changes,
            status=line,
        )
        for end, line, changes, clauses in FINAL
    ),
    *(_interim_case(end, what, ("rfc6455:4.1-p39-s1", "rfc6455:4.1-p47-s1"), *lines) for end, what, *lines in INTERIM),
    *(_body_case(*row) for row in BODIES),
)
