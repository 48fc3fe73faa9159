"""Section 7.1, Method Parameters: the four parameters, as an offer and as an answer have them."""

from dataclasses import dataclass

from refws.rfc6455.s04_3_collected_abnf import ExtensionParameters

__all__ = ["NAME", "InvalidParameters", "Parameters", "read_answer", "read_offer"]

# §7-p3-s1 MUST be its name
# §rfc6455:9.1-p7-s1 MUST be a registered token (ruling 15)
NAME = "permessage-deflate"

MIN_WINDOW_BITS = 8
# §7.2.1-p11-s1 MUST NOT be more: 32 KiB
MAX_WINDOW_BITS = 15


class InvalidParameters(ValueError):
    """Parameters that an offer, or an answer, must not have; `clause` is the requirement they break."""

    def __init__(self, clause: str, why: str) -> None:
        super().__init__(why)
        self.clause = clause


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one offer or answer; None stands for absent.

    In an offer `client_max_window_bits` may come without a value: `client_max_window_bits_offered` says whether it is
    there at all.
    """

    # §7-p4-s1 MUST be these four
    # §7-p5-s1 MUST be a parameter
    server_no_context_takeover: bool = False
    # §7-p6-s1 MUST be a parameter
    client_no_context_takeover: bool = False
    # §7-p7-s1 MUST be a parameter
    server_max_window_bits: int | None = None
    # §7-p8-s1 MUST be a parameter
    client_max_window_bits: int | None = None
    client_max_window_bits_offered: bool = False

    def written(self) -> ExtensionParameters:
        """The parameters as they stand in the header field."""
        parameters: list[tuple[str, str | None]] = []
        # §7.1.1.1-p1-s2 MUST be without a value; §7.1.1.1-p3-s2 MUST be without one in an answer
        if self.server_no_context_takeover:
            parameters.append(("server_no_context_takeover", None))
        # §7.1.1.2-p1-s2 MUST be without a value; §7.1.1.2-p2-s3 MUST be without one in an answer
        if self.client_no_context_takeover:
            parameters.append(("client_no_context_takeover", None))
        # §7.1.2.1-p1-s2 MUST be a number in decimal; §7.1.2.1-p6-s2 MUST be one in an answer
        if self.server_max_window_bits is not None:
            parameters.append(("server_max_window_bits", str(self.server_max_window_bits)))
        # §7.1.2.2-p1-s3 MUST be a number in decimal; §7.1.2.2-p4-s3 MUST be one in an answer
        if self.client_max_window_bits is not None:
            parameters.append(("client_max_window_bits", str(self.client_max_window_bits)))
        # §7.1.2.2-p1-s2 MUST be a number, or without a value in an offer
        elif self.client_max_window_bits_offered:
            parameters.append(("client_max_window_bits", None))
        return ExtensionParameters(NAME, tuple(parameters))


def read_offer(offer: ExtensionParameters) -> Parameters:
    """The parameters of an offer. Raises `InvalidParameters`: the offer is to be declined."""
    return _read(offer, answer=False)


def read_answer(answer: ExtensionParameters) -> Parameters:
    """The parameters of an answer. Raises `InvalidParameters`: the connection is to fail."""
    return _read(answer, answer=True)


# §7-p9-s4 MUST be read in offers and in answers alike
def _read(extension: ExtensionParameters, *, answer: bool) -> Parameters:
    values = dict(extension.parameters)
    # §7-p13-s1 MUST be declined where a parameter is repeated; §7-p18-s1 MUST fail where one is
    if len(values) != len(extension.parameters):
        raise InvalidParameters("rfc7692:7-p18-s1" if answer else "rfc7692:7-p13-s1", "a parameter is repeated")
    window_bits: dict[str, int | None] = {}
    for name, value in values.items():
        if name in ("server_no_context_takeover", "client_no_context_takeover"):
            # §7.1.1.1-p1-s2 MUST be without a value; §7.1.1.1-p3-s2 MUST be without one in an answer
            # §7.1.1.2-p1-s2 MUST be without a value; §7.1.1.2-p2-s3 MUST be without one in an answer
            if value is not None:
                raise _invalid_value(name, value, answer)
        elif name in ("server_max_window_bits", "client_max_window_bits"):
            window_bits[name] = _read_window_bits(name, value, answer)
        else:
            # §7-p11-s1 MUST be declined for a parameter that is not known; §7-p16-s1 MUST fail for one
            raise InvalidParameters("rfc7692:7-p16-s1" if answer else "rfc7692:7-p11-s1", f"unknown parameter {name}")
    return Parameters(
        server_no_context_takeover="server_no_context_takeover" in values,
        client_no_context_takeover="client_no_context_takeover" in values,
        server_max_window_bits=window_bits.get("server_max_window_bits"),
        client_max_window_bits=window_bits.get("client_max_window_bits"),
        client_max_window_bits_offered="client_max_window_bits" in values,
    )


def _read_window_bits(name: str, value: str | None, answer: bool) -> int | None:
    # §7.1.2.2-p1-s2 MUST be 8 to 15, or have no value, in an offer of client_max_window_bits
    if value is None and name == "client_max_window_bits" and not answer:
        return None
    # §7.1.2.1-p1-s2 MUST be 8 to 15, without a leading zero; §7.1.2.1-p6-s2 MUST be so in an answer
    # §7.1.2.2-p1-s3 MUST be so where there is a value; §7.1.2.2-p4-s3 MUST have one in an answer, and be so
    # §7.1.2.1-p2-s1 MUST be digits; §7.1.2.1-p7-s1 MUST be digits in an answer (ruling 25)
    # §7.1.2.2-p2-s1 MUST be digits; §7.1.2.2-p5-s1 MUST be digits in an answer; §5.2-p6-s1 MAY have been quoted
    if value in ("8", "9", "10", "11", "12", "13", "14", "15"):
        return int(value)
    raise _invalid_value(name, value, answer)


def _invalid_value(name: str, value: str | None, answer: bool) -> InvalidParameters:
    # §7-p12-s1 MUST be declined for an invalid value; §7-p17-s1 MUST fail for one
    said = "no value" if value is None else f"value {value!r}"
    return InvalidParameters("rfc7692:7-p17-s1" if answer else "rfc7692:7-p12-s1", f"{name} with {said}")
