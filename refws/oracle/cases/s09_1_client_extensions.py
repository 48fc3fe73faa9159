"""Section 9.1: the extensions that the server's answer names, as a client has to take them.

What belongs to permessage-deflate alone is tried with the cases of RFC 7692.
"""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.handshake_answers import Change, answer_case, may_open, must_open, must_refuse, plus
from refws.oracle.wire.extensions import parse_extensions
from refws.oracle.wire.http import Head

__all__ = ["CASES"]

FIELD: Final = "Sec-WebSocket-Extensions"
NOT_ASKED_FOR: Final = ("rfc6455:4.1-p43-s1", "rfc6455:4.2.2-p11-s5", "rfc6455:9-p1-s2")
GRAMMAR: Final = ("rfc6455:9.1-p1-s3", "rfc6455:9.1-p2-s3", "rfc6455:9.1-p2-s6", "rfc6455:4.3-p5-s9")
LIST: Final = ("rfc6455:9.1-p1-s3", "rfc6455:9.1-p2-s2", "rfc6455:4.3-p5-s5", "rfc6455:4.3-p7-s1")
SPLIT: Final = ("rfc6455:9.1-p3-s1", "rfc6455:4.2.2-p21-s2", "rfc6455:11.3.2-p9-s2", "rfc6455:9.1-p5-s1")

UNKNOWN: Final = "x-no-client-asks-for-this"
KNOWN: Final = ("permessage-deflate", "x-webkit-deflate-frame", "permessage-bzip2")


def _asked(request: Head) -> list[str]:
    return [extension.name for extension in parse_extensions(request.get(FIELD) or "")]


def _not_asked(request: Head) -> str:
    """A well-known extension that the client does not ask for."""
    return next((name for name in KNOWN if name not in _asked(request)), UNKNOWN)


def _first(request: Head) -> str:
    """The first extension that the client asks for; a well-known one where it asks for none."""
    return (_asked(request) or [KNOWN[0]])[0]


def _with_first(pattern: str) -> Change:
    """The answer with the first extension that the client asks for, where the pattern has an asterisk."""
    return plus(FIELD, lambda request: pattern.replace("*", _first(request)))


# Extensions that are well formed, and were not asked for.
UNASKED: Final = (
    ("unknown", "an extension that nobody knows", plus(FIELD, UNKNOWN)),
    ("unknown-with-parameters", "an unknown extension with parameters", plus(FIELD, f'{UNKNOWN}; a=1; b="two"')),
    ("known", "a well-known extension that the client did not ask for", plus(FIELD, _not_asked)),
    ("another-behind", "what the client asks for and an unknown extension", _with_first(f"*, {UNKNOWN}")),
    ("another-before", "an unknown extension and what the client asks for", _with_first(f"{UNKNOWN}, *")),
)

# Values that the grammar does not produce.
MALFORMED: Final = (
    ("empty", "an empty Sec-WebSocket-Extensions", "", LIST),
    ("only-a-comma", "extensions of one comma", ",", LIST),
    ("only-a-semicolon", "extensions of one semicolon", ";", GRAMMAR),
    ("no-token", "an extension called @", "@", GRAMMAR),
    ("semicolon-behind", "a semicolon and no parameter behind", "*;", GRAMMAR),
    ("two-semicolons", "two semicolons before a parameter", "*;; server_no_context_takeover", GRAMMAR),
    ("no-value", "an equals sign and no value behind", "*; server_max_window_bits=", GRAMMAR),
    ("no-name", "a parameter of an equals sign", "*; =", GRAMMAR),
    ("two-words", "two words for one extension", "* server_no_context_takeover", GRAMMAR),
    ("quotes-not-closed", "a value whose quotation mark is not closed", '*; server_max_window_bits="15', GRAMMAR),
    (
        "no-token-in-quotes",
        "a value that is no token in its quotation marks",
        '*; server_max_window_bits="1 5"',
        GRAMMAR,
    ),
    ("nothing-in-quotes", "a value of two quotation marks", '*; server_max_window_bits=""', GRAMMAR),
    ("not-ascii", "a parameter outside ASCII", "*; \xc3\xa9", GRAMMAR),
)

CASES: tuple[Case, ...] = (
    *(
        answer_case(f"9.1/answer/not-asked-for/{end}", f"a 101 with {what}", NOT_ASKED_FOR, must_refuse(), change)
        for end, what, change in UNASKED
    ),
    *(
        answer_case(f"9.1/answer/malformed/{end}", f"a 101 with {what}", clauses, must_refuse(), _with_first(pattern))
        for end, what, pattern, clauses in MALFORMED
    ),
    answer_case(
        "9.1/answer/two-fields",
        "a 101 with what the client asks for in one field, and an unknown extension in another",
        ("rfc6455:4.1-p43-s1", *SPLIT),
        must_refuse(),
        plus(FIELD, _first),
        plus(FIELD, UNKNOWN),
    ),
    answer_case(
        "9.1/answer/empty-field-behind",
        "a 101 with what the client asks for in one field, and an empty one behind",
        ("rfc6455:9.1-p2-s2", "rfc6455:4.3-p7-s1", "rfc6455:11.3.2-p9-s2"),
        may_open("empty elements of the list may be passed over by RFC 2616, section 2.1"),
        plus(FIELD, _first),
        plus(FIELD, ""),
        needs=FIELD,
    ),
    answer_case(
        "9.1/answer/first",
        "a 101 with what the client asks for first",
        ("rfc6455:4.1-p47-s2", "rfc6455:9.1-p12-s1", "rfc6455:9.1-p8-s4", "rfc6455:4.1-p36-s2"),
        must_open(),
        plus(FIELD, _first),
        needs=FIELD,
    ),
    answer_case(
        "9.1/answer/spaces",
        "a 101 with spaces and tabs around what the client asks for",
        ("rfc6455:9.1-p1-s2", "rfc6455:4.3-p1-s1", "rfc6455:4.1-p47-s2"),
        must_open(),
        plus(FIELD, lambda request: f" \t {_first(request)} \t "),
        needs=FIELD,
    ),
    answer_case(
        "9.1/answer/none",
        "a 101 without any of the extensions that the client asks for",
        ("rfc6455:4.1-p47-s2", "rfc6455:9.1-p7-s3", "rfc6455:4.2.2-p11-s3"),
        must_open(),
        needs=FIELD,
    ),
    answer_case(
        "9.1/answer/unknown-parameter",
        "a 101 with a parameter that is not defined for the extension",
        ("rfc6455:9.1-p7-s2", "rfc6455:9-p1-s3"),
        must_refuse(),
        plus(FIELD, lambda request: f"{_first(request)}; x_no_such_parameter=1"),
        needs=FIELD,
    ),
    answer_case(
        "9.1/answer/twice",
        "a 101 with what the client asks for twice",
        ("rfc6455:9.1-p8-s4", "rfc7692:5-p9-s2"),
        must_refuse("RFC 6455 tells a client nothing of it; for permessage-deflate, RFC 7692 has it fail (5-p9-s2)"),
        plus(FIELD, lambda request: f"{_first(request)}, {_first(request)}"),
        needs=FIELD,
    ),
)
