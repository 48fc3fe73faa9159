// An echo server of npm's ws: NODE_PATH=… node server.js
const { WebSocketServer } = require("ws");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, maxPayload: 64 * 2 ** 20, perMessageDeflate: true, maxFragments: 0, maxBufferedChunks: 0 });
server.on("listening", () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
