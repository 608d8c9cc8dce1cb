import { posix, win32 } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldCase, NameRefused, namedAt, pathOf } from "./names.ts";

/** What somebody might try, and what it is. */
const HOSTILE: readonly (readonly [why: string, name: string])[] = [
  ["nothing", ""],
  ["this folder", "."],
  ["the folder above", ".."],
  ["out of the circle", "../config/policy"],
  ["out of the circle from within", "a/../../config/policy"],
  ["back to where it was", "a/../b"],
  ["out of it at the end", "a/.."],
  ["this folder in between", "a/./b"],
  ["more dots", "..."],
  ["dots and a name", "..a"],
  ["a hidden file", ".hidden"],
  ["a hidden folder", ".git/config"],
  ["a dot at the end", "a."],
  ["dots at the end of a folder", "a../b"],
  ["an absolute path", "/etc/passwd"],
  ["an absolute path twice", "//etc/passwd"],
  ["an empty segment", "a//b"],
  ["an empty last segment", "a/"],
  ["only a slash", "/"],
  ["a Windows path", "..\\..\\windows"],
  ["one backslash", "a\\b"],
  ["a drive", "C:\\a"],
  ["a drive without a slash", "C:a"],
  ["a network share", "\\\\host\\share"],
  ["a Windows device path", "\\\\.\\pipe\\x"],
  ["an alternate data stream", "a:b"],
  ["a stream's type", "a::$DATA"],
  ["NUL", "a\0b"],
  ["NUL at the end", "a\0"],
  ["a line break", "a\nb"],
  ["a carriage return", "a\rb"],
  ["a tab", "a\tb"],
  ["escape", "a\u001b[2Jb"],
  ["delete", "a\u007f"],
  ["a C1 control character", "a\u0085b"],
  ["a wildcard", "*"],
  ["a question mark", "a?"],
  ["a quote", 'a"b'],
  ["a redirection", "a<b"],
  ["another redirection", "a>b"],
  ["a pipe", "a|b"],
  ["a space in front", " a"],
  ["a space behind", "a "],
  ["a space behind a folder", "a /b"],
  ["a no-break space in front", "\u00a0a"],
  ["an ideographic space behind", "a\u3000"],
  ["a line separator", "a\u2028b"],
  ["a paragraph separator", "a\u2029b"],
  ["text turned round", "a\u202egpj.exe"],
  ["a mark for text direction", "a\u200fb"],
  ["an isolated direction", "a\u2066b"],
  ["a zero width space", "a\u200bb"],
  ["a zero width joiner", "a\u200db"],
  ["a byte order mark", "\ufeffa"],
  ["a soft hyphen", "a\u00adb"],
  ["an invisible tag", "a\u{e0041}"],
  ["a noncharacter", "a\uffff"],
  ["another noncharacter", "a\ufdd0"],
  ["a character that is not assigned", "a\u0378"],
  ["half a character", "a\ud800"],
  ["the other half", "\udc00a"],
  ["letters and their accents apart", "e\u0301"],
  ["an Ångström sign", "\u212b"],
  ["a Kelvin sign", "\u212a"],
  ["Hangul apart", "\u1112\u1161\u11ab"],
  ["a device", "con"],
  ["a device in capitals", "NUL"],
  ["a device with an ending", "aux.txt"],
  ["a device with a space before its ending", "prn .txt"],
  ["a device as a folder", "a/com1/b"],
  ["a numbered device", "LPT9"],
  ["a numbered device, raised", "com²"],
  ["a console's device", "CONIN$"],
  ["a segment of 101 bytes", "x".repeat(101)],
  ["a segment of 101 bytes in 51 characters", `${"é".repeat(50)}x`],
  ["33 segments", Array.from({ length: 33 }, () => "a").join("/")],
  ["a hundred thousand segments", "a/".repeat(100_000)],
  ["a million characters", "x".repeat(1_000_000)],
];

const ALLOWED = [
  "a",
  "notes/a",
  "2026-11-23",
  "a b",
  "a.b",
  "a.json",
  "a.json/b",
  "Größe",
  "日本語/ノート",
  "🎂",
  "x".repeat(100),
  Array.from({ length: 32 }, () => "y".repeat(100)).join("/"),
  "__proto__",
  "constructor",
  "~",
  "$HOME",
  "%2e%2e",
  "`id`",
  "-rf",
  "console",
  "com10",
  "null",
];

const someCharacters = fc.constantFrom(..."aAzZ09_-. /éßẞΣσςıİſ日🎂\u0301\u200b\0\\:~".split(""));
/** Texts near the border between names and what is none. */
const anyText = fc.oneof(
  fc.string({ unit: someCharacters, maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({ unit: "grapheme", maxLength: 120 }),
  fc.constantFrom(...HOSTILE.map(([, name]) => name.slice(0, 200)), ...ALLOWED),
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
  it.each(HOSTILE)("[NS2] %s is refused: %j", (_, name) => {
    expect(() => pathOf(kind, name)).toThrow(NameRefused);
    expect(namedAt(wouldBe(kind, name))).toBeUndefined();
  });

  it.each(ALLOWED.filter((name) => kind === "document" || isFile(name)))("[NS1] %j is one", (name) => {
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
