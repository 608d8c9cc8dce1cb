import { WebSocketServer } from "ws";

// The ceiling: the same WebSocket library, answering with what came. Prints its URL when it listens.
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false }, () => {
  process.stdout.write(`ready at ws://127.0.0.1:${server.address().port}/\n`);
});
server.on("connection", (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })));
