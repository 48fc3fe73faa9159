"""TLS as a client begins it: what its ClientHello offers (RFC 8446, section 4.1.2), and a server not to be trusted."""

import ssl
from dataclasses import dataclass
from importlib import resources

__all__ = ["ClientHello", "UntrustedServer", "parse_client_hello"]

_SERVER_NAME, _SUPPORTED_VERSIONS = 0, 43


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client offers: versions (0x0303 is TLS 1.2), cipher suites, and the name of the server, if it tells it."""

    versions: tuple[int, ...]
    suites: tuple[int, ...]
    server_name: str | None


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self.octets, self.at = octets, 0

    def take(self, size: int) -> bytes:
        if len(self.octets) - self.at < size:
            raise ValueError("the octets end too early")
        self.at += size
        return self.octets[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """What stands behind its own length, which has `size` octets."""
        return self.take(self.number(size))

    @property
    def more(self) -> bool:
        return self.at < len(self.octets)


def _numbers(octets: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets) - 1, 2))


def parse_client_hello(octets: bytes) -> ClientHello | None:
    """The ClientHello that a client's octets begin with; None while it is not whole. Raises ValueError for others."""
    records, message = _Reader(octets), b""
    while len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4], "big"):
        if len(octets) - records.at < 5:
            return None
        if records.number(1) != 22 or records.number(1) != 3:
            raise ValueError("no handshake record of TLS")
        records.number(1)
        if len(octets) - records.at < 2 + int.from_bytes(octets[records.at : records.at + 2], "big"):
            return None
        message += records.vector(2)
    if message[0] != 1:
        raise ValueError("a handshake message, but no ClientHello")
    hello = _Reader(message[4:])
    versions: tuple[int, ...] = (hello.number(2),)
    hello.take(32)
    hello.vector(1)
    suites = _numbers(hello.vector(2))
    hello.vector(1)
    name: str | None = None
    extensions = _Reader(hello.vector(2) if hello.more else b"")
    while extensions.more:
        kind, body = extensions.number(2), _Reader(extensions.vector(2))
        if kind == _SERVER_NAME:
            names = _Reader(body.vector(2))
            names.number(1)
            name = names.vector(2).decode("latin-1")
        elif kind == _SUPPORTED_VERSIONS:
            versions = _numbers(body.vector(1))
    return ClientHello(versions, suites, name)


class UntrustedServer:
    """The server's side of TLS, with a certificate that no client has a reason to trust.

    `octets` is what came through the tunnel, `failed` why there is none (any more); both are empty at first.
    """

    def __init__(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with resources.as_file(resources.files(__package__) / "untrusted.pem") as path:
            context.load_cert_chain(path)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self.octets = b""
        self.failed = ""

    def feed(self, octets: bytes) -> bytes:
        """Take what the client has sent; what to send it."""
        self._in.write(octets)
        try:
            self._tls.do_handshake()
            while more := self._tls.read(1 << 14):
                self.octets += more
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.failed = self.failed or str(error)
        return self._out.read()
