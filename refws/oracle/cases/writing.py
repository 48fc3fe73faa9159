"""Ways to write the frames of a stimulus other than all at once, and payloads that show where octets went."""

import struct
from typing import Final

from refws.oracle.case import Play, Stimulus
from refws.oracle.peer import Peer
from refws.oracle.wire.frame import Frame

__all__ = ["WAYS", "frame_by_frame", "in_pieces", "numbered", "written"]

WAYS: Final = ("", "frame-by-frame", "octet-by-octet")
"""How TCP may cut frames: not at all, between them, and everywhere."""


def frame_by_frame(*frames: Frame, behind: tuple[Frame, ...] = ()) -> Play:
    """Each frame in a write of its own, but the first together with those of a message `behind` which it stands.

    Between those two, how fast a testee reads would decide whether the message comes back.
    """

    async def play(peer: Peer) -> None:
        peer.send(*behind, *frames[:1])
        for frame in frames[1:]:
            peer.send(frame)

    return play


def in_pieces(*frames: Frame, size: int = 1, behind: tuple[Frame, ...] = ()) -> Play:
    """Frames in writes of `size` octets, until the testee fails.

    Those of one message `behind` which they stand go first, and its echo is waited for: how fast an application is
    shall not decide what is seen.
    """

    async def play(peer: Peer) -> None:
        if behind:
            await peer.send_chopped(peer.octets(*behind), size)
            await peer.message()
        await peer.send_chopped(peer.octets(*frames), size)

    return play


def written(way: str, *frames: Frame, behind: tuple[Frame, ...] = ()) -> Stimulus:
    """Frames, `behind` those of a message, in one of the `WAYS`."""
    if way == "octet-by-octet":
        return in_pieces(*frames, behind=behind)
    if way == "frame-by-frame":
        return frame_by_frame(*frames, behind=behind)
    return (*behind, *frames)


def numbered(size: int) -> bytes:
    """A payload of which no four octets at a multiple of four are the same."""
    words = size // 4 + 1
    return struct.pack(f">{words}I", *range(words))[:size]
