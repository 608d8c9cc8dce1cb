import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { MAX_FRAME_BYTES, MAX_SCRIPT_BYTES, type PlayResult } from "@circles/sdk/protocol";
import pino from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { startRelayInProcess } from "../../test/relay-in-process.ts";
import { Wire } from "../../test/wire.ts";
import type { RunningRelay } from "../bin/relay.ts";
import { MemoryBroker } from "../broker/memory-broker.ts";
import { chooseVerifier } from "../signatures/verifier.ts";
import { Addresses } from "./addresses.ts";
import { Gateway, type GatewayOptions } from "./gateway.ts";

describe("a relay's wire", () => {
  let relay: RunningRelay;
  const wires: Wire[] = [];
  beforeAll(async () => {
    relay = await startRelayInProcess();
  });
  afterAll(() => relay.close());
  afterEach(() => {
    for (const wire of wires.splice(0)) wire.close();
  });

  const dial = async (circle = alice.publicKey as string) => {
    const wire = await Wire.dial(`${relay.url}/${circle}`);
    wires.push(wire);
    return wire;
  };
  const session = async () => {
    const wire = await dial();
    await wire.login(alice);
    return wire;
  };

  it.each([
    ["no JSON", "{", -32700],
    ["nothing", "", -32700],
    ["JSON that is no request", "1", -32600],
    ["an empty batch", "[]", -32600],
    ["another version", '{"jsonrpc":"1.0","id":1,"method":"play"}', -32600],
    ["a method that is no text", '{"jsonrpc":"2.0","id":1,"method":7}', -32600],
    ["an unknown method", '{"jsonrpc":"2.0","id":1,"method":"eval"}', -32601],
    ["a method of every object", '{"jsonrpc":"2.0","id":1,"method":"constructor"}', -32601],
    ["a topic before login", '{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"topic":"x"}}', -32001],
    ["positional params", '{"jsonrpc":"2.0","id":1,"method":"fetch_nonce","params":["x"]}', -32602],
    ["a key that is none", '{"jsonrpc":"2.0","id":1,"method":"fetch_nonce","params":{"pubkey":"02"}}', -32602],
    [
      "a key off the curve",
      `{"jsonrpc":"2.0","id":1,"method":"fetch_nonce","params":{"pubkey":"02${"f".repeat(64)}"}}`,
      -32602,
    ],
    ["a play before login", '{"jsonrpc":"2.0","id":1,"method":"play","params":{"script":"1"}}', -32001],
    [
      "a cancel before login",
      `{"jsonrpc":"2.0","id":1,"method":"cancel","params":{"task_id":"${"x".repeat(16)}"}}`,
      -32001,
    ],
  ])("[GW1] %s is answered with a typed error, and the connection stays", async (_, frame, code) => {
    const wire = await dial();
    wire.send(frame);
    expect(await wire.next()).toMatchObject({ error: { code, message: expect.any(String) } });
    expect(await wire.call("rpc.discover")).toMatchObject({ result: { openrpc: "1.3.2" } });
  });

  it.each([
    ["script", { script: 1 }],
    ["script", { script: "\ud800" }],
    ["script", { script: "x".repeat(MAX_SCRIPT_BYTES + 1) }],
    ["args", { script: "1", args: "x".repeat(300_000) }],
    ["task_id", { script: "1", task_id: "short" }],
    ["timeout_ms", { script: "1", timeout_ms: 0 }],
    ["timeout_ms", { script: "1", timeout_ms: "5" }],
    ["envelope", { script: "1", task_id: "x".repeat(16), envelope: 1 }],
    ["task_id", { script: "1", envelope: {} }],
    [
      "envelope.signature",
      { script: "1", task_id: "x".repeat(16), envelope: { issued_at: 1, expires_at: 2, signature: "" } },
    ],
  ])("[GW1] a play with a bad %s is refused by the member's name", async (param, params) => {
    const wire = await session();
    expect(await wire.call("play", params)).toMatchObject({ error: { code: -32602, data: { param } } });
    expect(await wire.call("play", { script: "1 + 1" })).toMatchObject({ result: { output: "2" } });
  });

  it("[GW2] a batch is answered as one, a notification not at all", async () => {
    const wire = await session();
    const play = (id: number | undefined, script: string) => ({
      jsonrpc: "2.0",
      id,
      method: "play",
      params: { script },
    });
    wire.send(JSON.stringify([play(1, "1"), play(undefined, "2"), 7, play(3, "3")]));
    expect(await wire.next()).toEqual([
      expect.objectContaining({ id: 1, result: expect.objectContaining({ output: "1" }) }),
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32600 }) }),
      expect.objectContaining({ id: 3, result: expect.objectContaining({ output: "3" }) }),
    ]);
  });

  it("[GW3] a frame over the limit ends its connection unread, and no other", async () => {
    const [large, other] = [await dial(), await dial()];
    large.send("x".repeat(MAX_FRAME_BYTES + 1));
    expect(await large.closed).toMatchObject({ code: 1009 });
    expect(await other.call("rpc.discover")).toHaveProperty("result");
  });

  it("[GW3] a binary frame ends its connection", async () => {
    const wire = await dial();
    wire.send(Buffer.from("{}"));
    expect(await wire.closed).toMatchObject({ code: 1003 });
  });

  it.each([
    ["a path that is no key", "/nobody", {}, 400],
    ["a key off the curve", `/02${"f".repeat(64)}`, {}, 400],
    ["a page of another origin", `/${alice.publicKey}`, { origin: "https://evil.example" }, 403],
    ["an opaque origin", `/${alice.publicKey}`, { origin: "null" }, 403],
    ["a host name that is not this relay's", `/${alice.publicKey}`, { headers: { host: "rebound.example" } }, 421],
    ["another port's host name", `/${alice.publicKey}`, { headers: { host: "localhost:1" } }, 421],
  ])("[GW6] %s is refused at the handshake", async (_, path, options, status) => {
    const refusal = await Wire.refusal(relay.url + path, options);
    expect(refusal.status).toBe(status);
    expect(JSON.parse(refusal.body)).toEqual({ error: expect.stringMatching(/expected|allowed/) });
  });

  it("[GW6] the relay's own origin is let in", async () => {
    const own = new URL(relay.url).host;
    const wire = await Wire.dial(`${relay.url}/${alice.publicKey}`, { origin: `http://${own}` });
    expect(await wire.call("rpc.discover")).toHaveProperty("result");
    wire.close();
  });

  it("[GW7] plays beyond the connection's share are answered busy with when to try again, and the rest plays", async () => {
    const wire = await session();
    const plays = 1_100;
    for (let id = 0; id < plays; id++) {
      wire.send(JSON.stringify({ jsonrpc: "2.0", id, method: "play", params: { script: "1" } }));
    }
    const answers = await Promise.all(Array.from({ length: plays }, () => wire.next()));
    const errors = answers.flatMap((answer) => (answer as { error?: unknown }).error ?? []);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThanOrEqual(plays - 1_024);
    for (const error of errors) {
      expect(error).toMatchObject({
        code: -32007,
        data: { limit: "plays_in_flight", retry_after_ms: expect.any(Number) },
      });
    }
  });

  it("[GW8] a peer that does not read is cut off, and the others play on", async () => {
    const slow = await session();
    slow.socket.pause();
    const script = "'x'.repeat(400_000)";
    for (let id = 0; id < 200; id++) {
      slow.send(JSON.stringify({ jsonrpc: "2.0", id, method: "play", params: { script } }));
    }
    const other = await session();
    expect(await other.call("play", { script: "2" })).toMatchObject({ result: { output: "2" } });
    slow.socket.resume();
    expect(await slow.closed).toMatchObject({ code: 1006 });
  });

  it("[GW9] a wait ends at its deadline with an unknown outcome, and attaching learns it", async () => {
    const wire = await session();
    const task_id = "a".repeat(20);
    const busy = "for (const t = Date.now(); Date.now() < t + 300;); 'done'";
    const answer = await wire.call("play", { script: busy, task_id, timeout_ms: 100 });
    // Its own deadline also ends the script; whichever comes first, it is -32005.
    expect(answer).toMatchObject({ error: { code: -32005, data: { task_id } } });
    expect(await wire.call("attach", { task_id })).toMatchObject({ error: { code: -32005, data: { log: {} } } });
  });

  it("[GW22] a play is answered with its timing; sent again, or attached to, with its outcome alone", async () => {
    const wire = await session();
    const play = { script: "for (const t = Date.now(); Date.now() < t + 20;); 'done'", task_id: "e".repeat(20) };
    const began = performance.now();
    const first = (await wire.call("play", play)) as { result: PlayResult };
    const took = performance.now() - began;
    const { timing, ...remembered } = first.result;
    const { relay_ms, run_ms, commit_ms } = timing ?? { relay_ms: 0, run_ms: 0, commit_ms: 0 };
    expect(run_ms).toBeGreaterThan(15);
    expect(run_ms + commit_ms).toBeLessThanOrEqual(relay_ms);
    expect(relay_ms).toBeLessThanOrEqual(took + 0.01); // rounded
    for (const [method, params] of [
      ["play", play],
      ["attach", { task_id: play.task_id }],
    ] as const) {
      expect(((await wire.call(method, params)) as { result: PlayResult }).result).toEqual(remembered);
    }
  });

  it("[GW9] an owner attaches to, and cancels, what others play in the circle", async () => {
    const relay = await startRelayInProcess({ open: true });
    const dialHere = async (peer: typeof alice) => {
      const wire = await Wire.dial(`${relay.url}/${alice.publicKey}`);
      wires.push(wire);
      await wire.login(peer);
      return wire;
    };
    const [owner, guest] = [await dialHere(alice), await dialHere(bob)];
    const task_id = "d".repeat(20);
    const guestPlay = guest.call("play", { script: "print('busy'); for (;;) {}", task_id });
    expect(await guestPlay).toMatchObject({ method: "play_event" });
    expect(await owner.call("cancel", { task_id })).toMatchObject({ result: { cancelled: true } });
    expect(await guest.next()).toMatchObject({ error: { code: -32006 } });
    owner.send(JSON.stringify({ jsonrpc: "2.0", id: 9, method: "attach", params: { task_id } }));
    expect(await owner.next()).toMatchObject({ method: "play_event", params: { data: "busy" } });
    expect(await owner.next()).toMatchObject({ id: 9, error: { code: -32006 } });
    await relay.close();
  });

  it("[GW9] to anyone but its caller and the owner a task is unknown", async () => {
    const wire = await session();
    const task_id = "b".repeat(20);
    await wire.call("play", { script: "'mine'", task_id });
    const other = await dial();
    await other.login(bob);
    for (const method of ["attach", "cancel"]) {
      expect(await other.call(method, { task_id })).toMatchObject({ error: { code: -32602 } });
      expect(await other.call(method, { task_id: "c".repeat(20) })).toMatchObject({ error: { code: -32602 } });
    }
    expect(await wire.call("attach", { task_id })).toMatchObject({ result: { output: "mine" } });
    expect(await wire.call("cancel", { task_id })).toEqual(expect.objectContaining({ result: { cancelled: false } }));
  });
});

describe("a gateway", () => {
  let server: Server;
  let gateway: Gateway;
  afterEach(async () => {
    await gateway.close({ withinMs: 0 });
    await new Promise((resolve) => server.close(resolve));
  });

  const start = async (options: GatewayOptions): Promise<string> => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const parts = { broker: new MemoryBroker(), verifier: await chooseVerifier(), log: pino({ level: "silent" }) };
    gateway = new Gateway({ ...parts, addresses: new Addresses({ port }) }, options);
    server.on("upgrade", gateway.upgrade);
    return `ws://127.0.0.1:${port}/${alice.publicKey}`;
  };

  it("[GW10] who has not logged in by the deadline is disconnected, who has is not", async () => {
    const url = await start({ loginDeadlineMs: 200 });
    const late = await Wire.dial(url);
    const inTime = await Wire.dial(url);
    await inTime.login(alice);
    expect(await late.closed).toMatchObject({ code: 1008 });
    expect(await inTime.call("rpc.discover")).toHaveProperty("result");
    inTime.close();
  });

  it("[GW11] a connection that gives no sign of life is dropped", async () => {
    const url = await start({ heartbeatMs: 50 });
    const dead = await Wire.dial(url, { autoPong: false });
    const alive = await Wire.dial(url);
    expect(await dead.closed).toMatchObject({ code: 1006 });
    expect(await alive.call("rpc.discover")).toHaveProperty("result");
    alive.close();
  });

  it("[GW12] closing waits for plays under way, then says goodbye", async () => {
    const url = await start({});
    const wire = await Wire.dial(url);
    await gateway.close({ withinMs: 1_000 });
    expect(await wire.closed).toMatchObject({ code: 1001 });
  });

  it("[GW6] only the circles it serves can be dialled", async () => {
    const url = await start({ circles: new Set([bob.publicKey]) });
    expect((await Wire.refusal(url)).status).toBe(404);
  });
});
