"""Opening handshakes with a server: requests that a case puts together, and what came of them.

A case of the opening handshake has a `Request` for its stimulus, and the outcomes of `handshake_outcomes`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields, replace
from typing import Final

from refws.oracle.case import SERVER, Case, Stimulus
from refws.oracle.expect import Allowed
from refws.oracle.handshake_outcomes import Answered
from refws.oracle.observed import Observed
from refws.oracle.opening import Opening
from refws.oracle.peer import Peer
from refws.oracle.recording import End
from refws.oracle.verdict import Obligation
from refws.oracle.wire.frame import Frame
from refws.oracle.wire.http import Head, head_octets, switches_elsewhere

__all__ = ["ECHO", "Request", "answered", "both", "elsewhere", "final_head", "handshake", "seen_of"]

ECHO: Final = "the connection works: é"


@dataclass(frozen=True, slots=True)
class Request:
    """A request, ordinary but for what is given here. Played, it is what came of it.

    `put` are fields in place of those of their names (several of a name stay several lines), or behind the others;
    `without` are names left out. In all values and in the target, ``{host}``, ``{target}`` and ``{key}`` stand for the
    right ones. `write` makes octets of the start line and the fields, and `behind` follows in the same segment.
    `size` is that of the pieces it is sent in, `pause` the seconds between them.
    """

    put: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    method: str = "GET"
    target: str = "{target}"
    version: str = "HTTP/1.1"
    opening: Opening = Opening()  # noqa: RUF009 (frozen)
    write: Callable[[str, list[tuple[str, str]]], bytes] = head_octets
    behind: tuple[Frame | bytes, ...] = ()
    size: int = 0
    pause: float = 0.0

    def octets(self, peer: Peer) -> bytes:
        """The request as it is sent to a testee."""

        def filled(value: str) -> str:
            for name, real in (("{host}", peer.host), ("{target}", peer.target), ("{key}", peer.key)):
                value = value.replace(name, real)
            return value

        start = " ".join(part for part in (self.method, filled(self.target), self.version) if part)
        head = self.write(start, [(name, filled(value)) for name, value in self._fields(peer)])
        return head + peer.octets(*self.behind)

    def _fields(self, peer: Peer) -> list[tuple[str, str]]:
        replaced = {name.lower() for name, _ in self.put}
        gone = {name.lower() for name in self.without}
        placed: list[tuple[str, str]] = []
        for name, value in peer.request(self.opening):
            if name.lower() in replaced:
                placed += [one for one in self.put if one[0].lower() == name.lower()]
            elif name.lower() not in gone:
                placed.append((name, value))
        return placed + [one for one in self.put if one not in placed]

    async def __call__(self, peer: Peer) -> Answered:
        """Send it, and see what comes of it; where the connection opens, whether a message comes back."""
        octets = self.octets(peer)
        await peer.send_chopped(octets, self.size or len(octets), self.pause)
        return await answered(peer)


def final_head(peer: Peer) -> Head | None:
    """The head of the answer, once it is there; one that announces another is none yet."""
    return next((head for head in peer.theirs.heads if not head.is_interim), None)


async def answered(peer: Peer, echo: str = ECHO) -> Answered:
    """Wait for the answer to what was sent, and try whether the connection works, with a message."""
    await peer.link.until(lambda: final_head(peer) is not None or peer.link.is_over, peer.patience)
    head = final_head(peer)
    opened = head is not None and head.opens and not switches_elsewhere(peer.ours.head, head)
    works = opened and await peer.echo(echo)
    return seen_of(peer, head, went_on=works)


def seen_of(peer: Peer, head: Head | None, *, went_on: bool) -> Answered:
    """What has come, with that head for the answer."""
    seen = peer.observed(went_on=went_on)
    seen = replace(seen, silent=seen.silent and (head is None or head.opens))
    elsewhere = head is not None and switches_elsewhere(peer.ours.head, head)
    return Answered(
        **{one.name: getattr(seen, one.name) for one in fields(Observed)}, head=head, is_elsewhere=elsewhere
    )


def handshake(
    name: str,
    title: str,
    clauses: str,
    stimulus: Stimulus,
    allowed: tuple[Allowed, ...] = (),
    *,
    obligation: Obligation = Obligation.RECEIVER,
    slow: bool = False,
) -> Case:
    """A case of the opening handshake; `clauses` are ids of RFC 6455, separated by spaces."""
    blamed = tuple(f"rfc6455:{clause}" for clause in clauses.split())
    return Case(name, title, blamed, stimulus, allowed, SERVER, obligation, bare=True, slow=slow)


async def both(peer: Peer, one: Request, two: Request) -> tuple[Answered, Answered]:
    """What came of one request, and of another on a connection of its own."""
    first = await one(peer)
    return first, await elsewhere(peer, two)


async def elsewhere(peer: Peer, play: Callable[[Peer], Awaitable[Answered]], *, plain: bool = False) -> Answered:
    """What came of a request on another connection with the same server; nothing where it takes no connection."""
    assert peer.another is not None
    try:
        other = await peer.another(plain)
    except OSError:
        return Answered(end=End.RST)
    try:
        return await play(other)
    finally:
        other.link.drop()
