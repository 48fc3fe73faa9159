"""Section 4.2.1, reading the client's opening handshake: the order, the spelling and the body of a request in HTTP."""

from collections.abc import Callable
from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed, Silent
from refws.oracle.handshake_outcomes import WAITS, Breaks, Refuses, Unanswered, accepts, either, rejects
from refws.oracle.handshakes import Request, handshake
from refws.oracle.opening import Opening
from refws.oracle.verdict import Verdict
from refws.oracle.wire.http import head_octets

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

Fields = list[tuple[str, str]]

NON_STRICT: Final = Verdict.NON_STRICT
LENIENT: Final = "HTTP lets a server repair such a request, and no clause of RFC 6455 forbids it"
TOO_CAREFUL: Final = Allowed(NON_STRICT, Refuses(), "HTTP allows that, and a server could take it")


def _ordinary() -> list[Case]:
    return [
        handshake(
            "4.2.1/ordinary",
            "the shortest request that has all its parts, and none of the optional ones",
            "4.2.1-p2-s1 4.2.1-p1-s2 4.2.1-p9-s1 4.2.1-p10-s1 4.2.1-p11-s1 4.2.2-p1-s1 4.2.2-p12-s1 4.2.2-p13-s1 "
            "4.2.2-p14-s1 4.2.2-p15-s1 4.2.2-p16-s1 4.2.2-p16-s2 4.2.2-p18-s1 4.3-p7-s2 11.3.3-p8-s2 11.3.3-p9-s1 "
            "4.4-p2-s2 11.1.1-p11-s1 10.7-p1-s1",
            Request(),
            accepts("that is all a handshake needs"),
        ),
        handshake(
            "4.2.1/optional-fields",
            "a request with cookies and fields that a browser sends",
            "4.2.1-p12-s1 10.5-p1-s2 4.2.1-p12-s2",
            Request(opening=Opening(fields=BROWSERS)),
            accepts("they say nothing against opening the connection"),
        ),
        handshake(
            "4.2.1/unknown-fields",
            "a request with fields that nobody knows, be their names close to the RFC's",
            "4.2.1-p12-s2",
            Request(opening=Opening(fields=(("X-Refws-Oracle", "1; 2, 3"), ("Sec-WebSocket-Refws-Oracle", "x")))),
            accepts("what a server does not know it passes over"),
        ),
        handshake(
            "4.2.1/credentials",
            "a request with credentials that nobody asked for",
            "10.5-p1-s2 4.2.1-p12-s1 4.4-p2-s2",
            Request(opening=Opening(fields=(("Authorization", "Basic dXNlcjpwYXNz"),))),
            either("a server that asks nobody who he is passes over them", fitting=(401, 403)),
        ),
    ]


BROWSERS: Final = (
    ("User-Agent", "refws oracle"),
    ("Cookie", "a=1; b=2"),
    ("Accept-Language", "en, de;q=0.5"),
    ("Cache-Control", "no-cache"),
    ("Pragma", "no-cache"),
)


def _spelled(line: str, name: Callable[[str], str] = str) -> Callable[[str, Fields], bytes]:
    """Writes each field as that line, its name spelled so."""

    def write(start: str, fields: Fields) -> bytes:
        lines = [start, *(line.format(name(field), value) for field, value in fields), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    return write


def _in_reverse(start: str, fields: Fields) -> bytes:
    return head_octets(start, fields[::-1])


def _with_line(line: bytes) -> Callable[[str, Fields], bytes]:
    """Puts a line behind the first field."""

    def write(start: str, fields: Fields) -> bytes:
        return head_octets(start, fields).replace(b"\r\n", b"\r\n" + line + b"\r\n", 1)

    return write


VALID: Final = "4.4-p2-s2 4.2.1-p2-s2"


def _spellings() -> list[Case]:
    """Ways to write the request that HTTP has for everybody."""
    table = (
        ("fields-in-reverse", "the fields in another order", _in_reverse, "4.2.1-p2-s2 4.4-p2-s2"),
        ("names-in-small-letters", "names of fields in small letters", _spelled("{}: {}", str.lower), VALID),
        ("names-in-capital-letters", "names of fields in capital letters", _spelled("{}: {}", str.upper), VALID),
        ("no-space-behind-colon", "no space behind the colons", _spelled("{}:{}"), VALID),
        ("values-in-white-space", "tabs and spaces around all values", _spelled("{}:\t {}\t  "), VALID),
    )
    return [
        handshake(f"4.2.1/{name}", title, clauses, Request(write=write), accepts("HTTP has it so"))
        for name, title, write, clauses in table
    ]


def _repairs() -> list[Case]:
    """Requests that HTTP has servers refuse or repair, or leaves to them."""
    folded = "HTTP leaves it to the server to refuse folded lines or to join them"
    table = (
        ("space-before-colon", _with_line(b"X-Refws-Oracle : x"), rejects("HTTP wants 400", opened=LENIENT)),
        ("line-without-colon", _with_line(b"x-refws-oracle"), rejects("that is no header field", opened=LENIENT)),
        ("empty-name", _with_line(b": x"), rejects("a field has a name", opened=LENIENT)),
        ("nul-in-a-value", _with_line(b"X-Refws-Oracle: a\0b"), rejects("no value holds NUL", opened=LENIENT)),
        ("folded-line", _with_line(b"X-Refws-Oracle: a\r\n b"), either(folded)),
        ("octets-beyond-ascii", _with_line(b"X-Refws-Oracle: \xc3\xa9\xff"), accepts(UNREAD, TOO_CAREFUL)),
        ("empty-line-before", lambda start, fields: b"\r\n" + head_octets(start, fields), accepts(SKIPS, *CAREFUL)),
        ("lines-end-with-lf", lambda start, fields: head_octets(start, fields).replace(b"\r", b""), either(LF, WAITS)),
    )
    return [
        handshake(
            f"4.2.1/{name}",
            "the ordinary request, but for what HTTP asks: " + name.replace("-", " "),
            "4.2.1-p2-s2 10.7-p1-s1",
            Request(write=write),
            allowed,
        )
        for name, write, allowed in table
    ]


UNREAD: Final = "the value of a field that the server does not know is nothing to it"
SKIPS: Final = "HTTP has servers skip an empty line before a request"
LF: Final = "HTTP lets a server take LF alone for the end of a line"
CAREFUL: Final = (
    TOO_CAREFUL,
    Allowed(NON_STRICT, Unanswered(), "HTTP has servers skip an empty line before a request"),
)


def _bodies() -> list[Case]:
    why = "no clause speaks of a body: a server may read it, refuse it or pass over it"
    broken = Allowed(NON_STRICT, Breaks(), "the body was read as frames; HTTP has it end before they begin")
    hangs = Allowed(NON_STRICT, Silent(None), "the client is left waiting; a server can refuse a body")
    table = (
        ("body", (("Content-Length", "5"),), b"refws"),
        ("chunked-body", (("Transfer-Encoding", "chunked"),), b"5\r\nrefws\r\n0\r\n\r\n"),
    )
    return [
        handshake(
            f"4.2.1/{name}",
            "the ordinary request, with a body behind it",
            "4.2.1-p2-s2",
            Request(opening=Opening(fields=fields), behind=(body,)),
            either(why, broken, hangs, fitting=(400, 413)),
        )
        for name, fields, body in table
    ]


CASES = (*_ordinary(), *_spellings(), *_repairs(), *_bodies())
