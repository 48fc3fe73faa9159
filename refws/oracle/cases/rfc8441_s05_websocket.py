"""RFC 8441, section 5: the opening handshake of WebSocket as an extended CONNECT, right and wrong."""

from typing import Final, TypeAlias

from refws.oracle.case import Case
from refws.oracle.expect import Allowed
from refws.oracle.handshake_outcomes import Breaks, Refuses
from refws.oracle.opening import Opening
from refws.oracle.streams.connects import Connect, connecting, opens, refuses
from refws.oracle.verdict import Verdict

__all__ = ["CASES"]

LENIENT: Final = "the clause binds who sends the request; a server may look over it"
VERSION: Final = "the version is used as RFC 6455 says, and its section 4.2.1 takes no other and no request without one"
KEYLESS: Final = Allowed(Verdict.FAIL, Refuses(), "nothing is wrong with the request: a stream has no use for a key")

_Row: TypeAlias = tuple[str, str, str, Connect, tuple[Allowed, ...]]

CHAT: Final = Opening(subprotocols=("chat", "superchat"))
OWN: Final = Allowed(Verdict.PASS, Refuses(most=499), "it may want a subprotocol of its own")
RIGHT: Final[tuple[_Row, ...]] = (
    (
        "ordinary",
        "an ordinary extended CONNECT",
        "5-p7-s1 5-p1-s3 5-p2-s1 5-p2-s2",
        Connect(),
        opens("it is what the RFC describes"),
    ),
    (
        "with-cookies",
        "an extended CONNECT with cookies and other header fields",
        "5-p1-s2",
        Connect(put=(("cookie", "a=b"), ("cookie", "c=d"), ("accept-language", "en"))),
        opens("other header fields may come with it"),
    ),
    (
        "without-key",
        "an extended CONNECT without Sec-WebSocket-Key",
        "5-p5-s1",
        Connect(without=("sec-websocket-key",)),
        opens(":protocol says what the key was for", KEYLESS),
    ),
    (
        "with-key-of-no-worth",
        "an extended CONNECT with a Sec-WebSocket-Key that is none",
        "5-p5-s1",
        Connect(put=(("sec-websocket-key", "none"),)),
        opens("Sec-WebSocket-Key has no part in it, whatever it is", KEYLESS),
    ),
    (
        "with-subprotocols",
        "an extended CONNECT that offers subprotocols",
        "5-p6-s1",
        Connect(opening=CHAT),
        opens("the server takes one of them, or none", OWN),
    ),
    (
        "with-deflate",
        "an extended CONNECT that offers permessage-deflate",
        "5-p6-s1",
        Connect(opening=Opening(extensions="permessage-deflate")),
        opens("the server takes it or leaves it"),
    ),
    (
        "with-unknown-extension",
        "an extended CONNECT that offers an extension which nobody knows",
        "5-p6-s1",
        Connect(opening=Opening(extensions="x-nobody")),
        opens("what a server does not know it leaves"),
    ),
)
TUNNEL: Final = Allowed(Verdict.PASS, Breaks(), "it is the tunnel of a proxy, and speaks no WebSocket")
WRONG: Final[tuple[_Row, ...]] = (
    (
        "without-protocol",
        "a CONNECT without :protocol, else as for WebSocket",
        "5-p1-s1/1",
        Connect(without=(":protocol",)),
        (TUNNEL, *refuses("that is the CONNECT of a proxy", LENIENT)),
    ),
    (
        "other-protocol",
        "an extended CONNECT for a protocol that nobody knows",
        "5-p1-s1/2",
        Connect(put=((":protocol", "x-nobody"),)),
        refuses("only websocket asks for WebSocket", "what was asked for is not what the server then speaks"),
    ),
    (
        "get",
        "a GET with the header fields of the opening handshake",
        "5-p1-s3",
        Connect(put=((":method", "GET"),), without=(":protocol",), end=True),
        refuses("a GET opens no connection on a stream", LENIENT),
    ),
    (
        "with-connection",
        "an extended CONNECT with a Connection field",
        "5-p3-s2",
        Connect(put=(("connection", "Upgrade"),)),
        refuses("Connection is no part of HTTP/2", LENIENT),
    ),
    (
        "with-upgrade",
        "an extended CONNECT with an Upgrade field",
        "5-p3-s2",
        Connect(put=(("upgrade", "websocket"),)),
        refuses("Upgrade is no part of HTTP/2", LENIENT),
    ),
    (
        "upper-case",
        "an extended CONNECT with a name in upper case",
        "5-p6-s2",
        Connect(put=(("X-Upper", "case"),)),
        refuses("names are in lower case", LENIENT),
    ),
    (
        "version-12",
        "an extended CONNECT for version 12",
        "5-p6-s1",
        Connect(put=(("sec-websocket-version", "12"),)),
        refuses("a server takes the versions that it has, as over HTTP/1.1", VERSION, Verdict.FAIL),
    ),
    (
        "without-version",
        "an extended CONNECT without Sec-WebSocket-Version",
        "5-p6-s1",
        Connect(without=("sec-websocket-version",)),
        refuses("the version is no optional part", VERSION, Verdict.FAIL),
    ),
)

CASES: tuple[Case, ...] = tuple(
    connecting(f"8441:5/{name}", title, clauses, connect, allowed)
    for name, title, clauses, connect, allowed in (*RIGHT, *WRONG)
)
