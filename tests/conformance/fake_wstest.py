"""A stand-in for wstest that behaves, and misbehaves, as the agent's name says."""

import json
import signal
import socketserver
import sys
from pathlib import Path

VERSION = "25.10.1"


def report(agent, cases):
    reports = Path("reports")
    index = {}
    for case in cases[: -1 if agent == "forgetful" else None]:
        entry = {"behavior": "OK", "behaviorClose": "OK", "remoteCloseCode": 1000, "duration": 7}
        name = f"{agent}_case_{case.replace('.', '_')}.json"
        index[case] = {**entry, "reportfile": name}
        if agent == "contradicting":
            entry["behavior"] = "FAILED"
        (reports / name).write_text(json.dumps({**entry, "id": case}))
    (reports / "index.json").write_text("{" if agent == "garbled" else json.dumps({agent: index}))


def say_started(agent, cases):
    for case in cases:
        print(f"Running test case ID {case} for agent {agent} from peer tcp4:127.0.0.1:1", flush=True)


def fuzzingclient(spec):
    agent = spec["servers"][0]["agent"]
    say_started(agent, spec["cases"])
    if agent == "hanging":
        signal.pause()
    if agent == "crashing":
        sys.exit("crashed")
    report(agent, spec["cases"])


def fuzzingserver(spec):
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            head = self.rfile.readline().decode()
            if "/updateReports?agent=" not in head:
                return
            while self.rfile.readline().strip():
                pass
            agent = head.split("agent=")[1].split()[0]
            report(agent, spec["cases"])
            self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            self.wfile.write(b"\x88\x00")

    port = int(spec["url"].rsplit(":", 1)[1])
    with socketserver.TCPServer(("127.0.0.1", port), Handler) as server:
        print(f"Ok, will run {len(spec['cases'])} test cases for any clients connecting", flush=True)
        say_started("client", spec["cases"])
        server.serve_forever()


def main():
    if sys.argv[1] == "--autobahnversion":
        print(f"Autobahn 0.10.9\nAutobahnTestSuite {VERSION}")
        return
    spec = json.loads(Path("spec.json").read_text())
    {"fuzzingclient": fuzzingclient, "fuzzingserver": fuzzingserver}[sys.argv[2]](spec)


if __name__ == "__main__":
    main()
