"""Measurements 3 to 5: what a server on asyncio costs."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from contestants import BenchFailure, Worker
from cpus import on_one_cpu, on_the_other_cpus
from load import Echo, connections
from plan import Plan
from results import Result
from wire import BINARY, TEXT, KiB, MiB, letters

__all__ = ["echo", "handshake", "memory"]

DEPTH = 64
"""Messages that a pipelining client sends at once on one connection."""

IDLE, WARM = 500, 20
"""Connections whose memory is measured, and that are there before."""

# Name, message, connections, messages at once on each, how often.
ECHO_CASES = (
    ("ping-pong 32 B", Echo(TEXT, letters(32)), 1, 1, 2000),
    ("ping-pong 1 KiB", Echo(TEXT, letters(KiB)), 1, 1, 2000),
    ("ping-pong 64 KiB", Echo(BINARY, letters(64 * KiB)), 1, 1, 400),
    ("pipelined 32 B", Echo(TEXT, letters(32), DEPTH), 10, DEPTH, 10),
)
CONNECTIONS = max(count for _, _, count, _, _ in ECHO_CASES)
LARGE = Echo(BINARY, letters(MiB))


@contextmanager
def _blamed(worker: Worker) -> Iterator[None]:
    """A failure of a connection becomes one of its server."""
    try:
        yield
    except (OSError, BenchFailure) as failure:
        # Of a process that has ended this tells more.
        worker.ask(do="cpu")
        raise BenchFailure(f"{worker.name}: {failure}") from failure


@contextmanager
def _servers(plan: Plan) -> Iterator[Sequence[Worker]]:
    """All servers at once, each in its process; who is not being measured is at rest.

    A process that has never freed a large block maps and unmaps the 256 KiB that asyncio offers every read (glibc):
    10 µs. One that has run for a while has freed one, so each begins with a message of 1 MiB.
    """
    with on_one_cpu(), ExitStack() as stack:
        workers = [stack.enter_context(Worker(name, "server")) for name in plan.contestants]
        for worker in workers:
            with _blamed(worker), connections(_port(worker), 1) as opened:
                LARGE.run(opened, 2)
                LARGE.check()
        yield workers


def _port(worker: Worker) -> int:
    return int(worker.greeting)


def _cpu(worker: Worker) -> float:
    return float(worker.ask(do="cpu"))


def _cpu_at_rest(worker: Worker) -> float:
    """The CPU time of a server, in seconds, once it has done what there was to do."""
    before, now = -1.0, _cpu(worker)
    while now - before > 0.0005:
        before, now = now, _cpu(worker)
    return now


def echo(plan: Plan) -> Sequence[Result]:
    """CPU time of a server per message that it echoes."""
    note = (
        "CPU time of the server's process with its system calls; client and server on one CPU. Pipelined: "
        f"{CONNECTIONS} connections, {DEPTH} messages at once on each. Texts; 64 KiB is binary. picows and wsproto "
        "answer in a callback, all others in `async for`."
    )
    result = Result("Echo on asyncio", "server CPU µs per message", note)
    with _servers(plan) as workers, ExitStack() as stack:
        opened = {worker.name: stack.enter_context(connections(_port(worker), CONNECTIONS)) for worker in workers}
        # The round before the first only warms up.
        for number in range(-1, plan.rounds):
            for name, load, count, depth, often in ECHO_CASES:
                times = max(1, often // (10 if number < 0 else 4 if plan.quick else 1))
                for worker in plan.in_turn(workers, number):
                    plan.tell(f"{result.title}, {name}", number)
                    before = _cpu_at_rest(worker)
                    with _blamed(worker):
                        load.run(opened[worker.name][:count], times)
                        spent = _cpu(worker) - before
                        load.check()
                    if number >= 0:
                        result.add(name, worker.name, spent / (times * count * depth) * 1e6)
    return [result]


def memory(plan: Plan) -> Sequence[Result]:
    """Memory of a server per connection that has echoed one message and is idle."""
    note = f"Growth of the resident set by {IDLE} connections beyond the first {WARM}, after one echo on each."
    result = Result("Memory of an idle connection", "KiB of the server", note)
    # It hardly varies, and what a process has had once it keeps: few samples, and a new process for each.
    for number in range(min(plan.rounds, 1 if plan.quick else 3)):
        for name in plan.in_turn(plan.contestants, number):
            plan.tell(result.title, number)
            with Worker(name, "server") as worker, _blamed(worker):
                grown = _growth(worker)
            if grown is None:
                result.note = "Not measured: this system has no /proc/self/statm."
                return [result]
            result.add(f"{IDLE} connections", name, grown / IDLE / KiB)
    return [result]


def _growth(worker: Worker) -> float | None:
    load = Echo(TEXT, letters(32))
    with connections(_port(worker), WARM) as warm:
        load.run(warm, 1)
        before = worker.ask(do="memory")
        if before is None:
            return None
        with connections(_port(worker), IDLE) as opened:
            load.run(opened, 1)
            return float(worker.ask(do="memory") - before)


def handshake(plan: Plan) -> Sequence[Result]:
    """CPU time of a server per opening handshake, and how many it does in a second."""
    count = 50 if plan.quick else 200
    cpu = Result("Opening handshake", "server CPU µs", "From accepting TCP to the running handler.")
    rate_note = "50 in flight; the client on another CPU, if there is one."
    rate = Result("Opening handshakes", "per second", rate_note, more_is_better=True)
    case = f"{count} connections"
    with _servers(plan) as workers:
        for number in range(-1, plan.rounds):
            for worker in plan.in_turn(workers, number):
                plan.tell(cpu.title, number)
                with _blamed(worker):
                    spent, seconds = _handshakes(worker, count)
                if number >= 0:
                    cpu.add(case, worker.name, spent / count * 1e6)
                    rate.add(case, worker.name, count / seconds)
    return [cpu, rate]


def _handshakes(worker: Worker, count: int) -> tuple[float, float]:
    """Seconds of CPU for so many beside the client, and seconds for so many away from it."""
    before = _cpu_at_rest(worker)
    with connections(_port(worker), count):
        spent = _cpu(worker) - before
    _cpu_at_rest(worker)
    with on_the_other_cpus():
        begin = time.perf_counter()
        with connections(_port(worker), count):
            seconds = time.perf_counter() - begin
    return spent, seconds
