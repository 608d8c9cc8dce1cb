import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type LogHead } from "@circles/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { runRelayCommand, startRelayProcess } from "../../test/relay-process.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";

describe("commands for circles on disk", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let dbPath: string;
  let head: LogHead;
  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    dbPath = join(folder.path, "circles");
    const relay = await startRelayProcess(["--port", "0", "--db-path", dbPath]);
    for (const signer of [alice, bob]) {
      const circle = await connect(`${relay.url}/${signer.publicKey}`, { signer });
      await circle.library.set("export function hello() { return 'hello'; }");
      await circle.play(({ data, files }) => {
        data.set("notes/a", { n: 1 });
        files.write("picture.bin", new Uint8Array([0, 255, 10]));
      });
      const play = circle.play(({ data }) => data.delete("nothing"));
      ({ log: head } = await play.played);
      circle.close();
    }
    await relay.kill("SIGTERM");
  });
  afterAll(() => folder.remove());

  const run = (...args: string[]) => runRelayCommand([...args, "--db-path", dbPath]);
  const logOf = (key: string) => join(dbPath, key, "logs", "plays-000001.jsonl");

  it("[CL7] verify tells of every circle, and of a head that somebody kept", async () => {
    const all = await run("verify");
    expect(all).toMatchObject({ code: 0, stderr: "" });
    expect(all.stdout).toContain(`circle ${alice.publicKey}: 3 records, 1 to 3, head 3:`);
    expect(await run("verify", bob.publicKey, "--head", `${head.seq}:${head.hash}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/the head that was kept is in it/),
    });
    expect(await run("verify", alice.publicKey, "--head", `${head.seq}:${head.hash}`)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/NOT THE SAME LOG/),
    });
    expect(await run("verify", bob.publicKey, "--head", `9:${head.hash}`)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/CUT OFF/),
    });
  });

  it("[CL8] export writes one file, and import makes the same circle of it elsewhere", async () => {
    const file = join(folder.path, "bob.circle");
    expect(await run("export", bob.publicKey, file)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/3 records/),
    });
    expect(await run("export", bob.publicKey, file)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/EEXIST/),
    });
    const elsewhere = join(folder.path, "elsewhere");
    const relay = await startRelayProcess(["--port", "0", "--db-path", elsewhere]);
    expect(await runRelayCommand(["import", file, "--db-path", elsewhere])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/in use by another process/),
    });
    await relay.kill("SIGTERM");
    const imported = await runRelayCommand(["import", file, "--db-path", elsewhere]);
    expect(imported).toMatchObject({
      code: 0,
      stdout: `imported circle ${bob.publicKey}, head ${head.seq}:${head.hash}\n`,
    });
    const contents = async (path: string) => {
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return Object.fromEntries(
        await Promise.all(files.map(async (at) => [at.slice(path.length), await readFile(at, "hex")] as const)),
      );
    };
    const there = await contents(join(elsewhere, bob.publicKey));
    expect(there).toEqual(await contents(join(dbPath, bob.publicKey)));
    expect(Object.keys(there)).toContain("/config/library.js");
    expect(await runRelayCommand(["import", file, "--db-path", elsewhere])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is there already/),
    });
  });

  it("[CL8] an export that was changed or cut off is not imported, and leaves nothing", async () => {
    const [file, elsewhere] = [join(folder.path, "alice.circle"), join(folder.path, "nowhere")];
    await run("export", alice.publicKey, file);
    const bytes = await readFile(file);
    const changed = [
      bytes.subarray(0, bytes.length - 20),
      bytes.subarray(0, bytes.length / 2),
      Buffer.from(bytes).fill("x", 600, 601),
      Buffer.from("{}\n"),
      Buffer.alloc(0),
      Buffer.from(`{"circles_export":1,"circle":"${alice.publicKey}"}\n{"segment":"../../x","bytes":1}\nx\n`),
    ];
    for (const wrong of changed) {
      await writeFile(file, wrong);
      const { code, stderr } = await runRelayCommand(["import", file, "--db-path", elsewhere]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^circles-relay: import: .*\n$/) });
      expect(await readdir(elsewhere)).toEqual([]);
    }
  });

  it("[CL9] delete asks before it deletes, and where nobody can be asked it must be told", async () => {
    const { code, stderr } = await run("delete", alice.publicKey);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/--yes/) });
    expect(await run("delete", mallory.publicKey, "--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not in/),
    });
    expect(await run("delete", alice.publicKey, "--yes")).toMatchObject({ code: 0 });
    expect((await readdir(dbPath)).filter((name) => name.startsWith(alice.publicKey))).toEqual([]);
  });

  it("[CL7] verify names the first record that is not as it was, and exits with 1", async () => {
    const bytes = await readFile(logOf(bob.publicKey));
    await appendFile(logOf(bob.publicKey), '{"batch":1');
    expect(await run("verify")).toMatchObject({ code: 0, stdout: expect.stringMatching(/counts for nothing/) });
    await writeFile(logOf(bob.publicKey), bytes.toString("utf8").replace('"n":1', '"n":2'));
    const { code, stdout } = await run("verify", bob.publicKey);
    expect(code).toBe(1);
    expect(stdout).toMatch(/DAMAGED at record 2, plays-000001\.jsonl byte \d+: it was altered/);
    expect(await run("export", bob.publicKey, join(folder.path, "damaged"))).toMatchObject({ code: 1 });
  });

  it.each([
    [["verify", "nobody"], /circle: public key: expected/],
    [["verify", "--head", "1:x"], /--head/],
    [["verify", alice.publicKey, "--head", "x"], /--head: expected a number/],
    [["verify", "a", "b"], /at most 1/],
    [["export", alice.publicKey], /expected a circle and a file/],
    [["export"], /expected a circle and a file/],
    [["import"], /expected a file/],
    [["import", "x", "--yes"], /--yes means nothing here/],
    [["delete"], /circle: public key: expected/],
  ])("[CL2] %j is refused with a sentence and exit 2", async (args, sentence) => {
    const { code, stdout, stderr } = await runRelayCommand(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(sentence);
  });
});
