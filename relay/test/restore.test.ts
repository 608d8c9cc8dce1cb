import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "@circles/sdk";
import { expect, it } from "vitest";
import { alice, bob } from "./people.ts";
import { runRelayCommand, startRelayProcess } from "./relay-process.ts";
import { statusOf } from "./status-of.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

it("[OP13] a damaged circle is closed alone, and plays again when it was restored as the manual says", async () => {
  const folder = await makeTemporaryFolder();
  const dbPath = join(folder.path, "circles");
  const start = async () => {
    const relay = await startRelayProcess(["--port", "0", "--threads", "1", "--db-path", dbPath]);
    const play = async (owner: typeof alice, script: string) => {
      const circle = await connect(`${relay.url}/${owner.publicKey}`, { signer: owner });
      try {
        return await circle.play(script);
      } finally {
        circle.close();
      }
    };
    return { ...relay, play };
  };
  const run = async (...args: string[]) => (await runRelayCommand([...args, "--db-path", dbPath])).code;
  const backup = join(folder.path, "alice.circle");

  let relay = await start();
  for (const owner of [alice, bob]) await relay.play(owner, "data.set('n', 1)");
  expect(await run("export", alice.publicKey, backup)).toBe(0);
  await relay.play(alice, "data.set('n', 2)");
  await relay.kill("SIGTERM");

  const log = join(dbPath, alice.publicKey, "logs", "plays-000001.jsonl");
  await writeFile(log, (await readFile(log, "utf8")).replace('"n":1', '"n":7').replace("data/n.json", "data/m.json"));
  relay = await start();
  await expect(relay.play(alice, "data.get('n')")).rejects.toMatchObject({ code: -32603 });
  expect(await relay.play(bob, "data.get('n')")).toBe(1);
  expect(relay.stderr()).toContain("LogDamaged");
  await statusOf(relay).counts({ circles_ready: 1, 'circles_failures_total{what="play"}': 1 });
  expect(await run("verify", alice.publicKey)).toBe(1);
  await relay.kill("SIGTERM");

  await rename(join(dbPath, alice.publicKey), join(folder.path, `damaged-${alice.publicKey}`));
  expect(await run("import", backup)).toBe(0);
  relay = await start();
  expect(await relay.play(alice, "data.get('n')")).toBe(1);
  expect(await run("verify")).toBe(0);
  await relay.kill("SIGTERM");
  await folder.remove();
});
