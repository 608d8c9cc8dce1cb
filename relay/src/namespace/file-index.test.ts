import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NameIndex } from "./name-index.ts";
import { documentPath, foldCase, NameRefused } from "./names.ts";

type Change = { remove: string[]; add: string[] };

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

describe("NameIndex", () => {
  const changed = (index: NameIndex, change: Change) => {
    try {
      index.change(change);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(NameRefused);
      return false;
    }
  };

  it("[NS4] refuses what comparing every two names refuses, and then has changed nothing", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 30 }), fc.uniqueArray(anyName.map(documentPath)), (changes, all) => {
        const [index, naive] = [new NameIndex(), new NaiveIndex()];
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
    const [index, both] = [new NameIndex(), new NameIndex()];
    index.change({ remove: [], add: first.map(documentPath) });
    expect(changed(index, { remove: [], add: second.map(documentPath) })).toBe(false);
    expect(changed(both, { remove: [], add: [...first, ...second].map(documentPath) })).toBe(false);
    // In exchange for the other it can come.
    expect(changed(index, { remove: first.map(documentPath), add: second.map(documentPath) })).toBe(true);
  });
});
