import { join } from "node:path";
import { connect, generateKeypair } from "@circles/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RedisServer } from "./redis-server.ts";
import { type RelayProcess, startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

describe("a relay over plain HTTP", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let relay: RelayProcess | undefined;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(async () => {
    if (relay && relay.child.exitCode === null) await relay.kill("SIGKILL");
    await folder.remove();
  });

  const start = async (...args: string[]) => {
    relay = await startRelayProcess(["--port", "0", "--db-path", join(folder.path, "circles"), ...args]);
    return relay;
  };
  const ask = async ({ port }: RelayProcess, path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { status: response.status, text: await response.text() };
  };

  it("[OP1] says that it lives and that it takes plays, to anybody who asks", async () => {
    const running = await start();
    expect(await ask(running, "/healthz")).toEqual({ status: 200, text: "alive\n" });
    expect(await ask(running, "/readyz?from=here")).toEqual({ status: 200, text: "ready\n" });
    expect(await ask(running, "/readyz", "HEAD")).toEqual({ status: 200, text: "" });
    expect(await ask(running, "/readyz", "POST")).toMatchObject({ status: 405 });
    expect(await ask(running, "/")).toMatchObject({ status: 426 });
  });

  it("[OP1] takes no plays any more while it lets those end that run", async () => {
    const running = await start("--open");
    const signer = generateKeypair();
    const circle = await connect(`${running.url}/${signer.publicKey}`, { signer });
    const play = circle.play("print('begun'); const end = Date.now() + 900; while (Date.now() < end); 1");
    await play[Symbol.asyncIterator]().next();
    const ended = running.kill("SIGTERM");
    await expect.poll(() => ask(running, "/readyz").catch(() => "gone")).toMatchObject({ status: 503 });
    await expect(connect(`${running.url}/${signer.publicKey}`, { signer })).rejects.toThrow();
    expect(await play).toBe(1);
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it("[OP2] is not ready while it does not reach Redis, and is again when it does", async () => {
    const redis = await RedisServer.start();
    const running = await start("--redis-url", redis.url, "--gateway-key-file", join(folder.path, "gateway.key"));
    await expect.poll(() => ask(running, "/readyz"), { timeout: 5_000 }).toMatchObject({ status: 200 });
    await redis.kill();
    const unready = { status: 503, text: "not ready: no connection to Redis\n" };
    await expect.poll(() => ask(running, "/readyz"), { timeout: 10_000 }).toEqual(unready);
    expect(await ask(running, "/healthz")).toMatchObject({ status: 200 });
    await redis.restart();
    await expect.poll(() => ask(running, "/readyz"), { timeout: 10_000 }).toMatchObject({ status: 200 });
    await redis.stop();
  });
});
