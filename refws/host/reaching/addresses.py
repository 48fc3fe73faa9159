"""The addresses of a host and their order, and how many connections may be pending: without I/O, for every host."""

import itertools
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any, NamedTuple

__all__ = ["PENDING_THROUGH_PROXIES", "Address", "Place", "interleaved", "literal"]

PENDING_THROUGH_PROXIES = 8
"""Connections to hosts of unknown addresses that may be in CONNECTING at once: of an event loop, or of all threads."""

Place = tuple[str, int]
"""A host, or an address, and a port."""


class Address(NamedTuple):
    """One result of a look-up."""

    family: int
    sockaddr: Any

    @property
    def place(self) -> Place:
        """Address and port."""
        return str(self.sockaddr[0]), int(self.sockaddr[1])


def literal(host: str, port: int) -> Address | None:
    """The address that is written in place of a host, if it is one."""
    try:
        version = ip_address(host).version
    except ValueError:
        return None
    return Address(socket.AF_INET, (host, port)) if version == 4 else Address(socket.AF_INET6, (host, port, 0, 0))


def interleaved(addresses: Iterable[Address]) -> list[Address]:
    """The addresses with their families in turn, beginning with that of the first (RFC 8305, section 4)."""
    families: dict[int, list[Address]] = {}
    for address in addresses:
        families.setdefault(address.family, []).append(address)
    return [a for turn in itertools.zip_longest(*families.values()) for a in turn if a is not None]
