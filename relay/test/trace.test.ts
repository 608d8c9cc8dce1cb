import { join } from "node:path";
import { connect, type TaskId } from "@circles/sdk";
import { makeTaskId } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alice } from "./people.ts";
import { RedisServer } from "./redis-server.ts";
import { type ReadyProcess, startProcess, startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

type Line = { readonly msg: string; readonly task?: string; readonly trace?: string; readonly ms?: number };

describe("log lines about a play", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  const processes: ReadyProcess[] = [];
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(async () => {
    for (const { kill } of processes.splice(0)) await kill("SIGKILL");
    await folder.remove();
  });

  const linesAbout = (id: TaskId) =>
    processes
      .flatMap((one) => one.stderr().split("\n"))
      .filter((line) => line.includes(id))
      .map((line) => JSON.parse(line) as Line);
  const play = async (url: string, script: string, trace?: string) => {
    const circle = await connect(`${url}/${alice.publicKey}`, { signer: alice });
    const taskId = makeTaskId();
    await circle.play(script, null, { taskId, ...(trace ? { trace } : {}) }).played.catch(() => {});
    circle.close();
    return taskId;
  };
  const STAGES = ["play: asked for", "play: taken", "play: ran", "play: committed", "play: ended", "play: answered"];

  it("[OP6] all have the play's trace, and another play another one", async () => {
    const relay = await startRelayProcess(["--port", "0", "--log-level", "debug", "--db-path", folder.path]);
    processes.push(relay);
    const ids = [await play(relay.url, "1"), await play(relay.url, "throw new Error('no')")];
    const traces = [];
    for (const id of ids) {
      await expect.poll(() => new Set(linesAbout(id).map(({ msg }) => msg))).toEqual(new Set(STAGES));
      const [trace, ...others] = new Set(linesAbout(id).map((line) => line.trace));
      expect(others).toEqual([]);
      expect(trace).toMatch(/^[0-9a-f]{32}$/);
      traces.push(trace);
    }
    expect(new Set(traces).size).toBe(2);
    expect(relay.stderr()).not.toContain("throw new Error");
  });

  it("[OP6] have the same trace at a gateway and at a worker elsewhere", async () => {
    const redis = await RedisServer.start();
    const keyFile = join(folder.path, "gateway.key");
    const loud = ["--redis-url", redis.url, "--log-level", "debug"];
    const relay = await startRelayProcess(["--port", "0", "--gateway-key-file", keyFile, ...loud]);
    const worker = await startProcess("circles-worker", [...loud, "--threads", "1", "--db-path", folder.path]);
    processes.push(relay, worker);
    const mine = "9f86d081884c7d659a2feaa0c55ad015";
    const id = await play(relay.url, "1", mine);
    await expect.poll(() => new Set(linesAbout(id).map(({ msg }) => msg))).toEqual(new Set(STAGES));
    expect(new Set(linesAbout(id).map(({ trace }) => trace))).toEqual(new Set([mine]));
    await redis.stop();
  });
});
