// An echo by the npm package ws, in both roles. In: one line of JSON for each client that is to connect,
// {"uri": …, "options": …}. Out: one line with the port of the server, whose options come as the query of the URI.
const http = require("http");
const readline = require("readline");
const { WebSocket, WebSocketServer } = require("ws");

function echo(socket) {
  socket.on("error", () => socket.terminate());
  socket.on("message", (data, isBinary) => {
    const half = data.length >> 1;
    if (!isBinary || half === 0) return socket.send(data, { binary: isBinary });
    socket.send(data.subarray(0, half), { binary: true, fin: false });
    socket.send(data.subarray(half), { binary: true, fin: true });
  });
}

const server = http.createServer();
server.on("upgrade", (request, socket, head) => {
  const perMessageDeflate = JSON.parse(decodeURIComponent(request.url.split("?")[1]));
  const wss = new WebSocketServer({ noServer: true, perMessageDeflate });
  wss.handleUpgrade(request, socket, head, echo);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { uri, options } = JSON.parse(line);
  echo(new WebSocket(uri, { perMessageDeflate: options }));
});
lines.on("close", () => process.exit(0));
