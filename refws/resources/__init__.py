"""Resources, clients and an acceptor: an application as rooms that clients enter and leave.

    class Room(refws.Resource):
        def client_connected(self, client): self.broadcast("somebody has joined")
        def text_message_received(self, client, message): self.broadcast(message)

    room = Room()
    refws.Acceptor(8080, dispatch_table=[lambda request: room if request.path == "/room" else None]).serve_forever()

What is called, and when:

1. The functions of the dispatch table, one after the other, once for each opening handshake, until one has a resource.
   Where none has, the request gets an ordinary HTTP answer: that of the acceptor's `http`, or 404.
2. `Resource.client_connected`, once for each client that has entered `Resource.clients`, before any message of it.
3. `Resource.check_message`, before the payload of each data frame is read.
4. `text_message_received` or `binary_message_received`, once for each message: those of one client in their order, the
   next one when the last has returned.
5. `client_disconnected`, once for each `client_connected`, whatever happened in between (in `client_connected` itself,
   too), when the client has left `Resource.clients`: it does not get what is broadcast from then on.

All but `check_message` may be `def` or `async def`. On asyncio a `def` should be quick, because all clients wait for
it; of `async def`, those of different clients do not wait for each other. With ``Acceptor(threads=True)`` each client
has a thread, and all are `def`: a resource then has to protect what it shares between clients. A resource belongs to
one acceptor; on asyncio all of this, sending too, is for the thread of the event loop.

Messages of a client that does not take what it is sent are not handled until it does; `write_timeout` ends that.

A handler that raises is logged, its client is closed with 1011, and the others do not notice. A handler that raises
`Failure` closes its client with the status of that.
"""

from refws.host.connection.broadcast import BroadcastResult
from refws.resources.acceptor import Acceptor, SSLAcceptor
from refws.resources.client import Client
from refws.resources.origins import any_origin, origin_exact, origin_prefix
from refws.resources.resource import Resource

__all__ = [
    "Acceptor",
    "BroadcastResult",
    "Client",
    "Resource",
    "SSLAcceptor",
    "any_origin",
    "origin_exact",
    "origin_prefix",
]
