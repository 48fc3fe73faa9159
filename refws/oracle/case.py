"""A case: a stimulus, the clause it is about, and the outcomes that the clause allows."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from refws.oracle.carrier import ANY, HTTP1_ONLY, Carrier
from refws.oracle.expect import Allowed
from refws.oracle.peer import Observed, Opening, Peer
from refws.oracle.verdict import Finding, Obligation, Role, level
from refws.oracle.wire.frame import Frame

__all__ = ["BOTH", "CLIENT", "SERVER", "Case", "Play", "Stimulus", "begins_at"]

BOTH: Final = frozenset(Role)
SERVER: Final = frozenset({Role.SERVER})
CLIENT: Final = frozenset({Role.CLIENT})

Play: TypeAlias = "Callable[[Peer], Awaitable[Observed | Finding | None]]"
"""Plays a stimulus. What it returns is judged: what it has observed, by the outcomes that are allowed; a finding of its
own, as it is; None, by what `Peer.settle` then observes."""

Stimulus: TypeAlias = "tuple[Frame | bytes, ...] | Play"


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    `clauses` are those it exercises; the first MUST or MUST NOT is blamed for what is not allowed. `roles` are those
    that a testee may have in it. A `stimulus` of frames is sent in one write, a Ping behind it (unless not `marker`,
    where none would be read). A `bare` case begins on TCP, and does its opening handshake itself, or none; any other
    begins with `opening` and the positive control. `commands` says that the testee has to understand the control
    message of `refws.oracle.commands`. `alias` is the id of the Autobahn case that does the same. `uri` is for a case
    that needs a client's URI to be of its choice: what a command gets for ``{url}``. In it ``{base}`` stands for the
    oracle's URI (which is ``{scheme}``, in capitals ``{SCHEME}``, and ``{address}``, with its ``{port}``), and
    ``{query}``, or ``{number}`` and ``{agent}``, for what tells it the case.
    """

    id: str
    title: str
    clauses: tuple[str, ...]
    stimulus: Stimulus
    allowed: tuple[Allowed, ...] = ()
    roles: frozenset[Role] = BOTH
    obligation: Obligation = Obligation.RECEIVER
    opening: Opening = Opening()  # noqa: RUF009 (frozen)
    bare: bool = False
    marker: bool = True
    commands: bool = False
    alias: str = ""
    uri: str = ""
    slow: bool = False
    """Takes long, or many octets; played last."""
    over: frozenset[Carrier] | None = None
    """What it can be played over; None for HTTP/1.1 where it is `bare` or has a `uri`, and for anything elsewhere."""

    @property
    def blamed(self) -> str:
        """The clause that who does what no outcome allows has broken: the first that is no mere SHOULD or MAY."""
        return next((clause for clause in self.clauses if level(clause).startswith("MUST")), self.clauses[0])

    @property
    def is_large(self) -> bool:
        """Whether it keeps who serves all connections in one thread busy for a while."""
        return self.slow and self.section == "rfc6455:10.4"

    @property
    def carriers(self) -> frozenset[Carrier]:
        """What it can be played over."""
        if self.over is not None:
            return self.over
        return HTTP1_ONLY if self.bare or self.uri else ANY

    @property
    def section(self) -> str:
        """The section it is about: ``rfc6455:5.5``."""
        return self.clauses[0].partition("-")[0]


def begins_at(cases: Iterable[Case], prefix: str) -> list[Case]:
    """The cases whose ids begin so."""
    return [case for case in cases if case.id.startswith(prefix)]
