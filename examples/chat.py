"""A chat with two rooms: ``python examples/chat.py [PORT]``, then ``refws connect ws://127.0.0.1:PORT/lobby?name=Ada``."""

import sys
from urllib.parse import parse_qs

import refws


class User(refws.Client):
    @property
    def name(self):
        return parse_qs(self.request.target.partition("?")[2]).get("name", ["somebody"])[0]


class ChatRoom(refws.Resource):
    client_class = User

    def client_connected(self, user):
        self.broadcast(f"{user.name} has joined")

    def client_disconnected(self, user):
        self.broadcast(f"{user.name} has left")

    def text_message_received(self, user, message):
        self.broadcast(f"{user.name}: {message}")


rooms = {"/lobby": ChatRoom(), "/library": ChatRoom()}
acceptor = refws.Acceptor(int([*sys.argv, 8080][1]), dispatch_table=[lambda request: rooms.get(request.path)])
acceptor.serve_forever(lambda uri: print(f"listening on {uri}", flush=True))
