"""An endpoint that departs from single rules of sections 5.5.1, 7, 8.1 and 10.4 when told to, or obeys commands."""

import asyncio
import socket
import struct
from collections.abc import Iterable
from functools import partial

from framing_testee import CLOSE, CONTINUATION, PING, TEXT, Endpoint, Failed

from refws.oracle.case import Case
from refws.oracle.client import ClientJudge
from refws.oracle.play import CaseResult
from refws.oracle.server import Target, one_case

COMMAND = b"refws-oracle: "
ANSWERS = {
    "own-code": b"\x10\xe1",
    "always-1000": b"\x03\xe8",
    "takes-any-code": b"\x03\xe8",
    "no-code": b"",
    "blames-every-close": b"\x03\xea",
}
LIMITS = {"limit-of-100-kib": 1009, "limit-called-an-error": 1002}
DECODERS = {"takes-surrogates": "surrogatepass", "takes-what-is-no-utf-8": "replace"}


def says(code: int) -> bytes:
    return code.to_bytes(2, "big")


class ClosingEndpoint(Endpoint):
    """One connection; `fault` is one of `Endpoint`, or one that is named here."""

    told = False  # to close: our Close has gone
    eof = False  # whether the other half of TCP has ended
    ended = False  # whether ours has, or is about to

    # Closing

    def _frame(self, fin: bool, rsv: int, opcode: int, payload: bytes) -> None:
        if opcode != CLOSE:
            super()._frame(fin, rsv, opcode, payload)
            return
        if self.parts and self.fault == "no-close-between-fragments":
            raise Failed(1002)
        code = int.from_bytes(payload[:2], "big")
        registered = 1000 <= code < 1015 and code not in (1004, 1005, 1006)
        right = registered or 3000 <= code < 5000
        if payload and not (right and len(payload) > 1) and self.fault != "takes-any-code":
            raise Failed(1002)
        if self.fault == "refuses-4999" and code == 4999:
            raise Failed(1002)
        if self.fault != "takes-any-reason" and not is_utf8(payload[2:]):
            raise Failed(1007)
        if self.told:
            self.closing = True
            self._end_tcp()
            return
        behind, self.buffer = self.buffer, b""
        if code == 1010 and self.path is None and self.fault != "sends-1010-back":
            payload = says(1000)
        self._answer_close(payload if len(payload) < 126 else payload[:2])
        if self.fault == "echoes-behind-the-close":
            self.buffer = behind
            while (found := self._next()) is not None:
                self.send(TEXT, found[3])

    def _answer_close(self, body: bytes) -> None:
        self.closing = True
        if self.fault == "never-answers":
            return
        if self.fault == "resets-instead":
            self._reset()
            return
        delay = 0.9 if self.fault == "answers-late" else 0
        asyncio.get_running_loop().call_later(delay, self._end, ANSWERS.get(self.fault, body))

    def _end(self, body: bytes) -> None:
        if self.fault == "drops-without-a-close":
            self.transport.close()
            return
        for _ in range(2 if self.fault == "closes-twice" else 1):
            self.send(CLOSE, body)
        if self.fault == "data-behind-its-close":
            self.send(TEXT, b"one more thing")
        self._end_tcp()

    def _end_tcp(self) -> None:
        self.ended = True
        loop = asyncio.get_running_loop()
        if self.fault == "resets":
            self._reset()
        elif self.fault == "fin-late":
            loop.call_later(0.9, self.transport.close)
        elif self.fault == "ends-tcp-first" or ((self.path is None or self.eof) and self.fault != "never-ends-tcp"):
            self.transport.write_eof()

    def _reset(self) -> None:
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        asyncio.get_running_loop().call_later(0.01, self.transport.abort)

    def eof_received(self) -> bool:
        if self.fault == "echoes-what-was-cut" and (self.parts or self.buffer):
            self.send(TEXT, b"".join(part for _, part in self.parts) + self.buffer[6:])
        self.eof = True
        return self.fault == "never-ends-tcp" or (self.closing and not self.ended)

    def _check(self, first: int, length: int) -> None:
        if self.fault in LIMITS and length > 100_000:
            raise Failed(LIMITS[self.fault])
        try:
            super()._check(first, length)
        except Failed:
            if self.fault != "reads-behind-its-failure":
                raise
            asyncio.get_running_loop().call_later(0.01, self._close, says(1002))

    # Texts

    def _data(self, fin: bool, opcode: int, payload: bytes) -> None:
        if self.fault == "utf-8-of-each-fragment" and not is_utf8(payload):
            raise Failed(1007)
        if len(self.parts) > 1000 and self.fault == "limit-of-fragments":
            raise Failed(1008)
        if len(self.parts) > 1000 and self.fault == "forgets-fragments":
            self.parts.pop()
        super()._data(fin, opcode, payload)

    def _message(self) -> None:
        opcode, payload = self.parts[0][0], b"".join(part for _, part in self.parts)
        if self.fault in DECODERS and opcode == TEXT:
            payload = payload.decode(errors=DECODERS[self.fault]).encode(errors="surrogatepass")
            self.parts = []
            self.echo(opcode, payload)
        elif self.fault == "drops-what-is-no-utf-8" and opcode == TEXT and not is_utf8(payload):
            self.parts = []
        else:
            super()._message()

    # Commands

    def echo(self, opcode: int, payload: bytes) -> None:
        if self.fault == "leaves":
            asyncio.get_running_loop().call_later(0.05, self._close, says(1000))
        if self.told and self.fault != "goes-on-behind-its-close":
            return
        if self.fault == "obeys-with-1001" and payload.startswith(COMMAND):
            self.send(CLOSE, says(1001))
            self.told = True
        elif self.fault in ("obeys", "goes-on-behind-its-close") and payload.startswith(COMMAND):
            self._obey(payload[len(COMMAND) :].decode())
        else:
            super().echo(opcode, payload)

    def _obey(self, command: str) -> None:
        word, _, rest = command.partition(" ")
        first, _, text = rest.partition(" ")
        if word == "ping":
            self.send(PING, rest.encode())
        elif word == "close":
            self.send(CLOSE, says(int(first)) + text.encode())
            self.told = True
        else:
            for at in range(0, len(text), int(first)):
                part, last = text[at : at + int(first)].encode(), at + int(first) >= len(text)
                self.transport.write(self.frame(CONTINUATION if at else TEXT, part, last))


def is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


async def judged_server(fault: str, cases: Iterable[Case], patience: float) -> dict[str, CaseResult]:
    """The results of a server with a fault, by the ids of the cases."""
    made: list[ClosingEndpoint] = []

    def make() -> ClosingEndpoint:
        made.append(ClosingEndpoint(fault))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    async with server:
        target = Target.of(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        waiting, results = iter(cases), []

        async def work() -> None:
            for case in waiting:
                results.append(await one_case(target, case, patience))

        await asyncio.gather(*(work() for _ in range(12)))
        for endpoint in made:
            endpoint.transport.abort()
            await endpoint.over
    return {result.case.id: result for result in results}


async def judged_client(fault: str, cases: Iterable[Case], patience: float) -> dict[str, CaseResult]:
    """The same for a client."""
    judge = ClientJudge(list(cases), patience=patience)
    await judge.listen("127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    results = {}
    try:
        for number, case in enumerate(judge.cases, 1):
            path = f"/runCase?case={number}&agent=testee"
            make = partial(ClosingEndpoint, fault, path=path)
            transport, testee = await loop.create_connection(make, "127.0.0.1", judge.port)
            result = await judge.result(case, "testee", 10)
            transport.abort()
            await testee.over
            assert result is not None, case.id
            results[case.id] = result
    finally:
        await judge.close()
    return results
