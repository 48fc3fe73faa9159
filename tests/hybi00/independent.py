"""Hixie-76 against programs that nobody here wrote, in both roles: ``python tests/hybi00/independent.py``.

They are installed into the folder that REFWS_HYBI00_CACHE names (``.work/hybi00`` otherwise). A program that cannot be
installed or started, and a case that does not end as it should, fail the run. Each peer's known deviation stands in
`PEERS` with what is seen instead, and a deviation that is gone fails the run, too.
"""

import asyncio
import contextlib
import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import refws

sys.path.insert(0, str(Path(__file__).parent / "peers"))
from install import Programs, SetUpError, install

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("REFWS_HYBI00_CACHE", HERE.parents[1] / ".work/hybi00"))
CASE_LIMIT = 60
START_LIMIT = 60


@dataclass(frozen=True)
class Case:
    """Messages that go out in one write, and are to come back; then one side closes."""

    name: str
    send: tuple[str, ...]
    close: str = "client"


CASES = (
    Case("an empty text", ("",)),
    Case("ASCII", ("".join(map(chr, range(128))),)),
    Case("UTF-8 of one to four octets", ("z\u00df\u6c34\U0001f30a\U0010ffff",)),
    Case("70 000 characters", ("0123456789" * 7000,)),
    Case("70 000 characters of four octets", ("\U0001f30a" * 70000,)),
    Case("several messages in one write", ("one", "two\u00df", "three", "four" * 300)),
    Case("nothing but a close by the client", ()),
    Case("a close by the server", ("last",), close="server"),
)


@dataclass(frozen=True)
class Peer:
    """A program: which interpreter runs which file, which side it is, and how what it gets wrong begins to look."""

    name: str
    runs: Callable[[Programs], tuple[list[str], dict[str, str]]]
    file: str
    serves: bool
    path: str = "/"
    deviations: dict[str, str] = field(default_factory=dict)


# It looks for the end of a message behind its first octet only.
NO_EMPTY_MESSAGE = {"an empty text": "ConnectionClosed: the peer closed TCP"}
NO_EMPTY_ANSWER = {"an empty text": "other messages came back: []"}
# It takes a closing frame for the end, and answers none.
NO_ANSWER_TO_A_CLOSE = {"a close by the server": "the server has seen no clean close, but 1006"}
PEERS = (
    Peer("autobahn 0.10.9, server", lambda p: p.python27, "autobahn_server.py", True, deviations=NO_EMPTY_MESSAGE),
    Peer("tornado 3.2.2, server", lambda p: p.python27, "tornado_server.py", True),
    Peer("mod_pywebsocket 0.7.9, server", lambda p: p.python27, "pywebsocket_server.py", True, "/echo"),
    Peer("websocket-driver 0.8.0, server", lambda p: p.node, "websocket_driver_server.js", True),
    Peer("autobahn 0.10.9, client", lambda p: p.python27, "autobahn_client.py", False, deviations=NO_EMPTY_ANSWER),
    Peer(
        "websocket-client 0.4.1, client",
        lambda p: p.python27,
        "websocket_client.py",
        False,
        deviations=NO_ANSWER_TO_A_CLOSE,
    ),
    Peer("Protocol::WebSocket 0.26, client", lambda p: p.perl, "perl_client.pl", False),
)


@dataclass
class Result:
    """What one case came to: an empty text where all was as it should be."""

    peer: Peer
    case: Case
    wrong: str

    @property
    def is_expected(self) -> bool:
        known = self.peer.deviations.get(self.case.name)
        return not self.wrong if known is None else self.wrong.startswith(known)


@contextlib.asynccontextmanager
async def running(peer: Peer, programs: Programs, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program, which is gone afterwards."""
    command, environment = peer.runs(programs)
    process = await asyncio.create_subprocess_exec(
        *command,
        str(HERE / "peers" / peer.file),
        *arguments,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def against_server(peer: Peer, programs: Programs) -> list[Result]:
    """Our client against their server."""
    async with running(peer, programs) as process:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_LIMIT):
                line = (await process.stdout.readline()).split()
        except TimeoutError:
            line = []
        if len(line) != 2 or line[0] != b"port":
            raise SetUpError(f"{peer.name} does not start")
        uri = f"ws://127.0.0.1:{int(line[1])}{peer.path}"
        return [Result(peer, case, await to_server(uri, case)) for case in CASES]


async def to_server(uri: str, case: Case) -> str:
    """Play a case as a client; returns what went wrong."""
    received: list[str | bytes] = []
    try:
        async with asyncio.timeout(CASE_LIMIT), refws.connect(uri, hybi00=True, close_timeout=2) as ws:
            for message in case.send:
                ws.endpoint.send_a_websocket_message(message)
            ws.flush()
            for _ in case.send:
                received.append(await ws.recv())
            if case.close == "client":
                await ws.close()
            else:
                await ws.send("close")
                await ws.wait_closed()
            closing = ws.endpoint.closing
    except (TimeoutError, OSError, refws.Failure, refws.ConnectionClosed) as error:
        return f"{type(error).__name__}: {error}"[:100]
    return judge(case, received, closing.cleanly, closing.code)


def judge(case: Case, received: object, clean: object, code: int) -> str:
    if received != list(case.send):
        return f"other messages came back: {received!r}"[:100]
    if not clean or code != 1005:
        return f"not closed cleanly: {code}"
    return ""


async def against_client(peer: Peer, programs: Programs) -> list[Result]:
    """Their client against our server, on a port where RFC 6455 is spoken, too."""
    ends: list[refws.WebSocket] = []

    async def echo(ws: refws.WebSocket) -> None:
        ends.append(ws)
        async for message in ws:
            if message == "close":
                return
            await ws.send(message)

    results = []
    async with refws.serve(echo, allow_hybi00=True, close_timeout=2) as server:
        for case in CASES:
            ends.clear()
            said = await by_client(peer, programs, server.uri + peer.path, case)
            wrong = said.get("wrong") or judge(case, said.get("received"), said.get("clean"), 1005)
            if not wrong:
                await ends[0].wait_closed()
                closing = ends[0].endpoint.closing
                wrong = "" if closing.cleanly else f"the server has seen no clean close, but {closing.code}"
            results.append(Result(peer, case, wrong))
    return results


async def by_client(peer: Peer, programs: Programs, uri: str, case: Case) -> dict[str, object]:
    """Have a client play a case; returns what it says of it."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as cases:
        json.dump([dataclasses.asdict(case)], cases)
        cases.flush()
        async with running(peer, programs, uri, cases.name) as process:
            assert process.stdout is not None
            try:
                async with asyncio.timeout(CASE_LIMIT):
                    line = await process.stdout.readline()
                    await process.wait()
            except TimeoutError:
                return {"wrong": "the client does not come to an end"}
    return json.loads(line) if line.strip() else {"wrong": "the client has ended without a word"}


async def main() -> int:
    """Run everything; 0 where all is as it should be."""
    try:
        programs = install(CACHE, lambda line: print(line, flush=True))
        results = [
            result
            for peer in PEERS
            for result in await (against_server if peer.serves else against_client)(peer, programs)
        ]
    except SetUpError as error:
        print(f"hybi00: {error}", file=sys.stderr)
        return 2
    for result in results:
        verdict = "ok" if not result.wrong else "deviates" if result.is_expected else "FAILED"
        print(f"{verdict:8}  {result.peer.name:32}  {result.case.name:34}  {result.wrong}".rstrip())
    unexpected = sum(not result.is_expected for result in results)
    deviations = sum(bool(result.wrong) for result in results) - unexpected
    print(f"{len(results)} cases with {len(PEERS)} peers: {unexpected} not as expected, {deviations} known deviations")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
