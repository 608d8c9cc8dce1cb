import { cpSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LoggedCircle, openedState } from "../../test/logged-circle.ts";
import { alice } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { type Disk, realDisk } from "./disk.ts";
import { listSegments, segmentName } from "./segments.ts";

const circle = alice.publicKey;

/** A disk that tells before each thing that it does, and writes in two parts what it is given. */
function steppedDisk(onStep: () => void): Disk {
  const after = <A, T>(use: (argument: A) => Promise<T>) => {
    return async (argument: A) => {
      onStep();
      return use(argument);
    };
  };
  let isBegun = false;
  return {
    ...realDisk,
    append(file, bytes) {
      onStep();
      isBegun = !isBegun;
      return realDisk.append(file, isBegun ? bytes.subarray(0, bytes.length / 2) : bytes);
    },
    sync: after(realDisk.sync),
    create: after(realDisk.create),
    async link(path, name) {
      onStep();
      return realDisk.link(path, name);
    },
    remove: after(realDisk.remove),
    syncFolder: after(realDisk.syncFolder),
  };
}

type Command = { readonly do: "set" | "delete"; readonly path: string } | { readonly do: "checkpoint" | "reopen" };
const anyPath = fc.constantFrom("a", "b", "c", "d");
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("set" as const), path: anyPath }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), path: anyPath }) },
  { weight: 2, arbitrary: fc.constant({ do: "checkpoint" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "reopen" as const }) },
);

describe("a log that was stopped", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let runs = 0;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(() => folder.remove());

  /**
   * Runs commands in a new folder. Answers a copy of it as a process leaves it that is killed at a step, and what may be
   * in the circle then: what there was before the play that was under way, or with it.
   */
  const run = async (commands: readonly Command[], { stopAt }: { stopAt: number }) => {
    runs += 1;
    const at = join(folder.path, `run-${runs}`);
    await mkdir(at);
    const files = new Map<string, string>();
    let possible: object[] = [{}];
    let stopped: { at: string; possible: object[] } | undefined;
    let steps = 0;
    const disk = steppedDisk(() => {
      steps += 1;
      if (steps !== stopAt) return;
      stopped = { at: `${at}-stopped`, possible };
      cpSync(at, stopped.at, { recursive: true });
    });
    const options = { folder: at, circle, disk };
    let one = await LoggedCircle.create(options);
    let checkpoint: Promise<unknown> = Promise.resolve();
    for (const [i, command] of commands.entries()) {
      if ("path" in command) {
        const text = command.do === "set" ? `${i}` : null;
        const before = Object.fromEntries(files);
        if (text === null) files.delete(command.path);
        else files.set(command.path, text);
        possible = [before, Object.fromEntries(files)];
        await one.play(command.path, text);
        possible = [Object.fromEntries(files)];
      } else if (command.do === "checkpoint") {
        await checkpoint;
        checkpoint = one.checkpoint();
      } else {
        await one.log.close();
        await checkpoint;
        one = (await LoggedCircle.open(options)) ?? one;
        expect(one.files).toEqual(Object.fromEntries(files));
      }
    }
    await one.log.close();
    await checkpoint;
    expect(await openedState({ folder: at, circle })).toEqual({ files: Object.fromEntries(files), head: one.log.head });
    return { at, stopped };
  };

  it("[LG5] at any step, in whatever it did, has what was acknowledged and nothing in part, and goes on", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyCommand, { maxLength: 25 }),
        fc.integer({ min: 1, max: 60 }),
        async (commands, stopAt) => {
          const { stopped } = await run(commands, { stopAt });
          fc.pre(stopped !== undefined); // others have not so many steps, and do not count
          const options = { folder: stopped.at, circle };
          const { files } = await openedState(options);
          expect(stopped.possible).toContainEqual(files);
          const again = (await LoggedCircle.open(options)) ?? (await LoggedCircle.create(options));
          await again.play("after", "1");
          expect(await again.checkpoint()).toBe(true);
          await again.log.close();
          expect((await openedState(options)).files).toEqual({ ...files, after: "1" });
        },
      ),
      { numRuns: 100 },
    );
  });

  it("[LG5] with the last batch of its newest segment cut anywhere, is as if that had not been written", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyCommand, { minLength: 3, maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (commands, cut) => {
          const { at } = await run(commands, { stopAt: 0 });
          const newest = join(at, segmentName((await listSegments(at)).at(-1) ?? 1));
          const bytes = await readFile(newest);
          const from = Math.max(0, bytes.lastIndexOf('{"batch"'));
          await writeFile(newest, bytes.subarray(0, from));
          const before = await openedState({ folder: at, circle });
          await writeFile(newest, bytes.subarray(0, from + Math.floor(cut * (bytes.length - from))));
          expect(await openedState({ folder: at, circle })).toEqual(cut === 1 ? expect.anything() : before);
        },
      ),
      { numRuns: 100 },
    );
  });
});
