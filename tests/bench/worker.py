"""One contestant in a process of its own: reads commands, one JSON object per line, and answers each with another.

python worker.py "refws pure" sansio
python worker.py websockets server
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from wire import RECEIVE_CASES, TEXT, letters, read_frame


def choose_mask(name: str) -> None:
    """Take the C mask from who is to be pure; see to it that refws has it otherwise. Raises RuntimeError."""
    if name.endswith(" pure"):
        # This is what makes an import of it raise ImportError.
        sys.modules["websockets.speedups"] = None  # type: ignore[assignment]
    elif name == "refws +C":
        import refws  # noqa: F401

        if "websockets.speedups" not in sys.modules:
            raise RuntimeError("refws has not picked up the C mask; is websockets installed with its C part?")


class SansIO:
    """Samples of receiving and sending without a socket; each is at least `seconds` of CPU time."""

    def __init__(self, name: str) -> None:
        from libraries import LIBRARIES

        self._library = LIBRARIES[name.split(maxsplit=1)[0]]()
        self._receive: dict[str, tuple[Any, int]] = {}
        self._times: dict[tuple[int, bool], int] = {}

    def answer(self, command: dict[str, Any]) -> float:
        """Nanoseconds per frame, or per message sent."""
        if command["do"] == "receive":
            return self._sample_receive(command["case"], command["seconds"])
        return self._sample_send(command["size"], command["client"], command["seconds"])

    def _sample_receive(self, case_name: str, seconds: float) -> float:
        case = next(case for case in RECEIVE_CASES if case.name == case_name)
        if case_name not in self._receive:
            reads, expected = case.batch()
            receive = self._library.receiver()
            if [message for read in reads for message in receive(read)] != expected:
                raise RuntimeError(f"{case_name}: the messages are not those that were sent")
            self._receive[case_name] = (
                (reads, len(expected)),
                _calibrate(lambda times: self._receive_batches(reads, times), seconds),
            )
        (reads, messages), times = self._receive[case_name]
        spent, received = self._receive_batches(reads, times)
        if received != messages * times:
            raise RuntimeError(f"{case_name}: {received} messages instead of {messages * times}")
        return spent / (case.count * times)

    def _receive_batches(self, reads: Sequence[bytes], times: int) -> tuple[int, int]:
        receive = self._library.receiver()
        received = 0
        begin = time.process_time_ns()
        for _ in range(times):
            for read in reads:
                received += len(receive(read))
        return time.process_time_ns() - begin, received

    def _sample_send(self, size: int, client: bool, seconds: float) -> float:
        sink: deque[bytes] = deque(maxlen=4)
        send = self._library.sender(sink.append, client=client)
        text = letters(size).decode()

        def batch(times: int) -> tuple[int, int]:
            begin = time.process_time_ns()
            send(text, times)
            return time.process_time_ns() - begin, times

        if (size, client) not in self._times:
            sink.clear()
            send(text, 1)
            if read_frame(b"".join(sink)) != (TEXT, text.encode()):
                raise RuntimeError(f"send {size}: the frame is not what was to be sent")
            self._times[size, client] = _calibrate(batch, seconds)
        spent, times = batch(self._times[size, client])
        return spent / times


def _calibrate(batch: Callable[[int], tuple[int, int]], seconds: float) -> int:
    """How often to repeat a batch so that it takes about `seconds`; warms it up on the way."""
    times = 1
    while (spent := batch(times)[0]) < seconds * 2.5e8:
        times *= 2
    return max(1, round(times * seconds * 1e9 / spent))


def reply(answer: object) -> None:
    """Answer a command."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main(name: str, what: str) -> None:
    """Answer until there are no more commands."""
    choose_mask(name)
    if what == "server":
        from servers import serve

        asyncio.run(serve(name, reply))
        return
    contestant = SansIO(name)
    reply("ready")
    for line in sys.stdin:
        reply(contestant.answer(json.loads(line)))


if __name__ == "__main__":
    main(*sys.argv[1:])
