"""Plays the cases of a file (argument 2) against a server (argument 1), by autobahn 0.10.9 on CPython 2.7."""

import json
import sys

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol, connectWS
from twisted.internet import reactor

url = sys.argv[1]
with open(sys.argv[2]) as opened:
    cases = json.load(opened)


class Player(WebSocketClientProtocol):
    def onOpen(self):
        for message in self.factory.case["send"]:
            self.sendMessage(message.encode("utf-8"))
        self.check()

    def onMessage(self, payload, isBinary):
        self.factory.received.append(payload.decode("utf-8"))
        self.check()

    def check(self):
        if len(self.factory.received) == len(self.factory.case["send"]):
            if self.factory.case["close"] == "client":
                self.sendClose()
            else:
                self.sendMessage(b"close")

    def onClose(self, wasClean, code, reason):
        result = {"name": self.factory.case["name"], "received": self.factory.received, "clean": wasClean}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
        play()


def play():
    if not cases:
        reactor.callLater(0, reactor.stop)
        return
    factory = WebSocketClientFactory(url, origin="http://localhost")
    factory.protocol = Player
    factory.setProtocolOptions(version=0, allowHixie76=True)
    factory.case, factory.received = cases.pop(0), []
    connectWS(factory)


reactor.callWhenRunning(play)
reactor.run()
