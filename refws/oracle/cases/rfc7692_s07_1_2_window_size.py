"""RFC 7692, section 7.1.2: the size of the window, as it is agreed on, and as it is kept to.

Behind the opening handshake go octets that repeat themselves just beyond the window: whoever looks back further than
was agreed on will be tempted. Each distance in what comes back is checked (`refws.oracle.wire.deflate`).
"""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import Case
from refws.oracle.deflating import answering, offering
from refws.oracle.handshake_answers import must_open
from refws.oracle.wire.permessage import BITS, NAME

__all__ = ["CASES", "NOT_SHOWN"]

PERMISSION: Final = "A permission: a client's offers are judged as they are, with the parameter or without."
NOT_SHOWN: Final[dict[str, str]] = {
    "rfc7692:7.1.2.1-p1-s1": PERMISSION,
    "rfc7692:7.1.2.2-p1-s1": PERMISSION,
}

UNASKED: Final = "a client may lack support for it (7-p19-s1), though what fits a smaller window fits its own"
NO_WINDOW_OF_8: Final = "zlib has no window of 256 octets, and a client may lack support for it (7-p19-s1, ruling 26)"


def _servers() -> Iterator[Case]:
    for bits in BITS:
        yield offering(
            f"7.1.2.1/offer-of-{bits}",
            f"an offer with server_max_window_bits={bits}",
            "7.1.2.1-p6-s1 7.1.2.1-p3-s1 7.1.2.1-p4-s1 7.2.1-p15-s1 5-p3-s1 7-p9-s1 7-p9-s3 3-p8-s1",
            f"{NAME}; server_max_window_bits={bits}",
        )
        yield offering(
            f"7.1.2.2/offer-of-{bits}",
            f"an offer with client_max_window_bits={bits}",
            "7.1.2.2-p4-s2 7.1.2.2-p4-s1 7.1.2.2-p4-s3 7.2.2-p7-s2 5-p4-s1 7-p9-s2",
            f"{NAME}; client_max_window_bits={bits}",
        )
    yield offering(
        "7.1.2.2/offer-without-a-value",
        "an offer with client_max_window_bits and no value",
        "7.1.2.2-p4-s1 7.1.2.2-p4-s3 7.1.2.2-p1-s2",
        f"{NAME}; client_max_window_bits",
    )
    for server, client in ((9, 15), (15, 9), (10, 12), (8, 8)):
        yield offering(
            f"7.1.2/offer-of-{server}-and-{client}",
            f"an offer with a server's window of 2**{server} octets, a client's of 2**{client}, and no takeover",
            "7.1.2.1-p6-s1 7.1.2.2-p4-s2 7.1.1.1-p3-s1 7.2.1-p15-s1 7.2.1-p13-s1 7-p9-s1",
            f"{NAME}; server_max_window_bits={server}; client_max_window_bits={client}; "
            "server_no_context_takeover; client_no_context_takeover",
        )


def _clients() -> Iterator[Case]:
    for bits in BITS:
        yield answering(
            f"7.1.2.1/answer-of-{bits}",
            f"an answer with server_max_window_bits={bits}, or less where the client asks for less",
            "7.1.2.1-p8-s1 7.1.2.1-p6-s2 7-p9-s1 7-p9-s3",
            f"{NAME}; server_max_window_bits={bits}",
            must_open(UNASKED),
            honest=True,
        )
        yield answering(
            f"7.1.2.2/answer-of-{bits}",
            f"an answer with client_max_window_bits={bits}",
            "7.1.2.2-p3-s1 7.1.2.2-p6-s1 7.2.1-p14-s1 7.2.2-p7-s3 7-p9-s2",
            f"{NAME}; client_max_window_bits={bits}",
            must_open(NO_WINDOW_OF_8 if bits == "8" else ""),
            honest=True,
            why="the client does not offer client_max_window_bits",
        )
    yield answering(
        "7.1.2/answer-of-everything",
        "an answer with all four parameters",
        "7.1.2.2-p6-s1 7.2.1-p14-s1 7.2.1-p12-s1 7.1.2.1-p8-s1",
        f"{NAME}; server_no_context_takeover; client_no_context_takeover; "
        "server_max_window_bits=10; client_max_window_bits=9",
        must_open(UNASKED),
        honest=True,
        why="the client does not offer client_max_window_bits",
    )


CASES: tuple[Case, ...] = (*_servers(), *_clients())
