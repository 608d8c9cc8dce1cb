import { readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PublicKey } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commit, documentsOf } from "../../test/circle-states.ts";
import { alice, bob, mallory } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { realDisk } from "./disk.ts";
import type { Namespace } from "./namespace.ts";
import { Namespaces, type NamespacesOptions } from "./namespaces.ts";
import { LogDamaged } from "./read-log.ts";

const CIRCLES = [alice, bob, mallory].map(({ publicKey }) => publicKey) as [PublicKey, PublicKey, PublicKey];
const [A, B, C] = CIRCLES;

describe("Namespaces", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let namespaces: Namespaces;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    await start();
    for (const circle of CIRCLES) await namespaces.with(circle, (namespace) => commit(namespace, "made", { n: 0 }));
  });
  afterEach(async () => {
    await namespaces.close();
    await folder.remove();
  });

  const start = async (options: Partial<NamespacesOptions> = {}) => {
    await namespaces?.close();
    namespaces = new Namespaces({ dbPath: folder.path, ...options });
  };
  /** The namespace that somebody gets now. */
  const look = (circle: PublicKey) => namespaces.with(circle, async (namespace) => namespace);
  /** Uses a circle until told to stop. */
  const hold = async (circle: PublicKey) => {
    let stop: () => void = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    let ended: Promise<void> = Promise.resolve();
    const namespace = await new Promise<Namespace>((resolve) => {
      ended = namespaces.with(circle, async (namespace) => {
        resolve(namespace);
        await stopped;
      });
    });
    return {
      namespace,
      async end() {
        stop();
        await ended;
      },
    };
  };
  let plays = 0;
  const increment = async (circle: PublicKey) =>
    namespaces.with(circle, async (namespace) => {
      const { n } = documentsOf(namespace) as { n: number };
      await commit(namespace, `play-${plays++}`, { n: n + 1 });
    });

  it("[NS9] opens a circle once for all who use it at the same time, and keeps it open", async () => {
    await start();
    const [one, other] = await Promise.all([look(A), look(A)]);
    expect(one).toBe(other);
    expect(await look(A)).toBe(one);
    expect(await look(B)).not.toBe(one);
  });

  it("[NS9] closes the circle that was not used for longest when too many are open", async () => {
    await start({ mostIdle: 2 });
    const [a, b] = [await look(A), await look(B)];
    expect(await look(A)).toBe(a);
    await look(C);
    expect(await look(A)).toBe(a);
    expect(await look(B)).not.toBe(b);
  });

  it("[NS9] does not close a circle in use", async () => {
    await start({ mostIdle: 0 });
    const held = await hold(A);
    for (const circle of [B, C, B, A]) await look(circle);
    expect(await look(A)).toBe(held.namespace);
    await commit(held.namespace, "still open", { n: 7 });
    await held.end();
    const again = await look(A);
    expect(again).not.toBe(held.namespace);
    expect(documentsOf(again)).toEqual({ n: 7 });
  });

  it("[NS9] opens a circle again only when it is closed: nothing is lost, however often that happens", async () => {
    await start({ mostIdle: 0 });
    const turns = CIRCLES.map(async (circle, i) => {
      for (let n = 0; n < 30 + i; n++) await increment(circle);
    });
    await Promise.all(turns);
    for (const [i, circle] of CIRCLES.entries()) expect(documentsOf(await look(circle))).toEqual({ n: 30 + i });
  });

  it("[NS9] opens a circle again only when its files are written", async () => {
    const repaired: string[] = [];
    await start({ mostIdle: 0, onRepaired: (_, names) => repaired.push(...names) });
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d${i}`, i]));
    await namespaces.with(A, (namespace) => commit(namespace, "t1", many));
    expect(documentsOf(await look(A))).toEqual({ n: 0, ...many });
    expect(repaired).toEqual([]);
  });

  it("[NS9] circles that are not on disk take no place, whoever asks for them", async () => {
    await start({ mostIdle: 1 });
    const a = await look(A);
    for (let i = 0; i < 5; i++) {
      expect((await look(`03${String(i).repeat(64)}` as PublicKey)).exists).toBe(false);
    }
    expect(await look(A)).toBe(a);
    expect((await readdir(folder.path)).toSorted()).toEqual(CIRCLES.toSorted());
  });

  it("[NS10] opens a circle anew after a commit in it failed", async () => {
    let isBroken = false;
    const sync = async (file: number) => (isBroken ? Promise.reject(new Error("EIO")) : realDisk.sync(file));
    await start({ disk: { ...realDisk, sync } });
    await increment(A);
    isBroken = true;
    await expect(increment(A)).rejects.toThrow("EIO");
    isBroken = false;
    await increment(A);
    expect(documentsOf(await look(A))).toEqual({ n: 2 });
  });

  it("[NS10] a circle that failed while others use it is opened anew when they are done", async () => {
    let isBroken = false;
    const sync = async (file: number) => (isBroken ? Promise.reject(new Error("EIO")) : realDisk.sync(file));
    await start({ disk: { ...realDisk, sync } });
    const held = await hold(A);
    isBroken = true;
    await expect(increment(A)).rejects.toThrow("EIO");
    isBroken = false;
    await expect(increment(A)).rejects.toThrow(/closed after a failure/);
    await held.end();
    await increment(A);
    expect(documentsOf(await look(A))).toEqual({ n: 1 });
  });

  it("[NS10] opens a circle anew that failed while nobody used it", async () => {
    const repaired: unknown[] = [];
    await start({ onRepaired: (circle, names) => repaired.push([circle, names]) });
    const data = join(folder.path, A, "data");
    const idle = await look(A);
    await rename(data, `${data}.moved`);
    await symlink(`${data}.moved`, data);
    await namespaces.with(A, (namespace) => commit(namespace, "t1", { n: 5 }));
    await expect.poll(() => idle.failed).toBe(true);
    await expect(look(A)).rejects.toThrow(/link/);
    await rename(data, `${data}.link`);
    expect(documentsOf(await look(A))).toEqual({ n: 5 });
    expect(repaired).toEqual([[A, ["data/n.json"]]]);
  });

  it("[LG4] a circle whose log is damaged stays closed until somebody has looked, and no other", async () => {
    await start();
    const log = join(folder.path, A, "logs", "plays-000001.jsonl");
    const whole = await readFile(log);
    await writeFile(log, Buffer.from(whole).fill("x", 9, 10));
    for (let i = 0; i < 2; i++) await expect(look(A)).rejects.toThrow(LogDamaged);
    await increment(B);
    await writeFile(log, whole);
    await increment(A);
  });

  it("[NS9] what is used is the circle's own, and its failure the caller's", async () => {
    await expect(namespaces.with(A, () => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
    expect((await look(A)).circle).toBe(A);
    expect((await look(A)).failed).toBe(false);
  });
});
