// A client of npm's ws that echoes: NODE_PATH=… node client.js URL AGENT
const WebSocket = require("ws");

const [base, agent] = process.argv.slice(2);
const open = (path, take) =>
  new Promise((done) => {
    const socket = new WebSocket(base.replace(/\/$/, "") + path, { maxPayload: 64 * 2 ** 20, maxFragments: 0, maxBufferedChunks: 0 });
    socket.on("message", (data, isBinary) => take(socket, data, isBinary));
    socket.on("error", () => {});
    socket.on("close", done);
  });

(async () => {
  let count = 0;
  await open("/getCaseCount", (_, data) => (count = Number(data)));
  const echo = (socket, data, isBinary) => socket.send(data, { binary: isBinary });
  for (let number = 1; number <= count; number++) await open(`/runCase?case=${number}&agent=${encodeURIComponent(agent)}`, echo);
  await open(`/updateReports?agent=${encodeURIComponent(agent)}`, echo);
})();
