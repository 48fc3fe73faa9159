"""Echoes by tornado 3.2.2, on CPython 2.7; the message "close" makes it close."""

import sys

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler


class Echo(WebSocketHandler):
    def allow_draft76(self):
        return True

    def on_message(self, message):
        if message == "close":
            self.close()
        else:
            self.write_message(message)


sockets = bind_sockets(0, "127.0.0.1")
HTTPServer(Application([("/", Echo)])).add_sockets(sockets)
sys.stdout.write("port " + str(sockets[0].getsockname()[1]) + "\n")
sys.stdout.flush()
IOLoop.instance().start()
