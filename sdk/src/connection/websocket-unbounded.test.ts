import { expect, it, vi } from "vitest";
import { MAX_FRAME_BYTES } from "../protocol/limits.ts";
import { openWebSocket } from "./websocket.ts";

/** A browser's: it takes frames of any size. */
const { sockets, UnboundedSocket } = vi.hoisted(() => {
  const sockets: InstanceType<typeof UnboundedSocket>[] = [];
  class UnboundedSocket {
    readonly OPEN = 1;
    readyState = 1;
    onopen = () => {};
    onmessage: (message: { data: unknown }) => void = () => {};
    onclose: (close: { reason: string }) => void = () => {};
    constructor() {
      sockets.push(this);
      queueMicrotask(() => this.onopen());
    }
    send() {}
    close() {
      this.onclose({ reason: "" });
    }
  }
  return { sockets, UnboundedSocket };
});
vi.mock("isomorphic-ws", () => ({ default: UnboundedSocket }));

it.each([
  ["of the largest size arrives", MAX_FRAME_BYTES, ["frame"]],
  ["beyond it ends the connection unread, in browsers too", MAX_FRAME_BYTES + 1, ["closed"]],
])("[F2] a frame %s", async (_, characters, expected) => {
  const transport = await openWebSocket("ws://relay.example/", AbortSignal.timeout(5_000));
  const came: string[] = [];
  transport.onFrame = () => came.push("frame");
  transport.onClose = () => came.push("closed");
  sockets.at(-1)?.onmessage({ data: "x".repeat(characters) });
  expect(came).toEqual(expected);
});
