// Echoes by npm's websocket-driver 0.8.0 with allowDrafts; the message "close" makes it close.
"use strict";

const net = require("net");
const websocket = require("websocket-driver");

const server = net.createServer((socket) => {
  const driver = websocket.server({ allowDrafts: true });
  driver.on("connect", () => driver.start());
  driver.messages.on("data", (message) => (message === "close" ? driver.close() : driver.text(message)));
  driver.on("close", () => socket.end());
  socket.on("error", () => socket.destroy());
  socket.pipe(driver.io).pipe(socket);
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
