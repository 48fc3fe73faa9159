"""WebSocket over the standard streams of a process: ``python examples/over_pipes.py``."""

import subprocess
import sys

import refws


def echo() -> None:
    with refws.server_handshake((sys.stdin.buffer, sys.stdout.buffer)) as ws:
        for message in ws:
            ws.send(message)


def main() -> None:
    command = [sys.executable, __file__, "server"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,  # noqa: S603 (this program)
        refws.client_handshake((process.stdout, process.stdin), "ws://localhost/") as ws,
    ):
        ws.send("hello over two pipes")
        print(ws.recv())


if __name__ == "__main__":
    echo() if sys.argv[1:] else main()
