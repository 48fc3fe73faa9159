"""What an echo cannot show: a testee may understand these control messages, and then does what they say.

A control message is a text message of the oracle; a testee that supports it does not send it back. All three are
optional, and each is worth supporting alone:

- ``refws-oracle: close`` or ``refws-oracle: close CODE`` or ``refws-oracle: close CODE REASON``: start the closing
  handshake with that status code and that reason (all that follows the space behind the code), or without.
- ``refws-oracle: ping PAYLOAD``: send a Ping whose payload are the octets of PAYLOAD in UTF-8.
- ``refws-oracle: send-fragmented SIZE TEXT``: send TEXT as a text message in frames of SIZE characters each, the last
  with what is left.

A server and a client support them in the same way: where they would echo a message, they look at it first. Cases that
need them are NOT-RUN for a testee that sends the message back, or does nothing.
"""

from collections.abc import Callable
from typing import Final

from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict

__all__ = ["PREFIX", "close_command", "fragments_command", "obeys", "ping_command"]

PREFIX: Final = "refws-oracle: "


def close_command(code: int | None = None, reason: str = "") -> str:
    """The message that asks for a Close."""
    return PREFIX + " ".join(["close", *([] if code is None else [str(code)]), *([reason] if reason else [])])


def ping_command(payload: str) -> str:
    """The message that asks for a Ping."""
    return f"{PREFIX}ping {payload}"


def fragments_command(size: int, text: str) -> str:
    """The message that asks for a text in frames of `size` characters."""
    return f"{PREFIX}send-fragmented {size} {text}"


async def obeys(peer: Peer, command: str, begun: Callable[[], bool], clause: str) -> Finding | None:
    """Send a command, and wait until the testee has begun to obey; else a finding that the case was not run, and why.

    `clause` is what the case is about.
    """
    peer.text(command)

    def echoed() -> bool:
        return any(message.payload == command.encode() for message in peer.observed().messages)

    await peer.link.until(lambda: echoed() or begun() or peer.link.is_over, peer.patience)
    if begun() and not echoed():
        return None
    what = "sends the control message back" if echoed() else "does not do what the control message says"
    why = f"an echo cannot show this, and the testee {what}; refws.oracle.commands says what it would have to do"
    return Finding(Verdict.NOT_RUN, clause, Obligation.SENDER, why)
