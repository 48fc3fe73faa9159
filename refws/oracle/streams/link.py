"""A stream in the place of a TCP connection: the same `Link`, and heads of fields, settings and resets besides."""

from refws.oracle.link import Link
from refws.oracle.recording import End, Event
from refws.oracle.streams.stream import Stream

__all__ = ["StreamLink"]


class StreamLink(Link):
    """One end of a stream.

    Its octets are those of DATA, `End.FIN` is END_STREAM (or FIN of a QUIC stream), and `End.RST` a reset.
    """

    @property
    def stream(self) -> Stream:
        """The stream below."""
        assert isinstance(self._transport, Stream)
        return self._transport

    def send_head(self, fields: tuple[tuple[str, str], ...], *, end: bool = False) -> None:
        """Send the head of a request or of an answer, right or wrong; with `end` nothing comes behind it."""
        if self.ours_ended:
            return
        self.conversation.add(Event(self.now, self.testee.other, head=fields))
        if end:
            self.conversation.add(Event(self.now, self.testee.other, end=End.FIN))
            self.ours_ended = True
        self.stream.send_head(fields, end=end)

    def sent_settings(self, values: tuple[tuple[int, int], ...], *, acknowledges: bool = False) -> None:
        """The oracle has sent settings, or has taken the testee's."""
        self.conversation.add(Event(self.now, self.testee.other, settings=values, acknowledges=acknowledges))

    # What the connection calls

    def settings_received(self, values: tuple[tuple[int, int], ...], *, acknowledges: bool = False) -> None:
        """The testee has sent settings, or has taken the oracle's."""
        self.conversation.add(Event(self.now, self.testee, settings=values, acknowledges=acknowledges))
        self._wake()

    def head_received(self, fields: tuple[tuple[str, str], ...]) -> None:
        """The testee has sent a head."""
        self.conversation.add(Event(self.now, self.testee, head=fields))
        self._wake()

    def reset_received(self, code: int) -> None:
        """The testee has reset the stream, with that error code."""
        self.conversation.add(Event(self.now, self.testee, end=End.RST, code=code))
        self.ours_ended = True
        self._wake()
        self._writable.set()
