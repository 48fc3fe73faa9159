"""Hixie-76 by hand, sharing no code with `refws.hybi00`."""

import hashlib

VECTORS = [
    ("4 @1  46546xW%0l 1 5", "12998 5 Y3 1  .P00", b"^n:ds[4U", b"8jKS'y:G*Co,Wxa-"),
    (
        "18x 6]8vM;54 *(5:  {   U1]8  z [  8",
        "1_ tx7X d  <  nw  334J702) 7]o}` 0",
        b"Tm[K T2u",
        b"fQJ,fN/4F4!~K~MH",
    ),
    (
        "P388 O503D&ul7 {K%gX( %7  15",
        "1 N ?|k UT0or 3o  4 I97N 5-S3O 31",
        bytes.fromhex("4730222D5A3F4758"),
        b"0st3Rl&q-2ZU^weu",
    ),
    (
        "30  ;- 5=5 u 4 1  7336",
        ":2 8 G(  07A 93Ql 3 *20 Ox0G'w",
        bytes.fromhex("5d9fb0670fe4fa75"),
        bytes.fromhex("b6bc2a9ea00c1cb90faddc97906017a8"),
    ),
    ("3e6b263  4 17 80", "17  9 G`ZD9   2 2b 7X 3 /r90", b"WjN}|M(6", b"n`9eBk9z$R8pOtVb"),
]
KEY_1, KEY_2, KEY_3, ANSWER = VECTORS[0]

FIELDS = {
    "Host": "example.com",
    "Connection": "Upgrade",
    "Upgrade": "WebSocket",
    "Origin": "http://example.com",
    "Sec-WebSocket-Key1": KEY_1,
    "Sec-WebSocket-Key2": KEY_2,
}


def request(*more, target="/demo", key_3=KEY_3, line=None, **changed):
    """A client's handshake; a field that is None is left out, underscores stand for hyphens."""
    fields = {**FIELDS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [line or f"GET {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([*lines, *more, "", ""]).encode() + key_3


def answer_to(octets):
    """The sixteen octets for the request that these octets are."""
    head, _, key_3 = octets.partition(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    challenge = b""
    for name in (b"Sec-WebSocket-Key1", b"Sec-WebSocket-Key2"):
        digits = bytes(c for c in fields[name] if c in b"0123456789")
        number, rest = divmod(int(digits), fields[name].count(b" "))
        assert rest == 0
        challenge += number.to_bytes(4, "big")
    assert len(key_3) == 8
    return hashlib.md5(challenge + key_3).digest()


def response(octets, *more, **changed):
    """A server's handshake for the request that these octets are."""
    head = octets.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    asked = dict(line.split(": ", 1) for line in head[1:])
    fields = {
        "Upgrade": "WebSocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Origin": asked["Origin"],
        "Sec-WebSocket-Location": f"ws://{asked['Host']}{head[0].split()[1]}",
        "Sec-WebSocket-Protocol": asked.get("Sec-WebSocket-Protocol"),
    }
    fields |= {name.replace("_", "-"): value for name, value in changed.items()}
    lines = ["HTTP/1.1 101 WebSocket Protocol Handshake"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([*lines, *more, "", ""]).encode() + answer_to(octets)
