import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, keypairFrom } from "@circles/sdk";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findFreePort } from "./free-port.ts";
import { RedisServer } from "./redis-server.ts";
import { type ReadyProcess, runRelayCommand, startProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const NAMES = ["OurWorld", "Threefold", "Sikana"];

describe("circles-launcher", () => {
  let redis: RedisServer;
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let launcher: ReadyProcess | undefined;
  let ports: number[];
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    ports = await Promise.all(NAMES.map(findFreePort));
    await Promise.all(NAMES.map((name) => write(name, `export const hello = () => "${name} greets you";`)));
    await configure(NAMES);
  });
  afterEach(async () => {
    if (launcher && launcher.child.exitCode === null) await launcher.kill("SIGTERM");
    launcher = undefined;
    await folder.remove();
  });

  const at = (path: string) => join(folder.path, path);
  const write = (name: string, source: string) => writeFile(at(`${name}.js`), source);
  const configure = (names: readonly string[]) => {
    const circles = names.map((name) => ({ name, port: ports[NAMES.indexOf(name)], script_path: `${name}.js` }));
    return writeFile(at("circles.json"), JSON.stringify(circles));
  };
  const places = () => ["--config", at("circles.json"), "--db-path", at("circles"), "--keys", at("keys")];
  const launch = async (...args: string[]) => {
    launcher = await startProcess("circles-launcher", [...places(), "--threads", "1", ...args]);
    return launcher;
  };
  /** Calls a circle's library as its owner. */
  const greet = async (name: string) => {
    const signer = keypairFrom((await readFile(at(`keys/${name}.key`), "utf8")).trim());
    const url = `ws://127.0.0.1:${ports[NAMES.indexOf(name)]}/${signer.publicKey}`;
    const circle = await connect(url, { signer, timeoutMs: 5_000 });
    try {
      return await circle.call("hello");
    } finally {
      circle.close();
    }
  };
  const greetings = () => Promise.all(NAMES.map(greet));
  const greeted = NAMES.map((name) => `${name} greets you`);
  /** The processes that it started, by their names. */
  const pids = (text: string) =>
    new Map(
      Array.from(text.matchAll(/"name":"([^"]+)","pid":(\d+),"msg":"ready"/g), ([, name, pid]) => [name, Number(pid)]),
    );

  it("[LA3] runs circles at their ports, with their libraries and keys that it makes, and tells where", async () => {
    const { said } = await launch();
    expect(said).toMatch(
      new RegExp(`^OurWorld +0[23][0-9a-f]{64} +ws://127\\.0\\.0\\.1:${ports[0]}/0[23][0-9a-f]{64}$`),
    );
    expect(await greetings()).toEqual(greeted);
    expect((await stat(at("keys/OurWorld.key"))).mode & 0o777).toBe(0o600);
  });

  it("[LA4] starts again whatever dies, and ends everything when it is told to", async () => {
    const { stderr, kill } = await launch("--redis-url", redis.url);
    expect(await greetings()).toEqual(greeted);
    const started = pids(stderr());
    expect(new Set(started.keys())).toEqual(new Set([...NAMES, "worker 1", "worker 2"]));
    for (const [name, pid] of started) {
      process.kill(pid, "SIGKILL");
      await expect.poll(() => pids(stderr()).get(name), { timeout: 20_000 }).not.toBe(pid);
    }
    await expect.poll(() => greetings().catch(() => []), { timeout: 30_000 }).toEqual(greeted);
    expect(await kill("SIGTERM")).toEqual({ code: 0, signal: null });
    for (const pid of pids(stderr()).values()) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  it("[LA5] reads its file again: what is new begins, what is gone ends, the rest goes on", async () => {
    await configure(["OurWorld", "Threefold"]);
    const { child, stderr } = await launch();
    const before = pids(stderr());
    await configure(["OurWorld", "Sikana"]);
    await write("OurWorld", 'export const hello = () => "OurWorld greets you again";');
    child.kill("SIGHUP");
    await expect.poll(() => greet("Sikana").catch(() => ""), { timeout: 30_000 }).toBe("Sikana greets you");
    await expect.poll(() => greet("OurWorld"), { timeout: 30_000 }).toBe("OurWorld greets you again");
    expect(pids(stderr()).get("OurWorld")).toBe(before.get("OurWorld"));
    expect(() => process.kill(before.get("Threefold") ?? 0, 0)).toThrow(/ESRCH/);
  });

  it("[LA2] names what is wrong with its file, and exits 2", async () => {
    await writeFile(at("circles.json"), '[{"name":"OurWorld","port":0,"script_path":"OurWorld.js"}]');
    const { code, stderr } = await runRelayCommand(places(), {}, "circles-launcher");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "circles-launcher: [0].port: expected a port from 1 to 65535, got 0\n",
    });
  });
});
