import { fileURLToPath } from "node:url";
import { askThrough, type Channel, openChannel } from "../channel.ts";
import { startServer } from "../server-process.ts";
import type { Contender } from "./contender.ts";
import { everyChannel, PARAMS } from "./requests.ts";

// Its frames begin with the types of two protocols (Engine.IO 4, Socket.IO 5) and then the number to acknowledge.
const CONNECT = "40";
const COUNT = `421${JSON.stringify(["count", PARAMS])}`;

/** A plain RPC without a sandbox, spoken by our own load, so that its client library's time is not in the way. */
export async function startSocketIo(): Promise<Contender> {
  const server = await startServer([fileURLToPath(new URL("socket-io-server.mjs", import.meta.url))]);
  const channel = await openChannel(`${server.url}/socket.io/?EIO=4&transport=websocket`);
  await connect(channel);
  return {
    name: "socket.io",
    durability: "keeps nothing",
    pids: [server.pid],
    cases: [
      {
        id: "socket.io/one/count",
        what: "acknowledgement",
        prepare: () => askThrough([channel], everyChannel(1, COUNT)),
      },
    ],
    stop: () => server.stop(),
  };
}

async function connect(channel: Channel): Promise<void> {
  channel.socket.send(CONNECT);
  await new Promise<void>((resolve) => {
    channel.onAnswer = (frame) => {
      if (frame.startsWith(CONNECT)) resolve();
    };
  });
}
