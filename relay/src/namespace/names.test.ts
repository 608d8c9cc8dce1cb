import { posix, win32 } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOSTILE_NAMES, ODD_NAMES } from "../../test/hostile-names.ts";
import { foldCase, NameRefused, namedAt, pathOf } from "./names.ts";

const someCharacters = fc.constantFrom(..."aAzZ09_-. /éßẞΣσςıİſ日🎂\u0301\u200b\0\\:~".split(""));
/** Texts near the border between names and what is none. */
const anyText = fc.oneof(
  fc.string({ unit: someCharacters, maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({ unit: "grapheme", maxLength: 120 }),
  fc.constantFrom(...HOSTILE_NAMES.map(([, name]) => name.slice(0, 200)), ...ODD_NAMES),
);

const KINDS = ["document", "file"] as const;
type Kind = (typeof KINDS)[number];

function tryPathOf(kind: Kind, name: string): string | undefined {
  try {
    return pathOf(kind, name);
  } catch (error) {
    expect(error).toBeInstanceOf(NameRefused);
    return undefined;
  }
}

/** Where it would lie, were it a name. */
const wouldBe = (kind: Kind, name: string) => `data/${name}${kind === "document" ? ".json" : ""}`;
const isFile = (name: string) => !name.toLowerCase().endsWith(".json");

describe.each(KINDS)("names of a %s", (kind) => {
  it.each(HOSTILE_NAMES)("[NS2] %s is refused: %j", (_, name) => {
    expect(() => pathOf(kind, name)).toThrow(NameRefused);
    expect(namedAt(wouldBe(kind, name))).toBeUndefined();
  });

  it.each(ODD_NAMES.filter((name) => kind === "document" || isFile(name)))("[NS1] %j is one", (name) => {
    expect(pathOf(kind, name)).toBe(wouldBe(kind, name));
  });

  it("[NS3] a name has one path and a path one name", () => {
    fc.assert(
      fc.property(anyText, (name) => {
        const path = tryPathOf(kind, name);
        if (path !== undefined) expect(namedAt(path)).toEqual({ kind, name });
        else if (kind === "document") expect(namedAt(wouldBe(kind, name))).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("names", () => {
  it.each([".json", "a/.json", "../a.json", "/a.json", "A\u030a.json", "a.JSON", "a.jsOn", "a.jſon"])(
    "[NS3] nothing of a circle lies at data/%j",
    (path) => {
      expect(namedAt(`data/${path}`)).toBeUndefined();
      expect(() => pathOf("file", path)).toThrow(NameRefused);
    },
  );

  it("[NS3] besides, a circle has its policy, its library and its inbox, and nothing else", () => {
    const id = "0123456789abcdef".repeat(2);
    expect(pathOf("inbox", id)).toBe(`inbox/${id}.json`);
    expect(namedAt(`inbox/${id}.json`)).toEqual({ kind: "inbox", name: id });
    expect(namedAt("config/policy.json")?.kind).toBe("config");
    expect(namedAt("config/library.js")?.kind).toBe("config");
    for (const name of ["", "a", `${id}0`, id.toUpperCase(), "../config/policy", "__proto__"]) {
      expect(() => pathOf("inbox", name)).toThrow(NameRefused);
    }
    for (const path of ["config/x", "logs/plays-000001.jsonl", "inbox/a.json", "data", "data/", "", "/", "strays/a"]) {
      expect(namedAt(path)).toBeUndefined();
    }
  });

  it("[NS3] no name leads out of the folder, on any system", () => {
    fc.assert(
      fc.property(anyText, (name) => {
        for (const path of KINDS.map((kind) => tryPathOf(kind, name))) {
          if (path === undefined) continue;
          expect(posix.resolve("/db/circle", path)).toBe(`/db/circle/${path}`);
          expect(posix.normalize(path)).toMatch(/^data\//);
          expect(win32.resolve("C:\\db", path)).toBe(`C:\\db\\${path.replaceAll("/", "\\")}`);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it("[NS4] letters that are each other's capitals are the same without regard for case, in every form", () => {
    for (let code = 0; code < 0x11_0000; code++) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const letter = String.fromCodePoint(code);
      const folded = foldCase(letter);
      for (const same of [letter.toLowerCase(), letter.toUpperCase(), letter.normalize("NFD"), folded]) {
        if (foldCase(same) !== folded) expect.fail(`${letter} and ${same}`);
      }
    }
  });

  it("[NS4] a name's capitals and its folders are the same without regard for case as it and its folders", () => {
    fc.assert(
      fc.property(anyText, (name) => {
        if (tryPathOf("document", name) === undefined) return;
        expect(foldCase(name.toUpperCase())).toBe(foldCase(name));
        expect(foldCase(name.toLowerCase())).toBe(foldCase(name));
        expect(foldCase(name)).toBe(name.split("/").map(foldCase).join("/"));
      }),
      { numRuns: 5_000 },
    );
  });
});
