import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type FileChange, FileIndex, StorageFull } from "./file-index.ts";
import { foldCase, NameRefused, pathOf } from "./names.ts";

const documentPath = (name: string) => pathOf("document", name);

type Change = { remove: string[]; add: string[] };

const changesOf = ({ remove, add }: Change): FileChange[] => [
  ...add.map((path) => ({ path, bytes: 1 })),
  ...remove.map((path) => ({ path, bytes: undefined })),
];

/** The same, by comparing every two paths. */
class NaiveIndex {
  paths = new Set<string>();

  change({ remove, add }: Change): boolean {
    const paths = new Set([...[...this.paths].filter((path) => !remove.includes(path)), ...add]);
    for (const a of paths) for (const b of paths) if (a !== b && clash(a, b)) return false;
    this.paths = paths;
    return true;
  }
}

function clash(a: string, b: string): boolean {
  const [shorter, longer] = [a.split("/"), b.split("/")].toSorted((x, y) => x.length - y.length) as [
    string[],
    string[],
  ];
  for (const [i, segment] of shorter.entries()) {
    const other = longer[i] ?? "";
    if (foldCase(segment) !== foldCase(other)) return false;
    if (segment !== other) return true; // equal but for case, as files or as folders
  }
  return true; // one is the other's folder
}

const anyName = fc
  .array(fc.constantFrom("a", "A", "b", "a.json", "A.json", "ß", "SS"), { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join("/"));
const anyPaths = fc.uniqueArray(anyName.map(documentPath), { maxLength: 3 });
const anyChange = fc
  .record({ remove: anyPaths, add: anyPaths })
  .map(({ remove, add }) => ({ remove, add: add.filter((path) => !remove.includes(path)) }));

describe("FileIndex", () => {
  const changed = (index: FileIndex, change: Change) => {
    try {
      index.change(changesOf(change));
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(NameRefused);
      return false;
    }
  };

  it("[NS4] refuses what comparing every two names refuses, and then has changed nothing", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 30 }), fc.uniqueArray(anyName.map(documentPath)), (changes, all) => {
        const [index, naive] = [new FileIndex(), new NaiveIndex()];
        for (const change of changes) expect(changed(index, change)).toBe(naive.change(change));
        for (const path of all) expect(index.has(path)).toBe(naive.paths.has(path));
        // What is left of folders, or was not put back, shows when everything goes and something else comes.
        expect(changed(index, { remove: [...naive.paths], add: [] })).toBe(true);
        for (const path of all) {
          expect(changed(index, { remove: [], add: [path] })).toBe(true);
          expect(changed(index, { remove: [path], add: [] })).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each<[string, string[], string[]]>([
    ["in case", ["note"], ["Note"]],
    ["in case of a folder", ["notes/a"], ["Notes/b"]],
    ["as a document in a folder's place", ["a.json/b"], ["a"]],
    ["as a folder in a document's place", ["a"], ["a.json/b"]],
    ["as a folder in a document's place, but for case", ["a"], ["A.json/b"]],
    ["in sharp s", ["straße"], ["STRASSE"]],
  ])("[NS4] refuses two names that differ only %s, one after the other and at once", (_, first, second) => {
    const [index, both] = [new FileIndex(), new FileIndex()];
    index.change(changesOf({ remove: [], add: first.map(documentPath) }));
    expect(changed(index, { remove: [], add: second.map(documentPath) })).toBe(false);
    expect(changed(both, { remove: [], add: [...first, ...second].map(documentPath) })).toBe(false);
    // In exchange for the other it can come.
    expect(changed(index, { remove: first.map(documentPath), add: second.map(documentPath) })).toBe(true);
  });

  it("[NS11] counts the bytes of all files exactly, whatever changes and is refused", () => {
    const everything = (sizes: ReadonlyMap<string, number>) => {
      const folders = Array.from(sizes.keys()).flatMap((path) =>
        path
          .split("/")
          .slice(0, -1)
          .map((_, i, segments) => segments.slice(0, i + 1).join("/")),
      );
      const contents = Array.from(sizes.values()).reduce((sum, bytes) => sum + bytes, 0);
      return contents + 1_024 * (sizes.size + new Set(folders).size);
    };
    const anySizes = fc.array(fc.tuple(anyName.map(documentPath), fc.option(fc.nat(100))), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(anySizes, { maxLength: 30 }), (all) => {
        const index = new FileIndex();
        let sizes = new Map<string, number>();
        for (const changes of all) {
          const once = new Map(changes.map(([path, bytes]) => [path, bytes ?? undefined]));
          const next = new Map(sizes);
          for (const [path, bytes] of once) {
            if (bytes === undefined) next.delete(path);
            else next.set(path, bytes);
          }
          try {
            index.change(
              Array.from(once, ([path, bytes]) => ({ path, bytes })),
              { allowed: 8_400 },
            );
            sizes = next;
          } catch (error) {
            if (error instanceof StorageFull) expect(everything(next)).toBeGreaterThan(8_400);
            else expect(error).toBeInstanceOf(NameRefused);
          }
          expect(index.usedBytes).toBe(everything(sizes));
          for (const [path] of all.flat()) expect(index.has(path), path).toBe(sizes.has(path));
        }
      }),
    );
  });

  it("[NS11] refuses to grow beyond what is allowed, and never to shrink, nor what rules the circle", () => {
    const index = new FileIndex();
    const change = (path: string, bytes: number | undefined) => index.change([{ path, bytes }], { allowed: 2_058 });
    change("data/a.json", 8);
    expect(() => change("data/b.json", 3)).toThrow(StorageFull);
    expect([index.has("data/b.json"), index.usedBytes]).toEqual([false, 2_056]); // each file and folder is 1,024 bytes beside
    change("config/policy.json", 100);
    expect(() => change("data/b.json", 1)).toThrow(StorageFull);
    change("data/a.json", 7);
    const [waiting, another] = ["0", "1"].map((digit) => `inbox/${digit.repeat(32)}.json`) as [string, string];
    index.change([{ path: waiting, bytes: 5 }]);
    change(waiting, 5_000); // it can be decided on
    expect(() => change(another, 1)).toThrow(StorageFull);
    change(waiting, undefined);
    change("data/a.json", undefined);
    expect(index.usedBytes).toBe(100);
  });

  it("[NS12] lists a range of many names without looking at the others", () => {
    const index = new FileIndex();
    const path = (i: number) => documentPath(`n/${String(i).padStart(6, "0")}`);
    index.change(Array.from({ length: 100_000 }, (_, i) => ({ path: path(i), bytes: 1 })));
    index.change([{ path: path(50_001), bytes: undefined }]);
    index.change([
      { path: documentPath("n/050000a"), bytes: 1 },
      { path: "data/n/050000b.txt", bytes: 1 },
    ]);
    const list = (start: string, limit: number) => index.list({ kind: "document", prefix: "n/", start, limit });
    expect(list("n/050000", 3)).toEqual(["n/050000", "n/050000a", "n/050002"]);
    expect(list("", 2)).toEqual(["n/000000", "n/000001"]);
    expect(list("n/099999", 5)).toEqual(["n/099999"]);
    expect(index.list({ kind: "file", prefix: "" })).toEqual(["n/050000b.txt"]);
    const startsWith = vi.spyOn(String.prototype, "startsWith");
    list("n/050000", 3);
    expect(startsWith.mock.calls.length).toBeLessThan(10);
    startsWith.mockRestore();
  });
});
