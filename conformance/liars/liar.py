"""What a liar is: an endpoint that breaks one clause, and is right in all others."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from conformance.liars.endpoint import Endpoint, RoleName
from refws.clauses.ledger import Clause, lookup
from refws.oracle.verdict import Role

__all__ = ["BOTH", "LIARS", "Liar", "lies"]

BOTH: tuple[RoleName, ...] = ("server", "client")

_Kind = TypeVar("_Kind", bound=type[Endpoint])


@dataclass(frozen=True, slots=True)
class Liar:
    """An endpoint with one planted fault, in one role; `clause` is what it breaks, `fault` says how."""

    clause: str
    role: Role
    kind: type[Endpoint]
    fault: str
    plays: str = "none"
    """How the ids of cases begin that it plays, besides those about its clause."""

    @property
    def name(self) -> str:
        """Its name: ``accepts-unmasked-frames/server``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", self.kind.__name__).lower() + f"/{self.role}"

    @property
    def record(self) -> Clause:
        """The ledger's record of its clause."""
        return lookup(self.clause)[0]


LIARS: list[Liar] = []
"""Every liar whose module was imported."""


def lies(clause: str, *roles: RoleName, plays: str = "") -> Callable[[_Kind], _Kind]:
    """Make a liar, in each of these roles, of an endpoint; its docstring says what is wrong with it."""
    name = lookup(clause)[0].name
    plays = plays or ("7692:7.2.3" if name.startswith("rfc7692:") else "none")

    def enter(kind: _Kind) -> _Kind:
        LIARS.extend(Liar(name, Role(role), kind, (kind.__doc__ or "").strip(), plays) for role in roles)
        return kind

    return enter
