"""Echoes by autobahn 0.10.9, on CPython 2.7; the message "close" makes it close."""

import sys

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor


class Echo(WebSocketServerProtocol):
    def onMessage(self, payload, isBinary):
        if payload == b"close":
            self.sendClose()
        else:
            self.sendMessage(payload, isBinary)


factory = WebSocketServerFactory()
factory.protocol = Echo
factory.setProtocolOptions(allowHixie76=True)
port = str(reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port)
# Its answer names the port that it has been told.
factory.setSessionParameters(url="ws://127.0.0.1:" + port)
sys.stdout.write("port " + port + "\n")
sys.stdout.flush()
reactor.run()
