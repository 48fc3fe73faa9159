"""What a testee sent before it reset the connection is read, though a write of ours is what notices the reset."""

import asyncio
import socket
import struct

import pytest

from refws.oracle.conversation import Conversation
from refws.oracle.link import Link
from refws.oracle.recording import End
from refws.oracle.verdict import Role

CLOSE = b"\x88\x02\x03\xea"


async def reset_behind(octets: bytes, *, fin: bool) -> Conversation:
    conversation = Conversation()
    conversation.established()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(lambda: Link(Role.SERVER, conversation), *listener.getsockname())
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(octets)
            if fin:
                accepted.shutdown(socket.SHUT_WR)
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # the loop has had no turn since, so nothing is read yet
        link.write(b"into the void")
        await asyncio.wait_for(link.lost, 5)
    return conversation


@pytest.mark.parametrize(("fin", "end"), [(False, End.RST), (True, End.FIN)])
def test_octets_before_a_reset_are_read(fin: bool, end: End) -> None:
    conversation = asyncio.run(reset_behind(CLOSE, fin=fin))
    assert conversation.server.close is not None
    assert conversation.server.close.close_code == 1002
    assert conversation.server.end is end


def test_reset_without_octets() -> None:
    conversation = asyncio.run(reset_behind(b"", fin=False))
    assert conversation.server.size == 0
    assert conversation.server.end is End.RST
