import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect, generateKeypair } from "@circles/sdk";
import { makeLoginNonce, type PublicKey } from "@circles/sdk/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import type { RunningRelay } from "../src/bin/relay.ts";
import { startRelayInProcess } from "./relay-in-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const MAIN = fileURLToPath(new URL("../../sdk/src/cli/circles.ts", import.meta.url));
const TYPESCRIPT = new URL("../../scripts/typescript.mjs", import.meta.url).href;

type Given = { readonly input?: string; readonly env?: Record<string, string> };

describe("circles", () => {
  let relay: RunningRelay;
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let home = "";
  let homes = 0;
  beforeAll(async () => {
    relay = await startRelayInProcess();
    folder = await makeTemporaryFolder();
  });
  afterAll(async () => {
    await relay.close();
    await folder.remove();
  });
  beforeEach(() => {
    homes += 1;
    home = join(folder.path, `home-${homes}`);
  });

  const start = (args: readonly string[], { env = {} }: Given = {}) =>
    spawn(process.execPath, ["--import", TYPESCRIPT, "--conditions=@circles/source", MAIN, ...args], {
      env: { ...process.env, CIRCLES_HOME: home, CIRCLES_RELAY: relay.url, ...env },
    });
  const run = async (args: readonly string[], given: Given = {}) => {
    const child = start(args, given);
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString("utf8")));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString("utf8")));
    child.stdin.end(given.input ?? "");
    const [code] = (await once(child, "close")) as [number];
    return { code, stdout, stderr };
  };
  /** Runs it, and gives what it answers. */
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    return stdout.trimEnd();
  };

  it("[CC1] keeps keys for nobody else to read, and never overwrites one", async () => {
    const key = await ask("keys", "new");
    expect(key).toMatch(/^0[23][0-9a-f]{64}$/);
    expect((await stat(join(home, "keys/default.key"))).mode & 0o777).toBe(0o600);
    const again = await run(["keys", "new", "default"]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("never overwritten") });
    const other = await ask("keys", "new", "other");
    expect(await ask("keys", "list")).toBe(`default  ${key}\nother    ${other}`);
    expect(await ask("keys", "list", "--json")).toBe(
      [
        { name: "default", publicKey: key },
        { name: "other", publicKey: other },
      ]
        .map((one) => JSON.stringify(one))
        .join("\n"),
    );
  });

  it("[CC1] gives a key away as a text that its passphrase opens, and takes one in", async () => {
    const key = await ask("keys", "new");
    const [right, wrong] = [join(folder.path, "right"), join(folder.path, "wrong")];
    await writeFile(right, "correct horse\n");
    await writeFile(wrong, "battery staple\n");
    const text = await ask("keys", "export", "default", "--passphrase-file", right);
    expect(text).toMatch(new RegExp(`^circles-key-1:${key}:`));
    expect(text).not.toContain((await readFile(join(home, "keys/default.key"), "utf8")).trim());
    const refused = await run(["keys", "import", "copy", "--passphrase-file", wrong], { input: text });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("passphrase") });
    const taken = await run(["keys", "import", "copy", "--passphrase-file", right], { input: text });
    expect(taken).toMatchObject({ code: 0, stdout: `${key}\n` });
  });

  it("[CC2] plays code, files and standard input with arguments, results apart from what is printed", async () => {
    await ask("keys", "new");
    expect(await run(["play", "me", "-e", "print('hello'); args.a + args.b", "--arg", "a=1", "--arg", "b=x"])).toEqual({
      code: 0,
      stdout: "1x\n",
      stderr: "hello\n",
    });
    const file = join(folder.path, "script.ts");
    await writeFile(file, "const n: number = args; ({ twice: 2 * n })");
    expect(await ask("play", "me", file, "--args", "21")).toBe('{"twice":42}');
    expect(await run(["play", "me", "-"], { input: "CALLER_PUBLIC_KEY === CIRCLE_PUBLIC_KEY" })).toMatchObject({
      stdout: "true\n",
    });
    expect(await ask("play", "me", "-e", "print(1); progress(0.5, 'half'); 2", "--json")).toBe(
      [
        { seq: 1, kind: "print", data: "1" },
        { seq: 2, kind: "progress", data: { fraction: 0.5, note: "half" } },
        { result: 2 },
      ]
        .map((one) => JSON.stringify(one))
        .join("\n"),
    );
  });

  it("[CC3] says where a script failed, what was missing, and what makes no sense, each with its exit code", async () => {
    await ask("keys", "new");
    const stranger = await ask("keys", "new", "stranger");
    const failed = await run(["play", "me", "-e", "1;\n  missing()"]);
    expect(failed).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/missing[\s\S]*2:3/) });
    const denied = await run(["play", stranger, "-e", "1"]);
    expect(denied).toMatchObject({ code: 1, stderr: expect.stringContaining("denied") });
    expect(await run(["play", "me", "-e", "1", "--key", "nobody"])).toMatchObject({ code: 2 });
    expect(await run(["play", "me", "-e", "1"], { env: { CIRCLES_RELAY: "ws://127.0.0.1:1" } })).toMatchObject({
      code: 3,
    });
    expect(await run(["play", "me", "-e", "for(;;);", "--timeout", "1"])).toMatchObject({ code: 3 });
    const json = await run(["play", "me", "-e", "throw new Error('no')", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: -32000, message: expect.stringContaining("no") } });
  });

  it.each([
    [["fly"], "expected a command"],
    [["play", "me"], "expected FILE or -e CODE"],
    [["play"], "expected CIRCLE"],
    [["policy", "me"], "expected get, edit, grant, revoke"],
    [["data", "get", "me", "a", "--follow"], "--follow says nothing there"],
    [["play", "me", "-e", "1", "--arg", "x"], "expected NAME=VALUE"],
    [["play", "me", "-e", "1", "--args", "{"], "expected JSON"],
    [["play", "me", "-e", "1", "--timeout", "x"], "--timeout: expected a whole number"],
    [["keys", "new", "../../etc/passwd"], "expected a name"],
  ])("[CC3] %j makes no sense", async (args, sentence) => {
    await ask("keys", "new");
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
  });

  it("[CC4] cancels its play when it is interrupted", async () => {
    await ask("keys", "new");
    const child = start([
      "play",
      "me",
      "-e",
      "print('begun'); data.set('done', true); for (;;);",
      "--timeout",
      "60000",
    ]);
    await once(child.stderr, "data");
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(130);
    expect(await ask("play", "me", "-e", "data.has('done')")).toBe("false");
  });

  it("[CC5] rules a circle: its library, who may do what, and who asks", async () => {
    const owner = await ask("keys", "new");
    await ask("keys", "new", "guest");
    const library = join(folder.path, "library.js");
    await writeFile(library, "export const greet = (name, times) => `hello ${name}`.repeat(times);\n");
    await ask("library", "push", "me", library);
    expect(await ask("library", "get", "me")).toBe((await readFile(library, "utf8")).trimEnd());
    const asGuest = ["--key", "guest"];
    expect(await run(["call", owner, "greet", "Bob", "2", ...asGuest])).toMatchObject({ code: 1 });
    await ask("policy", "grant", "me", "--to", "*", "--allow", "call:greet", "--per-minute", "30");
    await ask("policy", "grant", "me", "--to", "*", "--allow", "write:wishes/*", "--ask");
    expect(await ask("call", owner, "greet", "Bob", "2", ...asGuest)).toBe("hello Bobhello Bob");
    expect(JSON.parse(await ask("policy", "get", "me"))).toMatchObject({
      grants: [{ to: "*", allow: ["call:greet"], limits: { plays_per_minute: 30 } }, { approval: "ask" }],
    });
    const wish = run(["play", owner, "-e", "data.set('wishes/cake', args)", "--arg", "n=1", ...asGuest]);
    let entries = "";
    await expect.poll(async () => (entries = await ask("inbox", "me", "--json")), { timeout: 20_000 }).not.toBe("");
    const { id, capability } = JSON.parse(entries) as { id: string; capability: string };
    expect(capability).toBe("write:wishes/cake");
    await ask("inbox", "allow", "me", id);
    expect(await wish).toMatchObject({ code: 0, stderr: expect.stringContaining("waits for the circle's owner") });
    expect(await ask("data", "get", "me", "wishes/cake")).toBe('{\n  "n": 1\n}');
    await ask("policy", "revoke", "me", "--to", "*", "--allow", "call:greet");
    expect(await run(["call", owner, "greet", "Bob", "2", ...asGuest])).toMatchObject({ code: 1 });
    const edit = await run(["policy", "edit", "me"], { env: { EDITOR: "sed -i s/write:wishes/write:gifts/" } });
    expect(edit).toMatchObject({ code: 0 });
    expect(await ask("policy", "get", "me")).toContain("write:gifts/*");
  });

  it("[CC5] shows who asks as they come, each once", async () => {
    const owner = await ask("keys", "new");
    await ask("policy", "grant", "me", "--to", "*", "--allow", "write:wishes/*", "--ask");
    const guest = await connect(`${relay.url}/${owner}`, { signer: generateKeypair() });
    const wish = async (name: string) => {
      for await (const { kind } of guest.play(({ data, args }) => data.set(`wishes/${args}`, 1), name)) {
        if (kind === "waiting") return;
      }
    };
    await wish("0");
    const following = start(["inbox", "me", "--follow", "--json"]);
    const shown: unknown[] = [];
    for await (const line of createInterface({ input: following.stdout })) {
      shown.push((JSON.parse(line) as { args: string }).args);
      if (shown.length === 8) break;
      await wish(String(shown.length)); // their ids come in no order
    }
    expect(shown).toEqual(Array.from({ length: 8 }, (_, i) => JSON.stringify(String(i))));
    following.kill("SIGINT");
    expect((await once(following, "exit"))[0]).toBe(0);
    guest.close();
  });

  it("[CC8] follows the log of one's own circle, record by record, and nobody else's", async () => {
    await ask("keys", "new");
    const stranger = await ask("keys", "new", "stranger");
    await ask("play", "me", "-e", "data.set('a', 1)");
    const following = start(["log", "me", "--follow"]);
    const lines = createInterface({ input: following.stdout })[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value as string;
    expect(await next()).toMatch(/^ +1 {2}\S+ {2}completed .*→ data\/a\.json$/);
    await ask("play", "me", "-e", "1 + 1");
    expect(await next()).toMatch(/^ +2 {2}\S+ {2}completed .* 2$/);
    following.kill("SIGINT");
    expect((await once(following, "exit"))[0]).toBe(0);
    const further = start(["log", "me", "--follow", "--after", "1", "--json"]);
    const [line] = (await once(createInterface({ input: further.stdout }), "line")) as [string];
    expect(JSON.parse(line)).toMatchObject({ seq: 2, output: "2" });
    further.kill("SIGINT");
    expect(await run(["log", stranger, "--follow"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("denied"),
    });
  });

  it("[CC7] shows what plays emit to a topic, from now or from a number on, until it is interrupted", async () => {
    await ask("keys", "new");
    const stranger = await ask("keys", "new", "stranger");
    await ask("play", "me", "-e", "emit('chat', 'one\\n  9999  two'); emit('chat', { n: 2 }); emit('other', 0)");
    const following = start(["subscribe", "me", "chat", "--after", "0"]);
    const lines = createInterface({ input: following.stdout })[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value as string;
    expect(await next()).toMatch(/^ +\d+ {2}one 9999 two$/);
    const [, id = ""] = /^ +(\d+) {2}\{"n":2\}$/.exec(await next()) ?? [];
    await ask("play", "me", "-e", "emit('chat', 3)");
    expect(await next()).toMatch(/^ +\d+ {2}3$/);
    following.kill("SIGINT");
    expect((await once(following, "exit"))[0]).toBe(0);

    const further = start(["subscribe", "me", "chat", "--after", id, "--json"]);
    const [line] = (await once(createInterface({ input: further.stdout }), "line")) as [string];
    expect(JSON.parse(line)).toEqual({ topic: "chat", data: 3, id: expect.any(Number) });
    further.kill("SIGINT");

    expect(await run(["subscribe", stranger, "chat"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("denied"),
    });
    expect(await run(["subscribe", "me", "$inbox"])).toMatchObject({ code: 2 });
    expect(await run(["subscribe", "me", "chat", "--after", "x"])).toMatchObject({ code: 2 });
  });

  it("[CC5] lists, reads, sets and deletes documents, and shows the log", async () => {
    await ask("keys", "new");
    await ask("data", "set", "me", "notes/a", '{"n":1}');
    expect(await run(["data", "set", "me", "notes/b", "-"], { input: "[1,2]" })).toMatchObject({ code: 0 });
    expect(await ask("data", "ls", "me", "notes/")).toBe("notes/a\nnotes/b");
    expect(await ask("data", "get", "me", "notes/b", "--json")).toBe('{"result":[1,2]}');
    await ask("data", "rm", "me", "notes/a");
    expect(await run(["data", "get", "me", "notes/a"])).toMatchObject({ code: 1 });
    const log = await ask("log", "me");
    expect(log).toContain("data/notes/a.json");
    const records = (await ask("log", "me", "--json")).split("\n").map((line) => JSON.parse(line) as { seq: number });
    expect(records.length).toBeGreaterThan(3);
    const following = start(["log", "me", "--follow", "--after", String(records.at(-1)?.seq)]);
    const heard = once(following.stdout, "data");
    await ask("data", "set", "me", "notes/c", "3");
    expect(String((await heard)[0])).toContain("data/notes/c.json");
    following.kill("SIGINT");
    await once(following, "exit");
  });

  it("[CC5] shows each record in one line, whatever a stranger asked for or a script said", async () => {
    const owner = await ask("keys", "new");
    const guest = generateKeypair();
    await ask("play", "me", "-e", "'said\\n    99  forged'");
    const circle = await connect(`${relay.url}/${owner}`, { signer: guest });
    const events = circle.subscribe("a\n    98  2026-01-01T00:00:00.000Z  completed  forged");
    await expect(events.next()).rejects.toThrow("denied");
    circle.close();
    const log = await ask("log", "me");
    expect(log).toContain("98 2026"); // what was denied stands there
    for (const line of log.split("\n")) expect(line).not.toMatch(/^ +9[89] /);
  });

  it("[CC3] says why, where a relay says what makes no sense", async () => {
    const owner = await ask("keys", "new");
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.on("connection", (socket) =>
      socket.on("message", (data: Buffer) => {
        const { id, method } = JSON.parse(data.toString("utf8")) as { id: number; method: string };
        const expiresAt = Math.floor(Date.now() / 1_000) + 60;
        const nonce = makeLoginNonce({
          circle: owner as PublicKey,
          host: `127.0.0.1:${port}`,
          expiresAt,
          random: "00".repeat(32),
        });
        const results: Record<string, unknown> = {
          fetch_nonce: { nonce, expires_at: expiresAt },
          authenticate: { authenticated: true },
          play: { output: "no JSON", format: "json" },
        };
        socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: results[method] }));
      }),
    );
    const { code, stdout, stderr } = await run(["play", "me", "-e", "1", "--relay", `ws://127.0.0.1:${port}`]);
    server.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("JSON");
    expect(stderr).not.toContain("Node.js v"); // as when it is thrown to the console, with whatever stands in it
  });

  it("[CC6] is a prompt whose lines are plays", async () => {
    await ask("keys", "new");
    const { code, stdout, stderr } = await run(["repl", "me"], {
      input: "data.set('n', 1)\n\nnope\ndata.get('n') + 1\n",
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "null\n2\n" });
    expect(stderr).toContain("nope");
  });

  it("[CC6] tells what it can do, and its version", async () => {
    const { code, stdout } = await run(["--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^circles: /);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect((await run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
