"""A small client for tests of the cases of the client's opening handshake: right, or with one fault planted."""

import asyncio
import base64
import os
import re

from refws.oracle.client import ClientJudge
from refws.oracle.conversation import accept_of
from refws.oracle.wire.extensions import parse_extensions
from refws.oracle.wire.frame import Frame, Opcode
from refws.oracle.wire.http import Head, parse_head
from refws.oracle.wire.reading import FrameReader

OFFERED = ("chat.v2", "chat")
EXTENSION = "permessage-deflate"
HEAD_LIMIT = 65536


class Refused(Exception):
    """The client fails the connection."""


class Client:
    """Echoes; `fault` names what it leaves out, or does though it must not."""

    def __init__(self, fault: str = "", subprotocols: tuple[str, ...] = OFFERED, extensions: str = EXTENSION) -> None:
        self.fault = fault
        self.subprotocols, self.extensions = subprotocols, extensions
        self.key = ""

    def must(self, check: str, kept: bool) -> None:
        """A check, unless it is the one that is left out; one without a name is always made."""
        if not kept and not (check and self.fault == check):
            raise Refused(check)

    async def run(self, port: int, target: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(self.request(port, target))
            if self.fault == "does not wait":
                writer.write(Frame(Opcode.TEXT, b"early").octets(True))
            await self.echo(reader, writer, await self.answer(reader))
        except Refused:
            if self.fault == "keeps TCP":
                await asyncio.Event().wait()
            if self.fault == "says goodbye":
                writer.write(Frame(Opcode.CLOSE, b"\x03\xea").octets(True))
            if self.fault in ("says goodbye", "leaves the end to the server"):
                await reader.read()
        except OSError:
            pass
        finally:
            writer.close()

    def request(self, port: int, target: str) -> bytes:
        self.key = "AAAAAAAAAAAAAAAAAAAAAA==" if self.fault == "one key" else base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {target} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {self.key}",
            "Sec-WebSocket-Version: 13",
        ]
        if self.subprotocols:
            lines.append(f"Sec-WebSocket-Protocol: {', '.join(self.subprotocols)}")
        if self.extensions:
            lines.append(f"Sec-WebSocket-Extensions: {self.extensions}")
        return "\r\n".join([*lines, "", ""]).encode()

    async def answer(self, reader: asyncio.StreamReader) -> bytes:
        """Read and check the answer; what came behind it."""
        octets = b""
        interim = 0
        while True:
            head = parse_head(octets)
            if head is None:
                self.must("bound", len(octets) < HEAD_LIMIT)
                more = await reader.read(65536)
                self.must("", bool(more))
                octets += more
            if head is None:
                continue
            if head.status is None or head.status // 100 != 1 or head.status == 101:
                break
            if self.fault == "opens on 1xx":
                break
            octets = octets[head.size :]
            interim += 1
            self.must("bound", interim < 8)
        self.check(head)
        return b"" if self.fault == "drops what is behind" else octets[head.size :]

    def check(self, head: Head) -> None:
        if self.fault == "any head":
            return
        self.must("start line", bool(re.match(r"HTTP/\d\.\d ", head.start_line + " ")))
        self.must("start line", not head.odd)
        for field in head.fields:
            right = bool(field.name) and not set("() ") & set(field.name) and "\0" not in field.value
            self.must("start line", right)
        self.must("status", head.status == 101 or self.fault == "opens on 1xx")
        self.must("version", not head.start_line.startswith("HTTP/1.0"))
        self.fields(head)
        self.subprotocol([field.value for field in head.all("Sec-WebSocket-Protocol")])
        self.extension([field.value for field in head.all("Sec-WebSocket-Extensions")])

    def fields(self, head: Head) -> None:
        upgrades = [field.value.lower() for field in head.all("Upgrade")]
        if self.fault == "case of upgrade":
            self.must("", [field.value for field in head.all("Upgrade")] == ["websocket"])
        if self.fault == "case of names":
            self.must("", any(field.name == "Upgrade" for field in head.fields))
        if self.fault == "upgrade in any list":
            self.must("", "websocket" in ",".join(upgrades))
        else:
            self.must("upgrade", upgrades == ["websocket"])
        if self.fault == "connection is one word":
            self.must("", head.get("Connection") == "Upgrade")
        if self.fault == "connection within":
            self.must("", "upgrade" in (head.get("Connection") or "").lower())
        else:
            self.must("connection", "upgrade" in head.tokens("Connection"))
        accepts = [field.value for field in head.all("Sec-WebSocket-Accept")]
        right = accept_of(self.key)
        if self.fault == "case of accept":
            self.must("", [one.lower() for one in accepts] == [right.lower()])
        elif self.fault == "beginning of accept":
            self.must("", bool(accepts) and right.startswith(accepts[0]))
        elif self.fault == "first accept":
            self.must("", accepts[:1] == [right])
        elif self.fault == "last accept":
            self.must("", accepts[-1:] == [right])
        elif self.fault == "padding of accept":
            raw = [field.raw.split(b":", 1)[1] for field in head.all("Sec-WebSocket-Accept")]
            self.must("", raw == [f" {right}\r".encode()])
        else:
            self.must("accept", accepts == [right])

    def subprotocol(self, values: list[str]) -> None:
        if self.fault == "subprotocol":
            return
        if self.fault == "case of subprotocol":
            self.must("", {value.lower() for value in values} <= set(self.subprotocols))
        elif self.fault == "first of subprotocols":
            self.must("", values[:1] == [] or values[0].split(",")[0] in self.subprotocols)
        elif self.fault == "empty subprotocol":
            self.must("", set(values) <= {*self.subprotocols, ""})
        else:
            self.must("", len(values) <= 1 and set(values) <= set(self.subprotocols))

    def extension(self, values: list[str]) -> None:
        if self.fault == "extension":
            return
        if self.fault == "first extension field":
            values = values[:1]
        elements = [element for value in values for element in parse_extensions(value)]
        self.must("extension grammar", all(value.strip(" ,;") for value in values))
        self.must("extension grammar", not any(element.odd for element in elements))
        self.must("extension list", [one.name for one in elements] in ([], [self.extensions]))
        self.must("extension parameters", not any(one.parameters for one in elements))

    def back(self, message: bytes) -> bytes:
        """A message as it is echoed."""
        whole = Frame(Opcode.TEXT, message)
        if self.fault != "is eccentric":
            return whole.octets(True)
        around = Frame(Opcode.PONG, b"unasked").octets(True) + Frame(Opcode.PING, b"heartbeat").octets(True)
        return around + b"".join(one.octets(True) for one in whole.fragments(1)) + around

    async def echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, octets: bytes) -> None:
        frames = FrameReader()
        message = b""
        if self.fault == "leaves what is behind" and octets:
            octets += await reader.read(65536)
        while True:
            for frame in frames.feed(octets, 0.0):
                if frame.opcode == Opcode.CLOSE:
                    writer.write(Frame(Opcode.CLOSE, frame.payload[:2]).octets(True))
                    await reader.read()
                    return
                if frame.opcode == Opcode.PING:
                    writer.write(Frame(Opcode.PONG, frame.payload).octets(True))
                elif not frame.is_control:
                    message += frame.payload
                    if frame.fin:
                        writer.write(self.back(message))
                        message = b""
            octets = await reader.read(65536)
            if not octets:
                return


async def results_of(judge: ClientJudge, run, agent: str = "client"):
    """Let `run(port, target)` play all cases of a judge; the results by the ids of the cases."""
    await judge.listen("127.0.0.1", 0)
    try:
        for number, case in enumerate(judge.cases, 1):
            task = asyncio.ensure_future(run(judge.port, f"/runCase?case={number}&agent={agent}"))
            await judge.result(case, agent, 30)
            _, slow = await asyncio.wait([task], timeout=0 if task.done() else 0.5)
            for one in slow:
                one.cancel()
            await asyncio.gather(task, return_exceptions=True)
    finally:
        await judge.close()
    return {result.case.id: result for report in judge.reports() for result in report.results}
