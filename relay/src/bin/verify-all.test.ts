import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryOf } from "../../test/entries.ts";
import { forgeSegment } from "../../test/forged-log.ts";
import { alice, bob, mallory } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { runCircleCommand } from "./circle-commands.ts";

describe("commands for circles that somebody meddled with", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let said: string[];
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    said = [];
  });
  afterEach(() => folder.remove());
  const parts = { say: (line: string) => void said.push(line), ask: async () => undefined };
  const inCircle = (key: string, ...path: string[]) => join(folder.path, key, ...path);
  const verify = () =>
    runCircleCommand({ do: "verify", dbPath: folder.path, circle: undefined, head: undefined }, parts);

  it("[CL7] verify looks at every circle, whatever it finds in one", async () => {
    const keys = [alice, bob, mallory].map(({ publicKey }) => publicKey).toSorted();
    const [first = alice.publicKey, second = alice.publicKey, third = alice.publicKey] = keys;
    await mkdir(inCircle(first, "logs", "plays-000001.jsonl"), { recursive: true });
    await mkdir(inCircle(second, "data"), { recursive: true });
    await mkdir(inCircle(third, "logs"), { recursive: true });
    await writeFile(inCircle(third, "logs", "plays-000001.jsonl"), forgeSegment(third, [entryOf()]).bytes);
    expect(await verify()).toBe(false);
    expect(said).toEqual([
      expect.stringMatching(`circle ${first}: CANNOT BE READ: log: expected a plain file`),
      expect.stringMatching(`circle ${third}: 1 records, 1 to 1, head 1:`),
    ]);
    await writeFile(inCircle(second, "data", "a.json"), "1\n");
    said = [];
    expect(await verify()).toBe(false);
    expect(said).toContain(`circle ${second}: NO LOG, though data/a.json is there`);
  });

  it("[CL9] delete removes what one before it that was cut short left", async () => {
    await mkdir(inCircle(alice.publicKey), { recursive: true });
    await mkdir(inCircle(`${alice.publicKey}.deleted`, "data"), { recursive: true });
    const command = { do: "delete", dbPath: folder.path, circle: alice.publicKey, yes: true } as const;
    expect(await runCircleCommand(command, parts)).toBe(true);
    expect(await readdir(folder.path)).toEqual([]);
  });
});
