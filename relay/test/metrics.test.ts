import { join } from "node:path";
import { connect } from "@circles/sdk";
import { makeTaskId } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alice, bob, mallory } from "./people.ts";
import { RedisServer } from "./redis-server.ts";
import { type RelayProcess, startProcess, startRelayProcess } from "./relay-process.ts";
import { statusOf } from "./status-of.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";
import { Wire } from "./wire.ts";

describe("a relay's metrics", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let relay: RelayProcess;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(async () => {
    await relay.kill("SIGKILL");
    await folder.remove();
  });

  const start = async (...args: string[]) => {
    const given = ["--port", "0", "--threads", "1", "--db-path", join(folder.path, "circles")];
    relay = await startRelayProcess([...given, ...args]);
    return statusOf(relay);
  };
  const dial = async (signer: typeof alice, owner = alice) => connect(`${relay.url}/${owner.publicKey}`, { signer });

  it("[OP3] count connections, logins by result, and plays by outcome", async () => {
    const status = await start();
    const circle = await dial(alice);
    const stranger = await dial(mallory);
    await circle.play("data.set('n', 1)");
    await circle.play("2");
    await expect(circle.play("throw new Error('no')")).rejects.toThrow();
    await expect(circle.play("'x'.repeat(4_000_000)")).rejects.toThrow();
    await expect(stranger.play("1")).rejects.toThrow();
    const wire = await Wire.dial(`${relay.url}/${alice.publicKey}`);
    const login = { pubkey: bob.publicKey, signature: "0".repeat(128) };
    expect(await wire.call("authenticate", login)).toMatchObject({ error: { code: -32002 } });
    await wire.closed;
    await Wire.refusal(`${relay.url}/nobody`);
    await status.counts({
      circles_connections: 2,
      circles_connections_opened_total: 3,
      'circles_connections_refused_total{reason="path"}': 1,
      'circles_logins_total{result="ok"}': 2,
      'circles_logins_total{result="invalid_credentials"}': 1,
      'circles_plays_total{outcome="completed"}': 2,
      'circles_plays_total{outcome="script_error"}': 1,
      'circles_plays_total{outcome="limit_reached"}': 1,
      'circles_plays_total{outcome="denied"}': 1,
      'circles_calls_total{method="play",result="ok"}': 2,
      'circles_calls_total{method="play",result="denied"}': 1,
      'circles_limits_reached_total{limit="output_bytes"}': 1,
      circles_plays_in_flight: 0,
    });
    circle.close();
    stranger.close();
    await status.counts({ circles_connections: 0, circles_connections_opened_total: 3 });
  });

  it("[OP3] time where a play's time goes, and tell how many are in line", async () => {
    const status = await start();
    const circle = await dial(alice);
    const busy = circle.play("print('begun'); for (;;) {}", null, { timeoutMs: 60_000 });
    const waiting = [1, 2, 3].map((n) => circle.play(`${n}`));
    await busy[Symbol.asyncIterator]().next();
    await status.counts({ circles_queue_depth: 4, circles_plays_in_flight: 4, circles_queue_wait_seconds_count: 1 });
    await busy.cancel();
    await expect(busy.played).rejects.toThrow();
    expect(await Promise.all(waiting)).toEqual([1, 2, 3]);
    await status.counts({
      circles_queue_depth: 0,
      circles_plays_in_flight: 0,
      circles_queue_wait_seconds_count: 4,
      circles_run_seconds_count: 4,
      circles_commit_seconds_count: 4,
      circles_play_seconds_count: 4,
    });
    const metrics = await status.metrics();
    expect(metrics.circles_run_seconds_sum).toBeLessThanOrEqual(metrics.circles_play_seconds_sum ?? 0);
    expect(metrics.circles_storage_free_bytes).toBeLessThanOrEqual(metrics.circles_storage_size_bytes ?? 0);
    expect(metrics.circles_received_bytes_total).toBeGreaterThan(500);
    expect(metrics.circles_sent_bytes_total).toBeGreaterThan(500);
    expect(metrics).toMatchObject({ circles_ready: 1, 'circles_failures_total{what="play"}': 0 });
    expect(metrics).toHaveProperty("process_resident_memory_bytes");
    circle.close();
  });

  it("[OP4] name no key, no task, no script, and no more labels whatever peers send", async () => {
    const status = await start();
    const circle = await dial(alice);
    const taskId = makeTaskId();
    await circle.play("'secret in a script'", null, { taskId });
    const series = async () => Object.keys(await status.metrics()).filter((name) => name.startsWith("circles_"));
    const before = (await series()).length;
    const wire = await Wire.dial(`${relay.url}/${alice.publicKey}`);
    for (let i = 0; i < 50; i++) {
      expect(await wire.call(`method_${i}`)).toMatchObject({ error: { code: -32601 } });
      await expect(
        circle.play(`throw Object.assign(new Error('e${i}'), { limit: 'l${i}', code: ${i} })`),
      ).rejects.toThrow();
    }
    await status.counts({ 'circles_calls_total{method="unknown",result="method_not_found"}': 50 });
    const { text } = await status.ask("/metrics");
    for (const secret of [alice.publicKey, taskId, "secret in a script", "method_1", "l1"]) {
      expect(text).not.toContain(`"${secret}"`);
    }
    expect(text).not.toMatch(/0[23][0-9a-f]{64}/);
    // Two new results of calls and one new outcome of plays; nothing of what was sent.
    expect((await series()).length - before).toBe(3);
    circle.close();
    wire.close();
  });

  it("[OP5] are for this machine and those who are named, by the address that a trusted proxy gives", async () => {
    const passedOn = (from: string) => ({ headers: { "x-forwarded-for": from } });
    const plain = await start();
    expect(await plain.ask("/metrics")).toMatchObject({ status: 200 });
    expect(await plain.ask("/metrics", passedOn("127.0.0.1"))).toMatchObject({
      status: 403,
      text: expect.stringMatching(/--allow-metrics/),
    });
    expect(await plain.ask("/readyz", passedOn("192.0.2.1"))).toMatchObject({ status: 200 });
    expect(await plain.ask("/metrics", { method: "POST" })).toMatchObject({ status: 405 });
    await relay.kill("SIGTERM");
    const proxied = await start("--trust-proxy", "127.0.0.1", "--allow-metrics", "10.1.0.0/16");
    expect(await proxied.ask("/metrics", passedOn("10.1.2.3"))).toMatchObject({ status: 200 });
    expect(await proxied.ask("/metrics", passedOn("10.2.2.3"))).toMatchObject({ status: 403 });
    expect(await proxied.ask("/metrics", passedOn("10.1.2.3, 192.0.2.1"))).toMatchObject({ status: 403 });
    expect(await proxied.ask("/metrics")).toMatchObject({ status: 200 });
  });

  it("[OP11] of a worker elsewhere are at its own port, and a gateway's are its callers'", async () => {
    const redis = await RedisServer.start();
    const keyFile = join(folder.path, "gateway.key");
    relay = await startRelayProcess(["--port", "0", "--redis-url", redis.url, "--gateway-key-file", keyFile]);
    const given = ["--redis-url", redis.url, "--threads", "1", "--db-path", join(folder.path, "circles")];
    const worker = await startProcess("circles-worker", [...given, "--status-port", "0"]);
    const [, port] = /status at port (\d+)$/.exec(worker.said) ?? [];
    const [ofGateway, ofWorker] = [statusOf(relay), statusOf({ port: Number(port) })];
    await expect.poll(() => ofWorker.ask("/readyz")).toMatchObject({ status: 200 });
    const circle = await dial(alice);
    await circle.play("data.set('n', 1)");
    await ofWorker.counts({
      'circles_plays_total{outcome="completed"}': 1,
      circles_queue_wait_seconds_count: 1,
      circles_commit_seconds_count: 1,
    });
    await ofGateway.counts({ 'circles_calls_total{method="play",result="ok"}': 1 });
    await ofGateway.counts({ circles_queue_depth: 0 });
    expect(await ofWorker.ask("/")).toMatchObject({ status: 404 });
    const endless = circle.play("for (;;) {}", null, { taskId: makeTaskId() });
    await ofGateway.counts({ circles_queue_depth: 1 });
    await endless.cancel();
    await expect(endless.played).rejects.toThrow();
    await redis.kill();
    await expect.poll(() => ofWorker.ask("/readyz"), { timeout: 10_000 }).toMatchObject({ status: 503 });
    expect(await ofWorker.ask("/healthz")).toMatchObject({ status: 200 });
    circle.close();
    await worker.kill("SIGKILL");
    await redis.stop();
  });
});
