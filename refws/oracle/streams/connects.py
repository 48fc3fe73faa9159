"""Extended CONNECT requests that a case puts together, and what a server makes of them (RFC 8441, sections 4 and 5)."""

from dataclasses import dataclass

from refws.oracle.carrier import STREAMS, Carrier
from refws.oracle.case import SERVER, Case, Stimulus
from refws.oracle.expect import Allowed, Silent
from refws.oracle.handshake_outcomes import BUSY, Answered, Breaks, Declines, Opens, Refuses, Unanswered
from refws.oracle.handshakes import ECHO, seen_of
from refws.oracle.observed import Observed
from refws.oracle.opening import Opening
from refws.oracle.peer import Peer
from refws.oracle.streams.peer import StreamPeer
from refws.oracle.verdict import Obligation, Verdict

__all__ = ["Connect", "Untouched", "connecting", "opens", "refuses", "stream_of", "tried"]


@dataclass(frozen=True, slots=True)
class Connect:
    """An extended CONNECT, ordinary but for what is given here. Played, it is what came of it.

    `put` are fields in place of those of their names (several of a name stay several), or behind the others; pseudo
    ones stay before the rest. `without` are names left out. In all values ``{host}`` and ``{target}`` stand for the
    right ones. With `end` the stream ends with the request.
    """

    put: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    opening: Opening = Opening()  # noqa: RUF009 (frozen)
    end: bool = False

    def fields(self, peer: StreamPeer) -> tuple[tuple[str, str], ...]:
        """The fields as they are sent to a testee."""
        put = [(name, value.format(host=peer.host, target=peer.target)) for name, value in self.put]
        replaced = {name for name, _ in put}
        placed: list[tuple[str, str]] = []
        for name, value in peer.fields(self.opening):
            if name in replaced:
                placed += [one for one in put if one[0] == name and one not in placed]
                replaced.discard(name)
                put = [one for one in put if one[0] != name]
            elif name not in self.without and (name, value) not in placed:
                placed.append((name, value))
        placed += put
        return tuple(sorted(placed, key=lambda one: not one[0].startswith(":")))

    async def __call__(self, peer: Peer) -> Answered:
        """Send it, and see what comes of it; where the connection opens, whether a message comes back."""
        stream = stream_of(peer)
        stream.link.send_head(self.fields(stream), end=self.end)
        return await tried(stream)


def stream_of(peer: Peer) -> StreamPeer:
    """The testee, as cases of streams know it."""
    assert isinstance(peer, StreamPeer)
    return peer


async def tried(peer: StreamPeer, echo: str = ECHO) -> Answered:
    """Wait for the answer to what was sent, and try whether the connection works, with a message."""
    head = await peer.final_head()
    peer.configure()
    works = peer.conversation.is_open and not peer.link.ours_ended and await peer.echo(echo)
    return seen_of(peer, head, went_on=works)


def opens(why: str, *others: Allowed) -> tuple[Allowed, ...]:
    """The request is right: the connection opens and works; `others` may happen, too."""
    return Allowed(Verdict.PASS, Opens(), why), BUSY, *others


@dataclass(frozen=True, slots=True)
class Untouched:
    """It opens nothing: it refuses, answers as an HTTP server does, resets the stream, or ends the connection."""

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        declined = Declines().fits(seen) and isinstance(seen, Answered) and not seen.is_open
        return Refuses().fits(seen) or Unanswered().fits(seen) or declined

    def __str__(self) -> str:
        return "opens no connection: an error, or a reset of the stream"


def refuses(why: str, taking: str, verdict: Verdict = Verdict.NON_STRICT) -> tuple[Allowed, ...]:
    """The request is wrong: it opens no connection; `taking` is why one that opens all the same gets that verdict."""
    silence = "the request is answered by nothing at all, so its client waits in vain"
    return (
        Allowed(Verdict.PASS, Untouched(), why),
        Allowed(verdict, Opens(), taking),
        Allowed(verdict, Breaks(), taking),
        Allowed(Verdict.NON_STRICT, Silent(None), silence),
    )


def connecting(
    name: str,
    title: str,
    clauses: str,
    stimulus: Stimulus,
    allowed: tuple[Allowed, ...] = (),
    *,
    obligation: Obligation = Obligation.RECEIVER,
    over: frozenset[Carrier] = STREAMS,
    document: str = "rfc8441",
) -> Case:
    """A case that sends its request itself; `clauses` are ids of that document, separated by spaces."""
    blamed = tuple(f"{document}:{clause}" for clause in clauses.split())
    return Case(name, title, blamed, stimulus, allowed, SERVER, obligation, bare=True, over=over)
