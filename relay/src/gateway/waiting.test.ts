import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { Wire } from "../../test/wire.ts";
import type { Broker, FollowOptions, Notice } from "../broker/broker.ts";
import { chooseVerifier } from "../signatures/verifier.ts";
import type { Outcome, Task } from "../task.ts";
import { Addresses } from "./addresses.ts";
import { Gateway } from "./gateway.ts";

const task_id = "0123456789abcdef";
const completed: Outcome = { status: "completed", output: "1", format: "json", log: { seq: 1, hash: "00".repeat(32) } };

/** A broker whose tasks all wait for the owner until the test lets them end. */
function waitingBroker() {
  const tasks: Task[] = [];
  const listeners: { circle: string; onNotice: (notice: Notice) => void; signal: AbortSignal }[] = [];
  let end: (outcome: Outcome) => void = () => {};
  const outcome = new Promise<Outcome>((resolve) => {
    end = resolve;
  });
  const follow = ({ onEvent }: FollowOptions) => {
    const expires_at = Math.floor(Date.now() / 1_000) + 3_600;
    onEvent?.({ seq: 1, kind: "waiting", data: { capability: "write:a", expires_at } });
    return outcome;
  };
  const broker: Partial<Broker> = {
    submit(task, options) {
      tasks.push(task);
      return follow(options);
    },
    follow: (_, options) => follow(options),
    async cancel() {
      end({ status: "cancelled", failure: { code: -32006, message: "cancelled" } });
    },
    listen(circle, onNotice, signal) {
      listeners.push({ circle, onNotice, signal });
    },
  };
  const listening = () => listeners.filter(({ signal }) => !signal.aborted);
  const notify = (topic: string, data: unknown) => {
    for (const { onNotice } of listening()) onNotice({ topic, data });
  };
  return { broker: broker as Broker, tasks, listening, notify, end };
}

describe("a gateway whose plays wait for the owner", () => {
  let server: Server;
  let gateway: Gateway;
  let url: string;
  let parts: ReturnType<typeof waitingBroker>;
  const wires: Wire[] = [];

  beforeEach(async () => {
    parts = waitingBroker();
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { broker } = parts;
    const log = pino({ level: "silent" });
    gateway = new Gateway({ broker, verifier: await chooseVerifier(), log, addresses: new Addresses({ port }) });
    server.on("upgrade", gateway.upgrade);
    url = `ws://127.0.0.1:${port}/${alice.publicKey}`;
  });
  afterEach(async () => {
    for (const wire of wires.splice(0)) wire.close();
    await gateway.close({ withinMs: 0 });
    await new Promise((resolve) => server.close(resolve));
  });

  const session = async (peer = alice) => {
    const wire = await Wire.dial(url);
    wires.push(wire);
    await wire.login(peer);
    return wire;
  };
  const send = (wire: Wire, id: number, method: string, params: object) =>
    wire.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));

  it("[GW13] passes the lane of an owner on, and nobody else's", async () => {
    const [wire, bobs] = [await session(), await session(bob)];
    parts.end(completed);
    await wire.call("play", { script: "1", lane: "control" });
    await wire.call("play", { script: "1" });
    await bobs.call("play", { script: "1", lane: "control" });
    expect(parts.tasks.map(({ lane }) => lane)).toEqual(["control", undefined, undefined]);
    expect(await wire.call("play", { script: "1", lane: "fast" })).toMatchObject({
      error: { code: -32602, data: { param: "lane" } },
    });
  });

  it.each(["play", "attach"])(
    "[GW13] a %s that names its task hears that it waits, and outlives its timeout",
    async (method) => {
      const wire = await session(bob);
      send(wire, 1, method, method === "play" ? { script: "1", task_id, timeout_ms: 1 } : { task_id });
      expect(await wire.next()).toMatchObject({
        method: "play_event",
        params: { task_id, seq: 1, kind: "waiting", data: { capability: "write:a", expires_at: expect.any(Number) } },
      });
      // One without an id, sent later, is answered in its time: that of the first is over too.
      expect(await wire.call("play", { script: "1", timeout_ms: 100 })).toMatchObject({
        error: { code: -32005, data: { outcome: "unknown", waiting: true, task_id: expect.any(String) } },
      });
      parts.end(completed);
      expect(await wire.next()).toMatchObject({ id: 1, result: { output: "1", task_id } });
    },
  );

  it("[GW13] a play can be cancelled while it waits", async () => {
    const wire = await session(bob);
    send(wire, 1, "play", { script: "1", task_id });
    await wire.next();
    send(wire, 2, "cancel", { task_id });
    const answers = [await wire.next(), await wire.next()];
    expect(answers).toContainEqual(expect.objectContaining({ id: 2, result: { cancelled: true } }));
    expect(answers).toContainEqual(
      expect.objectContaining({ id: 1, error: expect.objectContaining({ code: -32006 }) }),
    );
  });

  it("[GW12] closing does not wait for plays that wait for the owner", async () => {
    const wire = await session(bob);
    send(wire, 1, "play", { script: "1", task_id });
    await wire.next();
    const withinMs = 600_000; // longer than a test may take
    await gateway.close({ withinMs });
    expect(await wire.closed).toMatchObject({ code: 1001 });
  });

  it("[GW14] the owner hears of the inbox, once on a connection, until it unsubscribes", async () => {
    const wire = await session();
    for (let i = 0; i < 2; i++) {
      expect(await wire.call("subscribe", { topic: "$inbox" })).toMatchObject({ result: { subscribed: true } });
    }
    expect(parts.listening().map(({ circle }) => circle)).toEqual([alice.publicKey]);
    parts.notify("$other", 0);
    parts.notify("$inbox", { id: "1" });
    expect(await wire.next()).toEqual({
      jsonrpc: "2.0",
      method: "event",
      params: { topic: "$inbox", data: { id: "1" } },
    });
    expect(await wire.call("unsubscribe", { topic: "$inbox" })).toMatchObject({ result: { subscribed: false } });
    expect(parts.listening()).toEqual([]);
    expect(await wire.call("subscribe", { topic: "$inbox" })).toMatchObject({ result: { subscribed: true } });
    wire.close();
    await vi.waitUntil(() => parts.listening().length === 0);
  });

  it("[GW14] a stranger hears nothing, nor learns whether there is anything", async () => {
    const wire = await session(bob);
    for (const method of ["subscribe", "unsubscribe"]) {
      expect(await wire.call(method, { topic: "$inbox" })).toMatchObject({
        error: { code: -32003, data: { capability: "inbox" } },
      });
      expect(await wire.call(method, { topic: "$log" })).toMatchObject({
        error: { code: -32003, data: { capability: "log" } },
      });
      for (const topic of ["$opened", "$policy", "$gap", "$", ""]) {
        expect(await wire.call(method, { topic })).toMatchObject({ error: { code: -32602, data: { param: "topic" } } });
      }
    }
    expect(parts.listening()).toEqual([]);
  });

  it("[GW14] an owner's connection that logs in as somebody else hears no more", async () => {
    const wire = await session();
    await wire.call("subscribe", { topic: "$inbox" });
    await wire.login(bob);
    parts.notify("$inbox", { id: "1" });
    expect(await wire.call("rpc.discover")).toMatchObject({ result: { openrpc: "1.3.2" } });
  });
});
