"""Measurements 1 and 2: receiving and sending without a socket."""

from collections.abc import Sequence
from contextlib import ExitStack

from contestants import Worker
from plan import Plan
from results import Result
from wire import RECEIVE_CASES

__all__ = ["receive", "send"]

Command = tuple[str, dict[str, object]]
"""A case, and what a worker is asked for it."""

SECONDS = 0.02
"""CPU time of one sample."""

SEND_CASES = tuple(
    (f"{size_name}, {role}", size, role == "client")
    for role in ("server", "client")
    for size_name, size in (("125 B", 125), ("4 KiB", 4096))
)


def receive(plan: Plan) -> Sequence[Result]:
    """Nanoseconds per frame that a server receives."""
    note = (
        "A server's side, masked frames, one per read; packed: reads of 64 KiB; fragments: of a message of 1 MiB. "
        "Texts come out as str, fragments joined. CPU time, no socket, no asyncio. picows copies into its own buffer."
    )
    result = Result("Receive, sans-I/O", "ns per frame", note)
    commands: list[Command] = [(case.name, {"do": "receive", "case": case.name}) for case in RECEIVE_CASES]
    _measure(plan, result, commands)
    return [result]


def send(plan: Plan) -> Sequence[Result]:
    """Nanoseconds per text message that is sent."""
    result = Result("Send, sans-I/O", "ns per message", "From a str to octets for the socket; a client masks.")
    _measure(
        plan,
        result,
        [(name, {"do": "send", "size": size, "client": client}) for name, size, client in SEND_CASES],
    )
    return [result]


def _measure(plan: Plan, result: Result, commands: Sequence[Command]) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(name, "sansio")) for name in plan.contestants]
        for number in range(plan.rounds):
            for name, command in commands:
                for worker in plan.in_turn(workers, number):
                    plan.tell(f"{result.title}, {name}", number)
                    result.add(name, worker.name, worker.ask(**command, seconds=SECONDS))
