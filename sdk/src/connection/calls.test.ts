import { describe, expect, it, vi } from "vitest";
import { ConnectionError, DeadlineError } from "../errors.ts";
import { WireError } from "../protocol/errors.ts";
import { Calls } from "./calls.ts";
import { makeMemoryTransports } from "./memory.ts";

const pubkey = "02".padEnd(66, "0");

function joined() {
  const [near, far] = makeMemoryTransports();
  const onNotification = vi.fn();
  const onClose = vi.fn();
  const calls = new Calls(near, { onNotification, onClose });
  const received: { id: number; method: string }[] = [];
  far.onFrame = (frame) => received.push(JSON.parse(frame) as { id: number; method: string });
  const fetchNonce = (timeoutMs = 5_000) => calls.call("fetch_nonce", { pubkey }, timeoutMs);
  return { calls, far, received, onNotification, onClose, fetchNonce };
}

describe("Calls", () => {
  it("[S4] each answer reaches the call that it belongs to, in whatever order answers come", async () => {
    const { far, received, fetchNonce } = joined();
    const calls = [fetchNonce(), fetchNonce(), fetchNonce()];
    await vi.waitUntil(() => received.length === 3);
    for (const { id } of received.toReversed()) {
      far.send(JSON.stringify({ jsonrpc: "2.0", id, result: { nonce: `nonce ${id}`, expires_at: 1 } }));
    }
    expect((await Promise.all(calls)).map(({ nonce }) => nonce)).toEqual(received.map(({ id }) => `nonce ${id}`));
  });

  it("[S4] an error arrives with code, message and data", async () => {
    const { far, received, fetchNonce } = joined();
    const call = fetchNonce();
    await vi.waitUntil(() => received.length === 1);
    const error = { code: -32007, message: "busy", data: { retry_after_ms: 5 } };
    far.send(JSON.stringify({ jsonrpc: "2.0", id: received[0]?.id, error }));
    await expect(call).rejects.toThrow(WireError);
    await expect(call).rejects.toMatchObject(error);
  });

  it("[S4] a call without an answer ends at its deadline, and an answer after it harms nobody", async () => {
    const { far, received, fetchNonce } = joined();
    await expect(fetchNonce(20)).rejects.toThrow(DeadlineError);
    far.send(JSON.stringify({ jsonrpc: "2.0", id: received[0]?.id, result: { nonce: "late" } }));
    const next = fetchNonce();
    await vi.waitUntil(() => received.length === 2);
    far.send(JSON.stringify({ jsonrpc: "2.0", id: received[1]?.id, result: { nonce: "in time" } }));
    expect(await next).toEqual({ nonce: "in time" });
  });

  it.each(["near", "far"] as const)(
    "[S4] when the %s end closes, every call that waits or comes later rejects",
    async (end) => {
      const { calls, far, fetchNonce, onClose } = joined();
      const waiting = fetchNonce();
      if (end === "near") calls.close();
      else far.close();
      await expect(waiting).rejects.toThrow(ConnectionError);
      await expect(fetchNonce()).rejects.toThrow(ConnectionError);
      expect(onClose).toHaveBeenCalledTimes(1);
    },
  );

  it("[F7] notifications are passed on; frames that make no sense change nothing", async () => {
    const { far, received, fetchNonce, onNotification } = joined();
    const call = fetchNonce();
    await vi.waitUntil(() => received.length === 1);
    for (const frame of [
      "{",
      "[]",
      "7",
      '{"jsonrpc":"2.0","id":99,"result":1}',
      '{"jsonrpc":"2.0","id":"1","result":1}',
    ]) {
      far.send(frame);
    }
    far.send('{"jsonrpc":"2.0","method":"play_event","params":{"seq":1}}');
    far.send(JSON.stringify({ jsonrpc: "2.0", id: received[0]?.id, result: { nonce: "x" } }));
    expect(await call).toEqual({ nonce: "x" });
    expect(onNotification.mock.calls).toEqual([["play_event", { seq: 1 }]]);
  });
});
