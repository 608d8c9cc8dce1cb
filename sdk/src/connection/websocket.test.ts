import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { MAX_FRAME_BYTES } from "../protocol/limits.ts";
import { openWebSocket } from "./websocket.ts";

describe("openWebSocket", () => {
  let server: WebSocketServer;
  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
    await once(server, "listening");
  });
  afterEach(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });

  const open = () =>
    openWebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, AbortSignal.timeout(5_000));

  it.each([
    ["of the largest size arrives", MAX_FRAME_BYTES, "frame"],
    ["beyond it ends the connection unread", MAX_FRAME_BYTES + 1, "closed"],
  ])("[F2] a frame %s", async (_, bytes, expected) => {
    server.on("connection", (socket) => socket.once("message", () => socket.send("x".repeat(bytes))));
    const transport = await open();
    const came = new Promise<string>((resolve) => {
      transport.onFrame = (frame) => resolve(frame.length === bytes ? "frame" : "another frame");
      transport.onClose = () => resolve("closed");
    });
    transport.send("now");
    expect(await came).toBe(expected);
    transport.close();
  });
});
