"""Section 5.2, Sending the server's opening handshake."""

import hashlib
from collections.abc import Sequence
from http import HTTPStatus

from refws.failure import HandshakeFailure, UsageError
from refws.hybi00.fields import check_additional, format_fields
from refws.hybi00.s03_websocket_urls import construct_a_websocket_url
from refws.hybi00.s05_1_reading_the_clients_opening_handshake import ServersView
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy, choose_subprotocol
from refws.rfc6455.s04_3_collected_abnf import ascii_lowercase

__all__ = [
    "challenge_response",
    "choose_protocol",
    "format_response",
    "key_number",
    "make_the_servers_opening_handshake",
]

_DIGITS = frozenset("0123456789")


def key_number(key: str) -> int:
    """/part/: the number that a key says. Raises `HandshakeFailure`, 400."""
    # draft 5.2 step 4: its digits, and nothing else of it
    digits = "".join(character for character in key if character in _DIGITS)
    # draft 5.2 step 5: its spaces; none are a symptom of an attack through another protocol
    spaces = key.count(" ")
    if not spaces:
        raise HandshakeFailure("hybi00:5.2-step5", 400, "a key without spaces")
    if not digits:
        raise HandshakeFailure("hybi00:5.2-step4", 400, "a key without digits")
    # Too many digits for 32 bits, whatever the spaces: not even read as a number.
    if len(digits.lstrip("0")) > 10 + len(str(spaces)):
        raise HandshakeFailure("hybi00:5.2-step8", 400, "a key whose number has more than 32 bits")
    # draft 5.2 steps 6 and 7: the digits are a multiple of the spaces
    part, rest = divmod(int(digits.lstrip("0") or "0"), spaces)
    if rest:
        raise HandshakeFailure("hybi00:5.2-step6", 400, "a key whose digits are no multiple of its spaces")
    # draft 5.2 step 8: a part is to have 32 bits
    if part >= 1 << 32:
        raise HandshakeFailure("hybi00:5.2-step8", 400, "a key whose number has more than 32 bits")
    return part


def challenge_response(part_1: int, part_2: int, key_3: bytes) -> bytes:
    """/response/, which proves that a server has read both keys and the octets behind the head."""
    # draft 5.2 step 8: the challenge
    challenge = part_1.to_bytes(4, "big") + part_2.to_bytes(4, "big") + key_3
    # draft 5.2 step 9: its MD5
    return hashlib.md5(challenge, usedforsecurity=False).digest()


def choose_protocol(asked_for: str | None, policy: SubprotocolPolicy) -> str | None:
    """/subprotocol/ of step 2. Raises `HandshakeFailure`, 400, where none fits: the client would not go on without."""
    chosen = choose_subprotocol(() if asked_for is None else (asked_for,), policy)
    # draft 5.1, Sec-WebSocket-Protocol: abort where it is none that the server knows
    if chosen != asked_for:
        raise HandshakeFailure("hybi00:5.1-protocol", 400, "the subprotocol is not known here")
    return chosen


def make_the_servers_opening_handshake(
    request: Request,
    view: ServersView,
    protocol: str | None,
    secure: bool,
    additional_headers: Sequence[tuple[str, str]] = (),
) -> Response:
    """Steps 2 to 13. Raises `HandshakeFailure`, and `UsageError` for a header field that is not the caller's."""
    check_additional([name for name, _ in additional_headers])
    fields = [
        # draft 5.2 step 11: these two are always the same
        ("Upgrade", "WebSocket"),
        ("Connection", "Upgrade"),
        # draft 5.2 step 3: the URL that the client has connected to
        ("Sec-WebSocket-Location", construct_a_websocket_url(view.host, view.port, request.target, secure)),
        # draft 5.2 step 2, /origin/: in lower case
        ("Sec-WebSocket-Origin", ascii_lowercase(view.origin)),
    ]
    # draft 5.2 step 11: a protocol only where there is one
    if protocol is not None:
        fields.append(("Sec-WebSocket-Protocol", protocol))
    # draft 5.2 step 13: the response to the challenge
    response = challenge_response(key_number(view.key_1), key_number(view.key_2), request.body)
    # draft 5.2 step 10: 101; draft 5.2 step 11: cookies, which are the caller's
    reason = "WebSocket Protocol Handshake"
    return Response(101, HeaderFields([*fields, *additional_headers]), response, reason)


def format_response(response: Response) -> bytes:
    """The octets of a response, this handshake or an HTTP error. Raises `UsageError` for what cannot be sent."""
    # draft 5.2 steps 10 to 13: the status line, the fields, an empty line, the sixteen octets
    reason = response.reason or next((s.phrase for s in HTTPStatus if s == response.status), "")
    if not (reason.isascii() and reason.isprintable()):
        raise UsageError(f"this response cannot be sent as HTTP: its reason is {reason!r}")
    line = f"HTTP/1.1 {response.status} {reason}\r\n".encode()
    return line + format_fields(response.headers) + b"\r\n" + response.body
