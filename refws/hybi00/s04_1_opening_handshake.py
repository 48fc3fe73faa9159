"""Section 4.1, Opening handshake: the client's, and its check of the server's."""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from random import Random

from refws.failure import HandshakeFailure, UsageError
from refws.hybi00.fields import check_additional, format_fields, read_fields
from refws.hybi00.s03_websocket_urls import construct_a_websocket_url
from refws.hybi00.s04_3_handling_errors_in_utf_8 import interpret_as_utf_8
from refws.hybi00.s05_2_sending_the_servers_opening_handshake import challenge_response
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s03_websocket_uris import WebSocketURI
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s04_3_collected_abnf import ascii_lowercase
from refws.rfc6455.s10_security_considerations import Limits

__all__ = [
    "ClientsHandshake",
    "check_the_servers_opening_handshake",
    "make_the_clients_opening_handshake",
    "new_key",
    "read_the_servers_opening_handshake",
]

# "!" to "/" and ":" to "~": printable, neither digit nor space
_NOISE = "".join(map(chr, [*range(0x21, 0x30), *range(0x3A, 0x7F)]))
_printable = re.compile(r"[ -~]+")
_origin = re.compile(r"[!-@\[-~]+")
_status_line = re.compile(rb"(?s)[^ ]* ([0-9]{3}) (.*)\r\n")


@dataclass(frozen=True, slots=True)
class ClientsHandshake:
    """What a client has sent: the request, whose body is /key_3/, and what the answer is checked against."""

    request: Request
    origin: str
    location: str
    protocol: str | None
    expected: bytes

    def octets(self) -> bytes:
        """What goes out."""
        # draft 4.1 steps 5, 24, 25 and 27: the request line, the fields in their order, an empty line, /key_3/
        line = f"GET {self.request.target} HTTP/1.1\r\n".encode()
        return line + format_fields(self.request.headers) + b"\r\n" + self.request.body


def new_key(random: Random) -> tuple[int, str]:
    """A number, and a key that says it."""
    # draft 4.1 step 16: so many spaces
    spaces = random.randint(1, 12)
    # draft 4.1 steps 17 and 18: a number that stays below 2**32 when it is multiplied by them
    number = random.randint(0, 4294967295 // spaces)
    # draft 4.1 steps 19 and 20: the product, in decimal
    key = list(str(number * spaces))
    # draft 4.1 step 21: one to twelve characters anywhere
    for _ in range(random.randint(1, 12)):
        key.insert(random.randint(0, len(key)), random.choice(_NOISE))
    # draft 4.1 step 22: the spaces anywhere but at the ends
    for _ in range(spaces):
        key.insert(random.randint(1, len(key) - 1), " ")
    return number, "".join(key)


def make_the_clients_opening_handshake(uri: WebSocketURI, offer: ClientOffer, random: Random) -> ClientsHandshake:
    """Steps 5 to 27. Raises `UsageError` for what this protocol cannot ask for; extensions are left out."""
    protocol = _protocol(offer.subprotocols)
    origin = _origin_of(uri) if offer.origin is None else offer.origin
    # draft 4.1, preamble: no capital letters in the origin
    if _origin.fullmatch(origin) is None:
        raise UsageError(f"an origin has neither capital letters nor spaces, as {origin!r} has [hybi00:4.1]")
    check_additional([name for name, _ in offer.additional_headers])
    # draft 4.1 steps 6 to 8: the fields that are always the same
    fields = [("Upgrade", "WebSocket"), ("Connection", "Upgrade")]
    # draft 4.1 steps 9 to 13: host, port unless it is the default, origin
    fields += [("Host", uri.host_header), ("Origin", origin)]
    # draft 4.1 step 14: the protocol, if there is one
    if protocol is not None:
        fields.append(("Sec-WebSocket-Protocol", protocol))
    # draft 4.1 step 15: cookies, which are the caller's
    fields += offer.additional_headers
    # draft 4.1 steps 16 to 23: two keys
    (number_1, key_1), (number_2, key_2) = new_key(random), new_key(random)
    fields += [("Sec-WebSocket-Key1", key_1), ("Sec-WebSocket-Key2", key_2)]
    # draft 4.1 step 24: a random order, so that no server comes to depend on one
    random.shuffle(fields)
    # draft 4.1 step 26: eight random octets
    key_3 = random.randbytes(8)
    host = uri.host_header.removesuffix(f":{uri.port}")
    return ClientsHandshake(
        Request("GET", uri.resource_name, HeaderFields(fields), body=key_3),
        origin,
        construct_a_websocket_url(host, uri.port, uri.resource_name, uri.secure),
        protocol,
        # draft 4.1 steps 42 and 43: what the server has to answer
        challenge_response(number_1, number_2, key_3),
    )


def _protocol(names: Sequence[str]) -> str | None:
    # draft 4.1, preamble: one at most, of printable ASCII, spaces among it, and not empty
    if isinstance(names, str) or len(names) > 1:
        raise UsageError("this protocol asks for one subprotocol at most, in a list of one name [hybi00:4.1]")
    for name in names:
        if _printable.fullmatch(name) is None:
            raise UsageError(f"subprotocol {name!r} is not printable ASCII [hybi00:4.1]")
        return name
    return None


def _origin_of(uri: WebSocketURI) -> str:
    """The origin of a client that is no script: the server's own."""
    return f"{'https' if uri.secure else 'http'}://{uri.host_header}"


def read_the_servers_opening_handshake(limits: Limits) -> Generator[None, int, Response]:
    """Steps 28 to 40 and 44: the answer, its body the sixteen octets. Raises `HandshakeFailure`."""
    # draft 4.1 step 28: the first line
    line = bytearray()
    while not line.endswith(b"\n"):
        line.append((yield))
    # draft 4.1 steps 28 to 30: it ends with CR LF, and its second word is three digits
    status_line = _status_line.fullmatch(line)
    if status_line is None:
        raise HandshakeFailure("hybi00:4.1-step28", 0, "the answer does not begin with a status line")
    status, reason = int(status_line[1]), interpret_as_utf_8(status_line[2])
    # draft 4.1 step 31: 101, or the connection fails
    if status != 101:
        failure = HandshakeFailure("hybi00:4.1-step31", status, f"the server answered {status}")
        failure.response = Response(status, reason=reason)
        raise failure
    # draft 4.1 steps 32 to 40: the fields
    most = limits.max_header_fields
    too_many = HandshakeFailure("hybi00:2", status, f"more than {most} header fields")
    fields = yield from read_fields(_fail, too_many, most)
    # draft 4.1 step 44: sixteen octets
    reply = bytearray()
    while len(reply) < 16:
        reply.append((yield))
    headers = HeaderFields((interpret_as_utf_8(name), interpret_as_utf_8(value)) for name, value in fields)
    return Response(status, headers, bytes(reply), reason)


def _fail(step: int, why: str) -> HandshakeFailure:
    return HandshakeFailure(f"hybi00:4.1-step{step}", 101, why)


def check_the_servers_opening_handshake(response: Response, sent: ClientsHandshake) -> None:
    """Steps 41 and 45. Raises `HandshakeFailure`, which has the response."""
    try:
        _check_fields(response.headers, sent)
        # draft 4.1 step 45: the sixteen octets are the expected ones
        if response.body != sent.expected:
            raise _fail(45, "the sixteen octets behind the head do not fit the keys")
    except HandshakeFailure as failure:
        failure.response = response
        raise


def _check_fields(headers: HeaderFields, sent: ClientsHandshake) -> None:
    # draft 4.1 step 41: exactly one of each, with exactly these values; a protocol only where one was asked for
    required = {
        "upgrade": "WebSocket",
        "connection": "upgrade",
        "sec-websocket-origin": sent.origin,
        "sec-websocket-location": sent.location,
    }
    if sent.protocol is not None:
        required["sec-websocket-protocol"] = sent.protocol
    for name, value in required.items():
        values = headers.all(name)
        if len(values) != 1:
            raise _fail(41, f"{len(values)} fields named {name} instead of one")
        # draft 4.1 step 41: of all the values only that of Connection is compared in any case
        if (ascii_lowercase(values[0]) if name == "connection" else values[0]) != value:
            raise _fail(41, f"{name} is {values[0]!r} instead of {value!r}")
    if headers.all(""):
        raise _fail(41, "a header field without a name")
