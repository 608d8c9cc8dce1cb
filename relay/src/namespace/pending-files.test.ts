import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { PendingFiles } from "./pending-files.ts";
import type { Content } from "./record.ts";

const writesOf = (changes: readonly (readonly [path: string, json: string | null])[]) =>
  changes.map(([path, json]) => ({ path, content: json === null ? null : { json } }));
const jsonOf = (content: Content | null | undefined) => (content && "json" in content ? content.json : null);

/** Files that are written when a test says so. */
class HeldFiles {
  readonly held: Map<string, string | null> = new Map();
  readonly order: string[] = [];
  #waiting: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  async write(name: string, content: Content | null): Promise<void> {
    const value = jsonOf(content);
    await new Promise<void>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    this.order.push(value === null ? `-${name}` : name);
    if (value === null) this.held.delete(name);
    else this.held.set(name, value);
  }

  /** Lets one write happen; answers whether one waited. */
  async step(): Promise<boolean> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve();
    await new Promise(setImmediate);
    return waiting !== undefined;
  }

  fail(): void {
    this.#waiting?.reject(new Error("ENOSPC"));
    this.#waiting = undefined;
  }
}

const anyChange = fc.tuple(fc.constantFrom("a", "b", "c"), fc.option(fc.constantFrom("1", "2"), { nil: null }));

describe("PendingFiles", () => {
  it("[NS7] shows what was committed from the commit until it is in the file, and the files end up right", async () => {
    const steps = fc.array(fc.oneof(fc.array(anyChange, { maxLength: 3 }), fc.constant("write" as const)));
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        const files = new HeldFiles();
        const pending = new PendingFiles(files, { lingerMs: 0 });
        const truth = new Map<string, string | null>();
        for (const step of steps) {
          if (step === "write") await files.step();
          else {
            for (const [name, value] of step) truth.set(name, value);
            pending.add(writesOf(step));
          }
          const shown = pending.copy();
          for (const [name, value] of truth) {
            expect(shown.has(name) ? jsonOf(shown.get(name)) : (files.held.get(name) ?? null)).toBe(value);
          }
        }
        while (await files.step());
        await pending.settled();
        expect(pending.copy().size).toBe(0);
        expect(files.held).toEqual(new Map([...truth].filter(([, value]) => value !== null)));
      }),
    );
  });

  it("[NS8] writes deletions first, for they make room", async () => {
    const files = new HeldFiles();
    const pending = new PendingFiles(files, { lingerMs: 0 });
    pending.add(writesOf([["first", "1"]]));
    pending.add(
      writesOf([
        ["a.json/b", "1"],
        ["a", null],
        ["c", "1"],
        ["d", null],
      ]),
    );
    while (await files.step());
    expect(files.order).toEqual(["first", "-a", "-d", "a.json/b", "c"]);
  });

  it("[NS8] writes a document that changes all the time once a round, and the others too", async () => {
    const files = new HeldFiles();
    const pending = new PendingFiles(files, { lingerMs: 0 });
    pending.add(writesOf([["busy", "0"]]));
    pending.add(writesOf([["calm", "1"]]));
    for (let i = 1; i <= 4; i++) {
      pending.add(writesOf([["busy", String(i)]]));
      await files.step();
    }
    expect(files.order).toContain("calm");
    while (await files.step());
    expect(files.held.get("busy")).toBe("4");
  });

  it("[NS10] writes nothing more after a failure, and does not keep anybody waiting", async () => {
    const files = new HeldFiles();
    const pending = new PendingFiles(files, { lingerMs: 0 });
    pending.add(
      writesOf([
        ["a", "x".repeat(20 * 2 ** 20)],
        ["b", "1"],
      ]),
    );
    const room = pending.room();
    await new Promise(setImmediate);
    files.fail();
    await Promise.all([room, pending.settled()]);
    expect(pending.failure).toMatchObject({ message: "ENOSPC" });
    pending.add(writesOf([["c", "1"]]));
    expect(await files.step()).toBe(false);
    expect([...pending.copy().keys()]).toEqual(["a", "b", "c"]);
  });

  it.each<[string, [string, string | null][]]>([
    ["1,000 files", Array.from({ length: 1_001 }, (_, i) => [`d${i}`, null])],
    ["16 MiB", [["d", "x".repeat(16 * 2 ** 20)]]],
  ])("[NS10] makes those wait who come when %s are behind", async (_, documents) => {
    const files = new HeldFiles();
    const pending = new PendingFiles(files, { lingerMs: 0 });
    let hasRoom = false;
    pending.add(writesOf([["first", "1"]]));
    await pending.room();
    pending.add(writesOf(documents));
    const room = pending.room().then(() => {
      hasRoom = true;
    });
    await files.step();
    expect(hasRoom).toBe(false);
    while (await files.step());
    await room;
    expect(hasRoom).toBe(true);
  });

  it("[NS8] writes a file that changes often once in a while, and at once when somebody waits or there is much", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const files = new HeldFiles();
    const pending = new PendingFiles(files);
    for (let i = 0; i < 10; i++) pending.add(writesOf([["busy", String(i)]]));
    expect(await files.step()).toBe(false);
    vi.advanceTimersByTime(500);
    while (await files.step());
    expect([files.order, files.held.get("busy")]).toEqual([["busy"], "9"]);
    pending.add(writesOf([["calm", "1"]]));
    const settled = pending.settled();
    while (await files.step());
    await settled;
    expect(files.held.get("calm")).toBe("1");
    pending.add(writesOf(Array.from({ length: 33 }, (_, i) => [`many/${i}`, "1"] as const)));
    expect(await files.step()).toBe(true);
    vi.useRealTimers();
  });
});
