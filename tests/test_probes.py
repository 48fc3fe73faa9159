"""Black-box probes of sections 4, 5, 7, 8 and 10: octets by hand over TCP, against a server in a process of its own."""

import asyncio
import base64
import contextlib
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading

import pytest

import refws

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A
NO_FIN = 0x80
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
LIMIT = 100_000

SERVER = f"""
import asyncio, sys, refws

async def echo(ws):
    async for message in ws:
        await ws.send(message)

async def hook(request):
    if request.path == "/nowhere":
        return refws.Response(404)
    if request.path == "/all-closed":
        await asyncio.gather(*(ws.wait_closed() for ws in list(hasty.connections)))
        return refws.Response(200)

async def main():
    global hasty
    options = dict(max_message_size={LIMIT}, origins=[None, "http://good.example"], subprotocols=["b", "a"])
    async with (
        refws.serve(echo, http=hook, **options) as patient,
        refws.serve(echo, open_timeout=0.2, close_timeout=0.2, **options) as hasty,
    ):
        print(patient.port, hasty.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def ports():
    command = [sys.executable, "-W", "error", "-c", SERVER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield tuple(map(int, line.split()))
        _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, "")


def mask(octets, key):
    return bytes(octet ^ key[i % 4] for i, octet in enumerate(octets))


def header(first, length, *, form=None, masked=True):
    """A header without its key; `form` is the number of bits of the length, by default the fewest that hold it."""
    form = form or (7 if length < 126 else 16 if length < 65536 else 64)
    bit = 0x80 if masked else 0
    if form == 7:
        return bytes([first, bit | length])
    return bytes([first, bit | (126 if form == 16 else 127)]) + length.to_bytes(form // 8, "big")


def frame(first, payload=b"", *, masked=True, form=None):
    key = os.urandom(4) if masked else b""
    body = mask(payload, key) if masked else payload
    return header(first, len(payload), form=form, masked=masked) + key + body


def close(code, reason=b"", **how):
    return frame(CLOSE, code.to_bytes(2, "big") + reason, **how)


class Wire:
    """A blocking socket, and what has been read from it but not yet taken."""

    def __init__(self, connected):
        self.socket = connected
        self.socket.settimeout(8)
        self.octets = b""

    def send(self, octets):
        self.socket.sendall(octets)

    def _more(self):
        piece = self.socket.recv(65536)
        self.octets += piece
        return piece

    def take(self, size):
        """So many octets; None at FIN. A reset raises `ConnectionResetError`, and fails the test."""
        while len(self.octets) < size:
            if not self._more():
                assert self.octets == b""
                return None
        taken, self.octets = self.octets[:size], self.octets[size:]
        return taken

    def head(self):
        """(first line, [(name in lower case, value), …])."""
        while b"\r\n\r\n" not in self.octets:
            assert self._more()
        head, _, self.octets = self.octets.partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        return line, [(name.lower(), value.strip()) for name, _, value in (field.partition(":") for field in fields)]

    def response(self):
        line, fields = self.head()
        self.take(int(dict(fields).get("content-length", 0)))
        return int(line.split()[1]), fields

    def frame(self):
        """(first octet, payload) of a frame, masked or not; None at FIN."""
        start = self.take(2)
        if start is None:
            return None
        size = start[1] & 127
        if size > 125:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        self.key = self.take(4) if start[1] & 128 else b""
        payload = self.take(size) if size else b""
        return start[0], mask(payload, self.key) if self.key else payload

    def frames(self):
        """All frames until FIN."""
        return list(iter(self.frame, None))

    def ends_with(self, code, *before):
        """Only these frames come, then one Close with this code, then FIN; nobody resets the connection."""
        *others, (first, payload) = self.frames()
        assert (others, first, int.from_bytes(payload[:2], "big")) == (list(before), CLOSE, code)
        with contextlib.suppress(BrokenPipeError):
            self.socket.shutdown(socket.SHUT_WR)
        assert self.socket.recv(1) == b""
        assert self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


@contextlib.contextmanager
def tcp(port):
    with socket.create_connection(("127.0.0.1", port)) as connected:
        yield Wire(connected)


def request(*changes, line="GET / HTTP/1.1", more=()):
    """The octets of an opening handshake. A change replaces the field of its name, or removes it: ``"Host"``."""
    fields = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
    }
    for change in changes:
        name, colon, value = change.partition(":")
        fields.pop(name)
        if colon:
            fields[name] = value.removeprefix(" ")
    return "\r\n".join([line, *(f"{name}: {value}" for name, value in fields.items()), *more, "", ""]).encode("latin-1")


@contextlib.contextmanager
def opened(port):
    with tcp(port) as wire:
        wire.send(request())
        assert wire.response()[0] == 101
        yield wire


@pytest.fixture
def wire(ports):
    """A connection whose opening handshake is done."""
    with opened(ports[0]) as wire:
        yield wire


@pytest.fixture
def http(ports):
    """A connection whose opening handshake is to come."""
    with tcp(ports[0]) as wire:
        yield wire


# Section 4.2: the opening handshake

ACCEPTED = {
    "plainly": request(),
    "header names and tokens in any case": re.sub(
        rb"(Host|Upgrade|websocket|Connection|Sec-\S+):", lambda m: m[0].swapcase(), request("Upgrade: WebSocket")
    ),
    "upgrade in a list": request("Connection: keep-alive, Upgrade", "Upgrade: h2c, WEBSOCKET"),
    "upgrade in another line": request("Connection: keep-alive", more=["Connection: upgrade"]),
    "white space around values": request(
        "Upgrade:  \t websocket \t", "Sec-WebSocket-Version:13  ", "Connection: , Upgrade ,"
    ),
    "an absolute target": request(line="GET http://localhost/chat HTTP/1.1"),
    "a query": request(line="GET /chat?room=1 HTTP/1.1"),
    "fields that nobody knows": request(more=["X-Whatever: yes", "Cookie: a=b", "Authorization: Basic Og=="]),
    "an origin that is served, in any case": request(more=["Origin: HTTP://GOOD.example"]),
    "an extension that nobody has": request(
        more=['Sec-WebSocket-Extensions: foo; a=1; b="2", bar', "Sec-WebSocket-Extensions: baz"]
    ),
    "subprotocols that nobody has": request(more=["Sec-WebSocket-Protocol: x, y"]),
    "a key whose spare bits are set": request("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAB=="),
    "a line that is folded": request(more=["X: a", " b"]),
    "a body": request(more=["Content-Length: 4"]) + b"body",
}


@pytest.mark.clause(
    "rfc6455:4.2.1-p3-s1", "rfc6455:4.2.1-p5-s1", "rfc6455:4.2.1-p6-s1", "rfc6455:4.2.1-p12-s2", "rfc6455:4.2.2-p13-s1"
)
@pytest.mark.clause("rfc6455:4.2.2-p16-s2", "rfc6455:4.2.2-p11-s5", "rfc6455:4.2.2-p10-s4", "rfc6455:4.2.2-p7-s2")
@pytest.mark.parametrize("octets", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(http, octets):
    http.send(octets)
    status, fields = http.response()
    key = re.search(rb"(?i)key: *(\S+)", octets)[1]
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    assert (status, fields) == (
        101,
        [
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-accept", base64.b64encode(digest).decode()),
        ],
    )
    http.send(close(1000))
    http.ends_with(1000)


REFUSED = {
    "POST": (405, request(line="POST / HTTP/1.1")),
    "HEAD": (405, request(line="HEAD / HTTP/1.1")),
    "HTTP/1.0": (400, request(line="GET / HTTP/1.0")),
    "HTTP/0.9": (400, b"GET /\r\n\r\n"),
    "no HTTP": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    "a target that names no resource": (400, request(line="GET nowhere HTTP/1.1")),
    "a fragment": (400, request(line="GET /#fragment HTTP/1.1")),
    "no Host": (400, request("Host")),
    "two Hosts": (400, request(more=["Host: other"])),
    "an empty Host": (400, request("Host: ")),
    "no Upgrade": (426, request("Upgrade")),
    "another Upgrade": (426, request("Upgrade: websockets")),
    "no Connection": (400, request("Connection")),
    "another Connection": (400, request("Connection: keep-alive")),
    "no key": (400, request("Sec-WebSocket-Key")),
    "two keys": (400, request(more=[f"Sec-WebSocket-Key: {KEY}"])),
    "a key of 15 octets": (400, request("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA")),
    "a key of 17 octets": (400, request("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=")),
    "a key without padding": (400, request("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA")),
    "a key in another alphabet": (400, request("Sec-WebSocket-Key: -_AAAAAAAAAAAAAAAAAAAA==")),
    "an empty key": (400, request("Sec-WebSocket-Key: ")),
    "no version": (400, request("Sec-WebSocket-Version")),
    "two versions": (400, request(more=["Sec-WebSocket-Version: 13"])),
    "version 8": (426, request("Sec-WebSocket-Version: 8")),
    "version 12": (426, request("Sec-WebSocket-Version: 12")),
    "version 14": (426, request("Sec-WebSocket-Version: 14")),
    "version 013": (400, request("Sec-WebSocket-Version: 013")),
    "version 256": (400, request("Sec-WebSocket-Version: 256")),
    "versions in a list": (400, request("Sec-WebSocket-Version: 13, 8")),
    "an extension without a name": (400, request(more=["Sec-WebSocket-Extensions: ; a=1"])),
    "an extension parameter that is no token": (400, request(more=['Sec-WebSocket-Extensions: foo; a="b c"'])),
    "an empty list of extensions": (400, request(more=["Sec-WebSocket-Extensions: "])),
    "a subprotocol that is no token": (400, request(more=["Sec-WebSocket-Protocol: a b"])),
    "a subprotocol twice": (400, request(more=["Sec-WebSocket-Protocol: a, a"])),
    "an empty list of subprotocols": (400, request(more=["Sec-WebSocket-Protocol: ,"])),
    "an origin that is not served": (403, request(more=["Origin: http://bad.example"])),
    "two origins": (400, request(more=["Origin: http://good.example"] * 2)),
    "white space before the colon": (400, request(more=["X : a"])),
    "a control character": (400, request(more=["X: a\x00b"])),
    "two lengths": (400, request(more=["Content-Length: 1", "Content-Length: 2"])),
    "a head that is too large": (431, request(more=[f"X: {'x' * 17000}"])),
    "too many fields": (431, request(more=["X: x"] * 130)),
    "a head that never ends": (431, request()[:-2] + b"X: " + b"x" * 17000),
}


MORE = {405: [("allow", "GET")], 426: [("upgrade", "websocket"), ("connection", "Upgrade, close")]}
"""What else the answer of a status says."""


@pytest.mark.clause(
    "rfc6455:4.2.1-p2-s2",
    "rfc6455:4.2.1-p3-s1",
    "rfc6455:4.2.1-p4-s1",
    "rfc6455:4.2.1-p5-s1",
    "rfc6455:4.2.1-p6-s1",
    "rfc6455:4.2.1-p7-s1",
    "rfc6455:4.2.1-p8-s1",
    "rfc6455:4.2.2-p6-s5",
    "rfc6455:4.2.2-p8-s2",
)
@pytest.mark.clause("rfc6455:4.3-p4-s1", "rfc6455:4.3-p4-s2", "rfc6455:4.3-p4-s3", "rfc6455:4.3-p4-s4")
@pytest.mark.clause("rfc6455:4.4-p2-s3", "rfc6455:10.2-p1-s2", "rfc6455:10.7-p1-s5")
@pytest.mark.parametrize(("status", "octets"), REFUSED.values(), ids=REFUSED)
def test_refused(http, status, octets):
    http.send(octets + frame(TEXT, b"not for anybody"))
    line, fields = http.head()
    assert int(line.split()[1]) == status
    assert "sec-websocket-accept" not in dict(fields)
    for field in MORE.get(status, ()):
        assert field in fields
    if re.search(rb"Version: (8|12|14)\r", octets):
        assert ("sec-websocket-version", "13") in fields
    if not octets.startswith(b"HEAD"):
        assert http.take(int(dict(fields)["content-length"]))
    assert http.take(1) is None


@pytest.mark.clause("rfc6455:4.2.2-p9-s3")
def test_a_resource_that_is_not_there(http):
    http.send(request(line="GET /nowhere HTTP/1.1"))
    assert http.response()[0] == 404
    http.send(request(line="GET /somewhere HTTP/1.1"))
    assert http.response()[0] == 101


@pytest.mark.clause("rfc6455:4.2.2-p10-s2", "rfc6455:4.2.2-p10-s6", "rfc6455:4.2.2-p20-s1")
def test_a_subprotocol_of_the_servers_preference(http):
    http.send(request(more=["Sec-WebSocket-Protocol: x, a", "Sec-WebSocket-Protocol: b"]))
    status, fields = http.response()
    assert (status, [value for name, value in fields if name == "sec-websocket-protocol"]) == (101, ["b"])


@pytest.mark.clause("rfc6455:4.2.2-p22-s2")
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_head_in_pieces_with_frames_behind_it(http, step):
    octets = request() + frame(TEXT, b"early") + close(1000)
    http.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(0, len(octets), step):
        http.send(octets[at : at + step])
    assert http.response()[0] == 101
    http.ends_with(1000, (TEXT, b"early"))


def test_a_slow_opening_handshake_is_bounded(ports):
    with tcp(ports[1]) as wire:
        wire.send(request()[:-1])
        with contextlib.suppress(ConnectionResetError):
            assert wire.socket.recv(1) == b""


# Section 5: what fails a connection, each behind a message whose echo is due first, and before octets that nobody reads

FAILS = {
    "an unmasked text": (1002, frame(TEXT, b"x", masked=False), "5.1-p1-s4"),
    "an unmasked empty ping": (1002, frame(PING, masked=False), "5.1-p1-s4"),
    "an unmasked Close": (1002, close(1000, masked=False), "5.5.1-p3-s1"),
    "RSV1 on text": (1002, frame(TEXT | 0x40, b"x"), "5.2-p6-s2"),
    "RSV2 on binary": (1002, frame(BINARY | 0x20), "5.2-p33-s1"),
    "RSV3 on a ping": (1002, frame(PING | 0x10), "5.2-p34-s1"),
    "RSV1 on a Close": (1002, frame(CLOSE | 0x40), "5.2-p32-s1"),
    "RSV1 on a continuation": (1002, frame(TEXT ^ NO_FIN) + frame(CONTINUATION | 0x40), "5.2-p6-s2"),
    **{f"opcode {n}": (1002, frame(0x80 | n), "5.2-p8-s2") for n in (3, 7, 11, 15)},
    "an unknown opcode without FIN": (1002, frame(0x03), "5.2-p8-s2"),
    "5 in 16 bits": (1002, frame(TEXT, b"12345", form=16), "5.2-p20-s5"),
    "125 in 16 bits": (1002, header(BINARY, 125, form=16), "5.2-p20-s5"),
    "5 in 64 bits": (1002, frame(TEXT, b"12345", form=64), "5.2-p20-s5"),
    "65535 in 64 bits": (1002, header(BINARY, 65535, form=64), "5.2-p20-s5"),
    "the top bit of 64": (1002, header(BINARY, 1 << 63, form=64), "5.2-p20-s3"),
    "a message over the limit, by its header": (1009, header(BINARY, LIMIT + 1), "10.4-p1-s1"),
    "the largest length": (1009, header(BINARY, (1 << 63) - 1), "10.4-p1-s1"),
    "fragments over the limit": (1009, frame(0x02, b"x") + header(CONTINUATION, LIMIT), "10.4-p1-s3"),
    "a ping of 126": (1002, header(PING, 126), "5.5-p3-s1/1"),
    "a Close of 126": (1002, frame(CLOSE, b"\x03\xe8" + bytes(124)), "5.5-p3-s1/1"),
    "a ping without FIN": (1002, frame(PING ^ NO_FIN), "5.5-p3-s1/2"),
    "a Close without FIN": (1002, frame(CLOSE ^ NO_FIN, b"\x03\xe8"), "5.4-p8-s2"),
    "a continuation of nothing": (1002, frame(CONTINUATION, b"x"), "5.4-p6-s1"),
    "a text within a text": (1002, frame(TEXT ^ NO_FIN, b"x") + frame(TEXT, b"y"), "5.4-p10-s1"),
    "a binary within a text": (1002, frame(TEXT ^ NO_FIN, b"x") + frame(BINARY ^ NO_FIN), "5.4-p10-s1"),
    "a Close of one octet": (1002, frame(CLOSE, b"\x03"), "5.5.1-p2-s2"),
    "a Close with a reason that is not UTF-8": (1007, close(1000, b"\xff"), "8.1-p1-s1"),
    "a Close with half a character": (1007, close(1000, b"\xe2\x82"), "8.1-p1-s1"),
    **{
        f"a Close with {code}": (1002, close(code), clause)
        for code, clause in {
            0: "7.4.2-p2-s1",
            999: "7.4.2-p2-s1",
            1004: "7.4.1-p11-s1",
            1005: "7.4.1-p13-s1",
            1006: "7.4.1-p15-s1",
            1015: "7.4.1-p27-s1",
            1016: "7.4.2-p4-s1",
            2999: "7.4.2-p4-s1",
            5000: "7.4-p1-s3",
            65535: "7.4-p1-s3",
        }.items()
    },
    "text that is not UTF-8": (1007, frame(TEXT, b"\xc0\x80"), "8.1-p1-s1"),
    "a surrogate": (1007, frame(TEXT, b"\xed\xa0\x80"), "8.1-p1-s1"),
    "above U+10FFFF": (1007, frame(TEXT, b"\xf4\x90\x80\x80"), "8.1-p1-s1"),
    "a text that ends in a character": (1007, frame(TEXT, b"\xe2\x82"), "5.6-p4-s2"),
    "a text that is bad in its first frame": (1007, frame(TEXT ^ NO_FIN, b"\xff"), "5.6-p4-s3"),
    "a frame that is bad in its middle and never ends": (
        1007,
        header(TEXT, 1000) + b"\0\0\0\0" + "κόσμε".encode() + b"\xed\xa0",
        "8.1-p1-s1",
    ),
}


@pytest.mark.clause("rfc6455:7.1.7-p1-s3/1", "rfc6455:7.1.7-p2-s1", "rfc6455:7.1.7-p2-s3", "rfc6455:10.7-p1-s3")
@pytest.mark.clause("rfc6455:7.4.1-p7-s1", "rfc6455:7.4.1-p17-s1", "rfc6455:7.4.1-p21-s1", "rfc6455:7.1.1-p1-s2")
@pytest.mark.parametrize(
    ("code", "octets"),
    [
        pytest.param(code, octets, id=name, marks=pytest.mark.clause(f"rfc6455:{clause}"))
        for name, (code, octets, clause) in FAILS.items()
    ],
)
def test_fails_behind_the_echo_with_one_close_and_fin(wire, code, octets):
    more = frame(BINARY, bytes(300)) * 1000 if "never ends" not in str(octets) else b""
    wire.send(frame(TEXT, b"first") + octets)
    wire.send(more)
    wire.ends_with(code, (TEXT, b"first"))


@pytest.mark.clause("rfc6455:5.2-p20-s5", "rfc6455:5.5-p3-s1/1", "rfc6455:5.2-p20-s3")
@pytest.mark.parametrize(
    "octets",
    [
        bytes([TEXT | 0x40]),
        bytes([0x83]),
        bytes([PING ^ NO_FIN]),
        bytes([TEXT, 5]),
        bytes([PING, 0xFE]),
        bytes([CLOSE, 0x81]),
        bytes([TEXT, 0xFE, 0, 125]),
        bytes([TEXT, 0xFF, 0x80]),
        bytes([TEXT, 0xFF, 0, 1]),
    ],
    ids=bytes.hex,
)
def test_fails_at_the_first_octet_that_proves_it(wire, octets):
    wire.send(octets)
    wire.ends_with(1009 if octets[1:2] == b"\xff" and octets[2] == 0 else 1002)


def test_two_failures_are_one_close(wire):
    wire.send(frame(0x83) + frame(TEXT, b"\xff") + close(1000))
    wire.ends_with(1002)


# Section 5: what does not


@pytest.mark.clause("rfc6455:5.2-p20-s1", "rfc6455:5.2-p20-s2", "rfc6455:5.2-p20-s3", "rfc6455:5.1-p1-s6")
@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, LIMIT])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_messages_up_to_the_limit_come_back_unmasked_in_the_shortest_form(wire, opcode, size):
    wire.send(frame(opcode, b"x" * size))
    expected = frame(opcode, b"x" * size, masked=False)
    assert wire.take(len(expected)) == expected


@pytest.mark.clause("rfc6455:10.4-p1-s3", "rfc6455:7.4.1-p21-s1")
def test_one_octet_above_the_limit(wire):
    wire.send(frame(BINARY, bytes(LIMIT + 1)))
    wire.ends_with(1009)


@pytest.mark.clause("rfc6455:5.4-p6-s1", "rfc6455:5.4-p6-s2", "rfc6455:5.4-p8-s1", "rfc6455:5.4-p11-s1")
@pytest.mark.clause("rfc6455:5.5.2-p3-s1", "rfc6455:5.5.3-p3-s1", "rfc6455:5.4-p17-s1")
def test_control_frames_within_a_message(wire):
    wire.send(frame(0x01, b"a") + frame(PING, b"1") + frame(0x00) + frame(PONG, b"?") + frame(PING, b"2"))
    assert [wire.frame(), wire.frame()] == [(PONG, b"1"), (PONG, b"2")]
    wire.send(frame(CONTINUATION, b"b"))
    assert wire.frame() == (TEXT, b"ab")


@pytest.mark.clause("rfc6455:5.5-p3-s1/1", "rfc6455:5.5.3-p3-s1")
@pytest.mark.parametrize("size", [0, 1, 125])
def test_the_payload_of_a_ping_comes_back(wire, size):
    payload = os.urandom(size)
    wire.send(frame(PING, payload))
    assert wire.frame() == (PONG, payload)


@pytest.mark.clause("rfc6455:5.5.3-p5-s1", "rfc6455:5.5.3-p5-s3")
def test_a_pong_that_nobody_asked_for_is_ignored(wire):
    wire.send(frame(PONG) + frame(PONG, bytes(125)) + frame(TEXT, b"next"))
    assert wire.frame() == (TEXT, b"next")


@pytest.mark.clause("rfc6455:5.6-p4-s2", "rfc6455:5.4-p13-s1")
def test_a_character_may_be_split_anywhere(wire):
    octets = "κόσμε 𝄞 \U0010ffff".encode()
    wire.send(frame(0x01) + b"".join(frame(0x00, octets[i : i + 1]) for i in range(len(octets))) + frame(CONTINUATION))
    assert wire.frame() == (TEXT, octets)


@pytest.mark.clause("rfc6455:5.4-p5-s1")
def test_empty_messages(wire):
    wire.send(frame(TEXT) + frame(BINARY) + frame(0x01) + frame(CONTINUATION) + close(1000))
    wire.ends_with(1000, (TEXT, b""), (BINARY, b""), (TEXT, b""))


@pytest.mark.clause("rfc6455:5.6-p6-s1", "rfc6455:5.3-p6-s1", "rfc6455:5.3-p6-s2", "rfc6455:6.2-p3-s1")
@pytest.mark.parametrize("key", [bytes(4), b"\xff\xff\xff\xff", b"\x01\x02\x03\x04"])
def test_any_key_is_a_key(wire, key):
    payload = bytes(range(256))
    wire.send(header(BINARY, 256) + key + mask(payload, key))
    assert wire.frame() == (BINARY, payload)


@pytest.mark.clause("rfc6455:5.2-p1-s1")
def test_frames_octet_by_octet(wire):
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for octet in frame(TEXT, "ö".encode()) + frame(PING, b"p") + frame(BINARY, bytes(130)):
        wire.send(bytes([octet]))
    received = [wire.frame() for _ in range(3)]
    # A Pong waits for nobody.
    received.remove((PONG, b"p"))
    assert received == [(TEXT, "ö".encode()), (BINARY, bytes(130))]


# Section 7: the closing handshake


@pytest.mark.clause("rfc6455:5.5.1-p5-s1", "rfc6455:5.5.1-p5-s2", "rfc6455:5.5.1-p6-s2/1", "rfc6455:7.1.1-p2-s1")
@pytest.mark.clause("rfc6455:7.4.2-p6-s1", "rfc6455:7.4.2-p8-s1", "rfc6455:7.4.1-p1-s1")
@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1014, 3000, 3999, 4000, 4999])
def test_a_close_is_answered_with_its_code_and_the_server_closes_tcp_first(wire, code):
    wire.send(close(code, "ünd tschüß".encode()))
    wire.ends_with(code)


@pytest.mark.clause("rfc6455:7.4.1-p23-s3")
def test_1010_is_not_a_servers_to_send(wire):
    wire.send(close(1010))
    wire.ends_with(1000)


@pytest.mark.clause("rfc6455:7.4-p1-s4", "rfc6455:7.4.1-p13-s1", "rfc6455:5.5.1-p2-s1")
def test_a_close_without_a_code_is_answered_without_one(wire):
    wire.send(frame(CLOSE))
    assert wire.frames() == [(CLOSE, b"")]


@pytest.mark.clause("rfc6455:5.5.1-p2-s3", "rfc6455:5.5-p3-s1/1")
def test_a_reason_of_123_octets(wire):
    wire.send(close(1000, b"r" * 123))
    wire.ends_with(1000)


@pytest.mark.clause("rfc6455:7.1.1-p1-s2")
def test_nothing_behind_a_close_is_read_and_nothing_follows_the_answer(wire):
    wire.send(frame(TEXT, b"before") + close(1000) + frame(PING) + frame(TEXT, b"behind") + frame(0x83) + close(1001))
    wire.send(frame(BINARY, bytes(50_000)) * 20)
    wire.ends_with(1000, (TEXT, b"before"))


@pytest.mark.clause("rfc6455:5.5.1-p5-s1")
def test_a_close_within_a_fragmented_message(wire):
    wire.send(frame(TEXT ^ NO_FIN, b"never finished") + close(1000))
    wire.ends_with(1000)


@pytest.mark.clause("rfc6455:7.1.1-p1-s3", "rfc6455:7.1.1-p2-s3/1")
@pytest.mark.parametrize("octets", [close(1000), frame(0x83)], ids=["close", "failure"])
def test_a_client_that_never_closes_tcp_is_not_waited_for_for_ever(ports, octets):
    with opened(ports[1]) as wire, tcp(ports[0]) as asking:
        wire.send(octets)
        assert len(wire.frames()) == 1
        asking.send(b"GET /all-closed HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert asking.response()[0] == 200


@pytest.mark.parametrize(
    "octets", [b"", bytes([TEXT, 0x85]), frame(TEXT ^ NO_FIN, b"x")], ids=["idle", "header", "message"]
)
def test_a_client_that_closes_tcp_without_a_close(wire, octets):
    wire.send(octets)
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.frames() == []


# The client, against a server by hand


class Script(threading.Thread):
    """A server that plays one connection; what goes wrong in it, `result` raises."""

    def __init__(self, play):
        super().__init__()
        self.play, self.error = play, None
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.uri = f"ws://127.0.0.1:{self.listening.getsockname()[1]}"

    def run(self):
        try:
            self.listening.settimeout(8)
            connected, _ = self.listening.accept()
            with connected:
                self.play(Wire(connected))
        except BaseException as error:
            self.error = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.join()
        self.listening.close()
        if self.error is not None and kind is None:
            raise self.error


def answer(wire, *fields, behind=b"", accept=None, status="101 Switching Protocols"):
    _, got = wire.head()
    assert wire.octets == b""
    digest = hashlib.sha1(dict(got)["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    lines = [f"HTTP/1.1 {status}", *fields]
    if not any(field.startswith("Upgrade:") for field in fields):
        lines.append("Upgrade: websocket")
    if not any(field.startswith("Connection:") for field in fields):
        lines.append("Connection: Upgrade")
    lines.append(f"Sec-WebSocket-Accept: {accept or base64.b64encode(digest).decode()}")
    wire.send("\r\n".join([*lines, "", ""]).encode() + behind)
    return got


def converse(uri, *messages, **options):
    """Connect, send, receive until the end; returns what came and how it ended."""

    async def go():
        received = []
        async with asyncio.timeout(8), refws.connect(uri, **options) as ws:
            for message in messages:
                await ws.send(message)
            try:
                while True:
                    received.append(await ws.recv())
            except refws.ConnectionClosed as closed:
                return received, closed

    return asyncio.run(go())


@pytest.mark.clause("rfc6455:4.1-p29-s2", "rfc6455:4.1-p29-s3", "rfc6455:4.1-p38-s1", "rfc6455:4.1-p33-s2")
def test_client_request_and_silence_before_the_answer():
    keys = set()

    def play(wire):
        line, fields = wire.head()
        assert line == "GET /chat?a HTTP/1.1"
        assert [name for name, _ in fields][:5] == [
            "host",
            "upgrade",
            "connection",
            "sec-websocket-key",
            "sec-websocket-version",
        ]
        assert dict(fields)["sec-websocket-version"] == "13"
        key = dict(fields)["sec-websocket-key"]
        assert len(base64.b64decode(key, validate=True)) == 16
        keys.add(key)
        assert wire.octets == b""
        wire.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            wire.socket.recv(1)

    for _ in range(3):
        with Script(play) as script, pytest.raises(refws.Failure):
            converse(f"{script.uri}/chat?a", "must wait")
    assert len(keys) == 3


@pytest.mark.clause(
    "rfc6455:5.1-p1-s2", "rfc6455:5.3-p3-s2", "rfc6455:5.3-p1-s1", "rfc6455:10.3-p4-s1", "rfc6455:5.5.1-p3-s1"
)
def test_client_masks_every_frame_with_another_key():
    keys = []

    def play(wire):
        answer(wire, behind=frame(PING, b"p", masked=False))
        for expected in [(PONG, b"p"), *((TEXT, b"x" * size) for size in (0, 5, 126, 70_000))]:
            assert wire.frame() == expected
            assert len(wire.key) == 4
            keys.append(wire.key)
        wire.send(close(1000, masked=False))
        assert wire.frame() == (CLOSE, b"\x03\xe8")
        assert len(wire.key) == 4
        keys.append(wire.key)

    with Script(play) as script:
        converse(script.uri, *("x" * size for size in (0, 5, 126, 70_000)))
    assert len(set(keys)) == 6


ANSWERS_REFUSED = {
    "a wrong Accept": ("4.1-p42-s1", {"accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}),
    "another Upgrade": ("4.1-p40-s1", {"fields": ["Upgrade: h2c"]}),
    "another Connection": ("4.1-p41-s1", {"fields": ["Connection: close"]}),
    "a subprotocol that was not offered": ("4.1-p44-s1", {"fields": ["Sec-WebSocket-Protocol: other"]}),
    "two subprotocols": ("4.3-p7-s3", {"fields": ["Sec-WebSocket-Protocol: a, b"]}),
    "an extension that was not offered": ("4.1-p43-s1", {"fields": ["Sec-WebSocket-Extensions: foo"]}),
    "200": ("4.1-p39-s1", {"status": "200 OK", "fields": ["Content-Length: 0"]}),
    "403": ("4.1-p39-s1", {"status": "403 Forbidden", "fields": ["Content-Length: 0"]}),
}


@pytest.mark.parametrize(
    ("clause", "how"),
    [
        pytest.param(clause, how, id=name, marks=pytest.mark.clause(f"rfc6455:{clause}"))
        for name, (clause, how) in ANSWERS_REFUSED.items()
    ],
)
def test_client_fails_on_an_answer_that_is_not_acceptable_and_closes_tcp(clause, how):
    def play(wire):
        answer(wire, *how.pop("fields", []), **how)
        with contextlib.suppress(ConnectionResetError):
            assert wire.socket.recv(1) == b""

    with Script(play) as script, pytest.raises(refws.HandshakeFailure) as caught:
        converse(script.uri, "never sent", subprotocols=["a", "b"])
    assert caught.value.clause == f"rfc6455:{clause}"


@pytest.mark.clause("rfc6455:4.2.2-p22-s3")
def test_client_takes_frames_in_the_segment_of_the_answer():
    def play(wire):
        answer(
            wire, "Sec-WebSocket-Protocol: b", behind=frame(TEXT, b"early", masked=False) + close(1000, masked=False)
        )
        assert wire.frame() == (CLOSE, b"\x03\xe8")

    with Script(play) as script:
        received, closed = converse(script.uri, subprotocols=["a", "b"])
    assert (received, closed.code, closed.cleanly) == (["early"], 1000, True)


CLIENT_FAILS = {
    "a masked frame": (1002, frame(TEXT, b"x"), "5.1-p1-s7"),
    "an RSV bit": (1002, frame(TEXT | 0x40, masked=False), "5.2-p6-s2"),
    "5 in 16 bits": (1002, frame(TEXT, b"12345", form=16, masked=False), "5.2-p20-s5"),
    "no UTF-8": (1007, frame(TEXT, b"\xff", masked=False), "8.1-p1-s1"),
    "Close 1006": (1002, close(1006, masked=False), "7.4.1-p15-s1"),
    "over the limit": (1009, header(BINARY, LIMIT + 1, masked=False), "10.4-p1-s1"),
}


@pytest.mark.clause("rfc6455:7.1.7-p1-s2/1", "rfc6455:7.1.7-p2-s1")
@pytest.mark.parametrize(
    ("code", "octets"),
    [
        pytest.param(code, octets, id=name, marks=pytest.mark.clause(f"rfc6455:{clause}"))
        for name, (code, octets, clause) in CLIENT_FAILS.items()
    ],
)
def test_client_fails(code, octets):
    def play(wire):
        answer(wire, behind=frame(BINARY, b"first", masked=False) + octets + frame(PING, masked=False))
        first, payload = wire.frame()
        assert (first, int.from_bytes(payload[:2], "big")) == (CLOSE, code)
        # The client leaves the first FIN to the server.
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.frame() is None

    with Script(play) as script:
        received, closed = converse(script.uri, max_message_size=LIMIT)
    assert (received, closed.failure.status) == ([b"first"], code)


@pytest.mark.clause("rfc6455:5.5.1-p6-s2/2", "rfc6455:7.1.1-p2-s1", "rfc6455:7.1.1-p2-s3/2")
def test_client_waits_for_the_fin_of_the_server():
    def play(wire):
        answer(wire, behind=close(4000, masked=False))
        assert wire.frame() == (CLOSE, b"\x0f\xa0")
        wire.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            wire.socket.recv(1)
        wire.socket.settimeout(8)
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.frame() is None

    with Script(play) as script:
        _, closed = converse(script.uri, close_timeout=None)
    assert (closed.code, closed.cleanly) == (4000, True)


@pytest.mark.clause("rfc6455:5.5.1-p6-s2/3")
def test_client_waits_for_the_fin_of_the_server_no_longer_than_close_timeout():
    def play(wire):
        answer(wire, behind=close(4000, masked=False))
        assert wire.frame() == (CLOSE, b"\x0f\xa0")
        assert wire.frame() is None

    with Script(play) as script:
        _, closed = converse(script.uri, close_timeout=0.1)
    assert (closed.code, closed.cleanly) == (4000, True)


@pytest.mark.clause("rfc6455:4.1-p19-s1", "rfc6455:4.1-p19-s2")
def test_client_sends_no_octet_of_http_where_tls_fails():
    def play(wire):
        assert wire.take(1) == b"\x16"
        # An alert: handshake failure.
        wire.send(b"\x15\x03\x03\x00\x02\x02\x28")
        with contextlib.suppress(ConnectionResetError):
            while wire._more():
                pass
        assert b"GET" not in wire.octets

    with Script(play) as script, pytest.raises(OSError, match=r"(?i)handshake"):
        converse(script.uri.replace("ws:", "wss:"))


# Key agreement that no recording gives away, and AES or ChaCha20: the suites of TLS 1.3, and of TLS 1.2 what is left
# without anonymous, NULL, EXPORT, RC4, DES and static RSA. The last is no suite, but says that renegotiation is secure.
STRONG = {0x1301, 0x1302, 0x1303, 0x1304, 0x1305}
STRONG |= {0x0067, 0x006B, 0x009E, 0x009F, 0xC023, 0xC024, 0xC027, 0xC028, 0xC02B, 0xC02C, 0xC02F, 0xC030}
STRONG |= {0xC09E, 0xC09F, 0xC0A2, 0xC0A3, 0xC0AC, 0xC0AD, 0xC0AE, 0xC0AF, 0xCCA8, 0xCCA9, 0xCCAA, 0x00FF}


def numbers(octets):
    return {int.from_bytes(octets[i : i + 2], "big") for i in range(0, len(octets), 2)}


@pytest.mark.clause("rfc6455:10.6-p2-s3")
def test_client_offers_strong_tls_only():
    def play(wire):
        hello = wire.take(int.from_bytes(wire.take(5)[3:], "big"))
        at = 38 + 1 + hello[38]
        length = int.from_bytes(hello[at : at + 2], "big")
        suites, at = numbers(hello[at + 2 : at + 2 + length]), at + 2 + length
        extensions, at = {}, at + 1 + hello[at] + 2
        while at < len(hello):
            kind, length = (int.from_bytes(hello[i : i + 2], "big") for i in (at, at + 2))
            extensions[kind], at = hello[at + 4 : at + 4 + length], at + 4 + length
        assert suites
        assert {f"{suite:04x}" for suite in suites - STRONG} == set()
        # The extension supported_versions: TLS 1.2 and 1.3.
        assert numbers(extensions[43][1:]) <= {0x0303, 0x0304}
        # An alert: handshake failure.
        wire.send(b"\x15\x03\x03\x00\x02\x02\x28")

    with Script(play) as script, pytest.raises(OSError, match=r"(?i)handshake"):
        converse(script.uri.replace("ws:", "wss:"))
