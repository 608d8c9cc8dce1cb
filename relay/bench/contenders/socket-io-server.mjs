import { createServer } from "node:http";
import { Server } from "socket.io";

// Answers a request with an acknowledgement. The load does not answer pings, so there are none while it lasts.
const http = createServer();
const io = new Server(http, { transports: ["websocket"], pingInterval: 3_600_000 });
let n = 0;
io.on("connection", (socket) => {
  socket.on("count", (_params, acknowledge) => {
    n += 1;
    acknowledge(n);
  });
});
http.listen(0, "127.0.0.1", () => process.stdout.write(`ready at ws://127.0.0.1:${http.address().port}/\n`));
