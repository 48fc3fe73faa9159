"""The referee: it watches a conversation, and knows what each side did wrong in what it sent."""

from collections.abc import Iterable, Iterator
from typing import Final

from refws.oracle import referee_deflate
from refws.oracle.conversation import Side
from refws.oracle.recording import End
from refws.oracle.referee import (
    fields,
    rfc8441,
    s04_1_client_requirements,
    s04_2_server_side_requirements,
    s05_2_base_framing_protocol,
    s05_4_fragmentation,
    s05_5_1_close,
    s05_5_answers,
    s05_6_data_frames,
    s07_1_1_end_of_tcp,
)
from refws.oracle.referee.book import Book, Check
from refws.oracle.referee.same import SAME
from refws.oracle.verdict import Finding, Role
from refws.oracle.wire import permessage
from refws.oracle.wire.extensions import Extension, parse_extensions
from refws.oracle.wire.frame import Opcode
from refws.oracle.wire.http import Head, switches_elsewhere
from refws.oracle.wire.reading import ReadFrame

__all__ = ["CLAUSES", "Referee"]

_MODULES: Final = (
    fields,
    s04_1_client_requirements,
    s04_2_server_side_requirements,
    s05_2_base_framing_protocol,
    s05_4_fragmentation,
    s05_5_1_close,
    s05_5_answers,
    s05_6_data_frames,
    s07_1_1_end_of_tcp,
    referee_deflate,
    rfc8441,
)
BLAMED: Final = frozenset[str]().union(*(module.CLAUSES for module in _MODULES))
"""The clauses that findings of the referee name."""
CLAUSES: Final = BLAMED.union(*(SAME.get(clause, ()) for clause in BLAMED))
"""Those, and the ones that say the same elsewhere."""


class _Watched:
    """What the referee keeps of one side."""

    def __init__(self, role: Role) -> None:
        self.book = Book()
        self.order = s05_4_fragmentation.Order()
        self.answers = s05_5_answers.Answers(role)
        self.side: Side | None = None
        self.shapes: set[object] = set()


class Referee:
    """Watches a conversation, and collects findings about each side.

    With `end_of_tcp` it also judges who ended TCP and how, once both Close frames were there; a case has its own
    judgement of that. `secure` says that it watches what is inside TLS, where that matters: on a stream.
    """

    def __init__(self, *, end_of_tcp: bool = False, secure: bool = False) -> None:
        self._secure, self._is_http3 = secure, False
        self._sides = {role: _Watched(role) for role in Role}
        self._request: Head | None = None
        self._end_of_tcp = end_of_tcp

    def findings(self, role: Role) -> list[Finding]:
        """What a side did wrong so far: for each clause that it broke, the first time."""
        watched = self._sides[role]
        reader = watched.side.reader if watched.side else None
        if watched.side is not None and reader is not None and reader.partial is not None:
            self._header(watched, watched.side, reader.partial)
        return watched.book.findings

    def judged(self, role: Role) -> frozenset[str]:
        """The clauses that a side had an occasion to keep so far, kept or not."""
        return frozenset(self._sides[role].book.asked)

    def head(self, side: Side, head: Head) -> None:
        """A side's head has come."""
        watched = self._sides[side.role]
        watched.side = side
        if head.is_of_stream:
            self._stream_head(side, head)
        elif side.role is Role.CLIENT:
            self._request = head if s04_1_client_requirements.is_websocket(head) else None
            if self._request is not None:
                watched.book.enter(s04_1_client_requirements.check_request(head))
                watched.book.enter(_offer(head))
        elif head.status is not None and (head.status >= 200 or head.status == 101):
            self._response(side, head)

    def settings(self, side: Side) -> None:
        """A side's settings have come."""
        watched = self._sides[side.role]
        watched.side = side
        watched.book.enter(rfc8441.check_settings(side.settings))

    def opened(self, sides: Iterable[Side]) -> None:
        """Frames come from here on."""
        for side in sides:
            self._sides[side.role].side = side

    def frame(self, side: Side, frame: ReadFrame) -> None:
        """A side's frame has come, and is in `side.frames`."""
        watched = self._sides[side.role]
        self._header(watched, side, frame)
        watched.book.enter(watched.order.check(frame))
        if not frame.is_control:
            message = side.messages[-1] if frame.fin and side.messages else None
            if message is not None and message.frames[-1] is frame:
                deflates = [one for one in side.extensions if one.name == permessage.NAME]
                # Of what is compressed twice over nobody knows what it says; the answer that agreed on it is the fault.
                if len(deflates) < 2 or not message.frames[0].rsv & 4:
                    deflate = deflates[0] if deflates else None
                    watched.book.enter(s05_6_data_frames.check_message(side.role, message, deflate))
        elif frame.opcode == Opcode.PING:
            self._sides[side.role.other].answers.pinged(frame)
        elif frame.opcode == Opcode.PONG:
            watched.book.enter(watched.answers.ponged(frame))
        elif frame.opcode == Opcode.CLOSE:
            other = self._sides[side.role.other].side
            received = other.close if other is not None else None
            watched.book.enter(s05_5_1_close.check_close(side.role, frame, received))

    def ended(self, side: Side) -> None:
        """A side has ended."""
        mine, other = self._sides[side.role], self._sides[side.role.other]
        if mine.side is None or other.side is None or side.end is End.LOST:
            return
        if side.reader is not None:
            mine.book.enter(rfc8441.check_reset(side, http3=self._is_http3))
        self._duties(mine, mine.side, other.side)
        self._duties(other, other.side, mine.side)
        if self._end_of_tcp:
            mine.book.enter(s07_1_1_end_of_tcp.check_end(side, other.side))

    def _stream_head(self, side: Side, head: Head) -> None:
        """A request or an answer on a stream: what RFC 8441 says of it, and RFC 6455 of the fields that it shares."""
        watched, other = self._sides[side.role], self._sides[side.role.other]
        self._is_http3 = "HTTP/3" in head.start_line
        if side.role is Role.CLIENT:
            self._request = head if rfc8441.is_websocket(head) else None
            if self._request is not None:
                server = other.side or Side(Role.SERVER)
                watched.book.enter(rfc8441.check_connect(head, side, server, secure=self._secure))
                watched.book.enter(s04_1_client_requirements.check_shared_fields(head))
                watched.book.enter(_offer(head))
        elif self._request is not None and not head.is_interim:
            watched.book.enter(rfc8441.check_stream_answer(head))
            watched.answers.timed(head.time - self._request.time)
            if head.opens:
                watched.book.enter(s04_2_server_side_requirements.check_shared_fields(head, self._request))
                watched.book.enter(_answer(self._request, head))

    def _duties(self, watched: _Watched, mine: Side, other: Side) -> None:
        erred = bool(self.findings(other.role))
        watched.book.enter(watched.answers.ended(mine, other, other_erred=erred))

    def _response(self, side: Side, head: Head) -> None:
        server, client = self._sides[Role.SERVER], self._sides[Role.CLIENT]
        request, self._request = self._request, None
        if (request is None and head.status != 101) or switches_elsewhere(request, head):
            return
        server.book.enter(s04_2_server_side_requirements.check_response(head, request))
        if request is None:
            return
        server.answers.timed(head.time - request.time)
        if client.side is not None:
            early = len(client.side.undone_head)
            client.book.enter(s04_1_client_requirements.check_early_data(early, client.side.size - early))
        if head.status == 101:
            server.book.enter(_answer(request, head))

    def _header(self, watched: _Watched, side: Side, frame: ReadFrame) -> None:
        seen = s05_2_base_framing_protocol.shape(frame)
        if seen not in watched.shapes:
            watched.shapes.add(seen)
            names = {one.name for one in side.extensions}
            agreed = s05_2_base_framing_protocol.Agreed(permessage.NAME in names, bool(names - {permessage.NAME}))
            watched.book.enter(s05_2_base_framing_protocol.check_header(side.role, frame, agreed))


def _extensions(head: Head) -> list[Extension]:
    return parse_extensions(head.get("Sec-WebSocket-Extensions") or "")


def _offer(head: Head) -> Iterator[Check]:
    for field in head.all("Sec-WebSocket-Extensions")[:1]:
        for verdict, clause, why in referee_deflate.judge_offer(_extensions(head)):
            yield Check(clause, why, field.offset, verdict)


def _answer(request: Head, head: Head) -> Iterator[Check]:
    for field in head.all("Sec-WebSocket-Extensions")[:1]:
        for verdict, clause, why in referee_deflate.judge_answer(_extensions(request), _extensions(head)):
            yield Check(clause, why, field.offset, verdict)
