"""What a case has seen of the testee since its stimulus began."""

from dataclasses import dataclass

from refws.oracle.conversation import Message
from refws.oracle.recording import End
from refws.oracle.wire.reading import ReadFrame

__all__ = ["Observed"]


@dataclass(slots=True)
class Observed:
    """What came from the testee since the stimulus began.

    `went_on` says that it answered a Ping that stood behind the stimulus, or an echo; `silent` that it neither did nor
    ended within the watchdog's time. `end` is how it ended TCP, and `first_to_end` whether it did so before the oracle.
    """

    messages: tuple[Message, ...] = ()
    frames: tuple[ReadFrame, ...] = ()
    pongs: tuple[bytes, ...] = ()
    pings: tuple[bytes, ...] = ()
    close: ReadFrame | None = None
    end: End | None = None
    first_to_end: bool = False
    went_on: bool = False
    silent: bool = False
    seconds: float = 0.0
    note: str = ""
    """What a case has noted about it, for its outcomes and for people: such as a bound that it found."""

    @property
    def payloads(self) -> tuple[bytes, ...]:
        """The payloads of the messages."""
        return tuple(message.payload for message in self.messages)

    @property
    def has_failed(self) -> bool:
        """Whether it has given up the connection: by a Close of its own, or by ending TCP."""
        return self.close is not None or self.end is not None

    def __str__(self) -> str:
        parts = [self.note] if self.note else []
        parts += [str(message) for message in self.messages[:3]]
        if len(self.messages) > 3:
            parts.append(f"{len(self.messages) - 3} more messages")
        parts += [f"Pong of {len(payload)} octets" for payload in self.pongs[:3]]
        if self.close is not None:
            parts.append(str(self.close))
        if self.end is not None:
            parts.append({End.FIN: "the end of TCP", End.RST: "a TCP reset"}.get(self.end, "nothing more"))
        elif self.went_on and self.close is None:
            parts.append("goes on")
        elif self.silent:
            parts.append(f"nothing for {self.seconds:.2g} s")
        return ", ".join(parts)
