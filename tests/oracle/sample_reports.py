"""Reports for tests of what is made of them, put together by hand; and servers to be judged, in threads."""

import contextlib
from copy import deepcopy
from dataclasses import replace

from refws.host.threads.server import serve_sync
from refws.oracle.case import CLIENT, SERVER, Case
from refws.oracle.expect import goes_on, refuses
from refws.oracle.play import CaseResult
from refws.oracle.report import Report, Testee, not_run
from refws.oracle.verdict import Finding, Obligation, Role, Verdict
from refws.oracle.wire.frame import ping, text

HOSTILE = "</script><b>&\"'\x1b[31m\x00\u202e]]>"
PING = Case("5.5.2/a-ping", "a Ping", ("rfc6455:5.5.2-p3-s1",), (ping(b"x"),), goes_on(pongs=(b"x",)), alias="2.2")
LONG = Case("5.5/long-ping", "a Ping of 126", ("rfc6455:5.5-p3-s1/1",), (ping(bytes(126)),), refuses(), alias="2.5")
TEXT = Case("5.2/text", "a text", ("rfc6455:5.2-p13-s1",), (text("a"),), goes_on("a"), alias="1.1.1")
CODES = Case("7.1.7/code", "a code", ("rfc6455:7.1.7-p2-s1",), (), refuses(), roles=SERVER, alias="7.9.1")
FRAGMENTS = Case("5.4/two", "two fragments", ("rfc6455:5.4-p9-s1",), (), goes_on("a"), alias="7.13.1")
ONLY_CLIENT = Case("4.1/accept", "a wrong accept", ("rfc6455:4.1-p29-s1",), (), refuses(), roles=CLIENT, bare=True)
DEFLATE = Case("7692:7.2.2/x", "a block", ("rfc7692:7.2.2-p3-s1",), (), goes_on("a"), alias="12.1.1")
CASES = (PING, LONG, TEXT, CODES, FRAGMENTS, ONLY_CLIENT, DEFLATE)

WIRE = [
    {"kind": "head", "from": "client", "at": 0.0, "offset": 0, "text": "GET / HTTP/1.1\nHost: a"},
    {"kind": "head", "from": "server", "at": 0.001, "offset": 0, "text": "HTTP/1.1 101 Switching Protocols\nA: b"},
    *(
        {"kind": "frame", "from": role, "at": at, "offset": 99, "opcode": opcode, "fin": True, "rsv": 0}
        | {"masked": role == "client", "length_form": 7, **rest}
        for role, at, opcode, rest in (
            ("client", 0.002, 9, {"length": 1, "text": "x"}),
            ("server", 0.003, 10, {"length": 1, "hex": "ff", "more": 3}),
            ("client", 0.004, 8, {"length": 2, "code": 1000}),
            ("server", 0.005, 8, {"length": 5, "code": 1001, "text": "bye"}),
        )
    ),
    {"kind": "end", "from": "server", "at": 0.006, "end": "FIN"},
]


def finding(verdict, case, why="it is wrong", offset=99):
    return Finding(verdict, case.clauses[0], Obligation.RECEIVER, why, offset)


def result(case, verdict=Verdict.PASS, closing=Verdict.PASS, why="it is wrong", role=Role.SERVER):
    findings = () if verdict is Verdict.PASS else (finding(verdict, case, why),)
    return CaseResult(case, role, verdict, closing, findings, "what was seen", seconds=0.25, exchange=deepcopy(WIRE))


def sample(**changes):
    """A report with every verdict, of a server whose words are to be taken with care."""
    results = [
        result(PING),
        result(LONG, Verdict.NON_STRICT),
        result(TEXT, Verdict.FAIL, why=f"a fault{HOSTILE}"),
        result(CODES, Verdict.INCONCLUSIVE),
        result(FRAGMENTS, Verdict.HARNESS_ERROR),
        result(DEFLATE, Verdict.UNIMPLEMENTED, closing=None),
        not_run(replace(PING, id="5.5.2/other", alias="2.3"), Role.SERVER, "it is gone"),
    ]
    testee = Testee(Role.SERVER, "ws://127.0.0.1:9001", f"Testee {HOSTILE}")
    report = Report(testee, results, round_trip=0.0012, patience=0.5, seconds=1.5, started="2030-01-02T03:04:05+00:00")
    for name, value in changes.items():
        setattr(report, name, value)
    return report


def of(*results, **changes):
    """A report with these results."""
    return sample(results=list(results), **changes)


def echo(ws):
    for message in ws:
        ws.send(message)


def wrong_at_125(ws):
    """Echoes, but for messages of 125 characters."""
    for message in ws:
        ws.send("x" if len(message) == 125 else message)


@contextlib.contextmanager
def running(application=echo):
    """A server in a thread; its address."""
    with serve_sync(application, "127.0.0.1", 0) as server:
        yield server.uri
