import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TaskId } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commit, documentsOf } from "../../test/circle-states.ts";
import { alice, bob } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { Namespace } from "./namespace.ts";
import { listSegments, segmentName } from "./segments.ts";

const circle = alice.publicKey;

describe("a checkpoint of a circle", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let namespace: Namespace;
  let errors: unknown[];
  let repaired: string[];
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    [errors, repaired] = [[], []];
    await open();
  });
  afterEach(async () => {
    await namespace.close();
    await folder.remove();
  });

  const open = async () => {
    namespace = await Namespace.open({
      dbPath: folder.path,
      circle,
      segmentBytes: 2_000,
      onError: (error) => errors.push(error),
      onRepaired: (paths) => repaired.push(...paths),
    });
  };
  const inCircle = (path: string) => join(folder.path, circle, path);
  /** Plays until a checkpoint is whole, or has failed. */
  const playOn = async () => {
    const before = (await listSegments(inCircle("logs"))).length;
    const isWhole = async () => {
      const newest = (await listSegments(inCircle("logs"))).at(-1) ?? 1;
      const text = await readFile(inCircle(`logs/${segmentName(newest)}`), "utf8");
      return newest > before && text.includes('"last":true');
    };
    for (let i = 0; !namespace.failed && !(await isWhole()); i++) {
      await commit(namespace, `on-${i}`, { on: "x".repeat(500) }).catch(() => {});
    }
    await namespace.close();
  };

  it("[LG11] has all documents, those too that changed and went while it was written", async () => {
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f/${i}`, i]));
    await commit(namespace, "t0", many);
    const commits: Promise<unknown>[] = [];
    for (let i = 0; i < 300; i++) {
      commits.push(commit(namespace, `t${i}`, { [`f/${i}`]: "changed", [`f/${599 - i}`]: undefined, [`g/${i}`]: i }));
      if (i % 10 === 0) await commits.at(-1);
    }
    await Promise.all(commits);
    const before = documentsOf(namespace);
    expect((await listSegments(inCircle("logs"))).length).toBeGreaterThan(1);
    await namespace.close();
    await open();
    expect(documentsOf(namespace)).toEqual(before);
    expect([repaired, errors]).toEqual([[], []]);
  });

  it("[LG8] keeps from which record each task is answered, however often the circle is opened again", async () => {
    const seqs = new Map<string, number>();
    for (let opened = 0; opened < 6; opened++) {
      for (let i = 0; i < 100; i++) {
        const { seq } = await commit(namespace, `t${opened}-${i}`);
        seqs.set(`t${opened}-${i}`, seq);
      }
      await namespace.close();
      await open();
    }
    expect((await listSegments(inCircle("logs"))).length).toBeGreaterThan(6);
    for (const [id, seq] of seqs) {
      const known = await namespace.recall(circle, id as TaskId);
      expect([known?.record.task, known?.record.seq, known?.head.seq]).toEqual([id, seq, seq]);
    }
    for (let i = 0; i < 100; i++) expect(await namespace.recall(circle, `new-${i}` as TaskId)).toBeUndefined();
    expect(await namespace.recall(bob.publicKey, "t0-0" as TaskId)).toBeUndefined();
  });

  it("[LG11] comes after more has happened than it holds, be that documents or tasks", async () => {
    for (let i = 0; i < 500; i++) await commit(namespace, `t${i}`);
    await namespace.close();
    const segments = await listSegments(inCircle("logs"));
    const texts = await Promise.all(
      segments.map((number) => readFile(inCircle(`logs/${segmentName(number)}`), "utf8")),
    );
    const ofCheckpoints = texts.flatMap((text) => text.match(/^.*"checkpoint":.*$/gm) ?? []).join("").length;
    expect(ofCheckpoints).toBeGreaterThan(0);
    expect(ofCheckpoints).toBeLessThan(texts.join("").length / 2);
  });

  it.each<[string, () => Promise<unknown>]>([
    ["changed to another of its length", () => writeFile(inCircle("data/a.json"), "2\n")],
    ["changed to what is no JSON", () => writeFile(inCircle("data/a.json"), '1}],"end":{"\n')],
    ["deleted", () => rm(inCircle("data/a.json"))],
  ])("[NS8] does not take up a file that somebody %s", async (_, change) => {
    await commit(namespace, "t1", { a: 1 });
    await namespace.close();
    await open();
    await change();
    await playOn();
    expect(errors).toMatchObject([{ message: expect.stringContaining("somebody") }]);
    await open();
    expect(documentsOf(namespace)).toMatchObject({ a: 1 });
    expect(repaired).toEqual(["data/a.json"]);
    await playOn();
    await open();
    expect(documentsOf(namespace)).toMatchObject({ a: 1 });
    expect(errors).toHaveLength(1);
  });
});
