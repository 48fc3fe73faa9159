"""Plays the cases of a file (argument 2) against a server (argument 1), by websocket-client 0.4.1 on CPython 2.7."""

import json
import sys

import websocket

# What it says of every octet, once a root logger is asked.
websocket.enableTrace(False)
with open(sys.argv[2]) as opened:
    cases = json.load(opened)
for case in cases:
    connection = websocket.create_connection(sys.argv[1])
    for message in case["send"]:
        connection.send(message)
    received = [connection.recv().decode("utf-8") for _ in case["send"]]
    if case["close"] == "client":
        connection.io_sock.send("\xff\x00")
    else:
        connection.send("close")
    # None is its word for a closing frame.
    clean = connection.recv() is None
    sys.stdout.write(json.dumps({"name": case["name"], "received": received, "clean": clean}) + "\n")
    sys.stdout.flush()
