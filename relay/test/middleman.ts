import { once } from "node:events";
import type { AddressInfo } from "node:net";
import WebSocket, { WebSocketServer } from "ws";

/** A relay of its own name that passes every frame on to another, so that who logs in here would be logged in there. */
export async function startMiddleman(relayUrl: string): Promise<{ url: string; close: () => Promise<void> }> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (caller, { url = "/" }) => {
    const relay = new WebSocket(relayUrl + url);
    const dialled = once(relay, "open");
    caller.on("message", (data: Buffer) => void dialled.then(() => relay.send(data.toString("utf8"))));
    relay.on("message", (data: Buffer) => caller.send(data.toString("utf8")));
    relay.on("close", () => caller.close());
    caller.on("close", () => relay.close());
  });
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const caller of server.clients) caller.terminate();
      server.close();
      await once(server, "close");
    },
  };
}
