import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** What each room may import, itself aside: the arrows of DESIGN §1, followed as far as they lead. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  keys: ["protocol"],
  sdk: ["protocol", "keys"],
  task: ["protocol"],
  signatures: ["protocol", "keys"],
  broker: ["protocol", "task"],
  sandbox: ["protocol", "task"],
  namespace: ["protocol"],
  policy: ["protocol", "namespace"],
  gateway: ["protocol", "keys", "signatures", "task", "broker"],
  metrics: ["protocol", "task", "gateway", "worker", "signatures", "keys", "broker", "sandbox", "namespace", "policy"],
  worker: ["protocol", "signatures", "task", "broker", "sandbox", "namespace", "policy"],
};

/** Packages of ours that are imported by name. */
const DOORS: Readonly<Record<string, string>> = {
  "@circles/sdk": "sdk",
  "@circles/sdk/protocol": "protocol",
  "@circles/sdk/keys": "keys",
};

const IMPORT = /(?:^|[\n;])\s*(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g;

function importsOf(source: string): string[] {
  return Array.from(source.matchAll(IMPORT), ([, from, bare]) => from ?? bare ?? "");
}

/** The room of a file by its path in the repository; `undefined` where it is free, or its own test. */
function roomOf(path: string): string | undefined {
  if (/\.test(-d)?\.ts$|-contract[^/]*\.ts$/.test(path)) return undefined;
  const [, , first = "", second] = path.split("/");
  const name = second === undefined ? first.replace(/\.ts$/, "") : first;
  if (path.startsWith("sdk/")) return name === "protocol" || name === "keys" ? name : "sdk";
  return ["bin", "http", "launcher"].includes(name) ? undefined : name;
}

type Line = { readonly file: string; readonly room: string; readonly imported: string };

/** Every import line of the two packages, but those of tests and of `bin/`. */
function importLines(): Line[] {
  return ["sdk/src", "relay/src"].flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
      .flatMap((path) => {
        const file = `${folder}/${path}`;
        const room = roomOf(file);
        if (room === undefined) return [];
        return importsOf(readFileSync(join(REPOSITORY, file), "utf8")).map((imported) => ({ file, room, imported }));
      }),
  );
}

/** The room that a line imports from; `undefined` for what is not ours. */
function importedRoom({ file, imported }: Line): string | undefined {
  if (!imported.startsWith(".")) return DOORS[imported];
  const path = relative(REPOSITORY, join(REPOSITORY, dirname(file), imported));
  return roomOf(path) ?? path;
}

describe("import lines", () => {
  const lines = importLines();

  it("[IM1] are found, of every room", () => {
    expect(new Set(lines.map(({ room }) => room))).toEqual(new Set(Object.keys(ARROWS)));
    expect(lines.length).toBeGreaterThan(100);
    const source = `import a from "one";\nimport {\n  b,\n} from "two";\nexport * from "three";\nimport "four";
      import type { C } from "five"; const d = await import("six");\nexport { e } from "seven"; const f = "eight";`;
    expect(importsOf(source).toSorted()).toEqual(["five", "four", "one", "seven", "six", "three", "two"]);
  });

  it("[IM1] point as the arrows of DESIGN do, and no other way", () => {
    const wrong = lines.filter((line) => {
      const to = importedRoom(line);
      return to !== undefined && to !== line.room && !ARROWS[line.room]?.includes(to);
    });
    expect(wrong.map(({ file, imported }) => `${file}: ${imported}`)).toEqual([]);
  });

  it("[IM1] have no circle among the rooms", () => {
    const reaches = (from: string, to: string): boolean =>
      ARROWS[from]?.some((next) => next === to || reaches(next, to)) ?? false;
    expect(Object.keys(ARROWS).filter((room) => reaches(room, room))).toEqual([]);
    expect([reaches("gateway", "worker"), reaches("worker", "gateway"), reaches("sandbox", "broker")]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it("[IM2] of the protocol stay inside it", () => {
    const wrong = lines.filter(({ room, imported }) => room === "protocol" && !/^\.\/[a-z0-9-]+\.ts$/.test(imported));
    expect(wrong).toEqual([]);
  });

  it("[IM2] of protocol and sandbox name nothing of Node, but in files that say so in their names", () => {
    const wrong = lines.filter(
      ({ file, room, imported }) =>
        (room === "protocol" || room === "sandbox") && !/-(thread|node)\.ts$/.test(file) && isBuiltin(imported),
    );
    expect(wrong).toEqual([]);
  });

  it("[IM2] that point at another package's files go through its doors", () => {
    const wrong = lines.filter(({ file, imported }) => {
      if (imported.startsWith("@circles/")) return file.startsWith("sdk/") || !Object.hasOwn(DOORS, imported);
      const [from = ""] = file.split("/");
      return imported.startsWith(".") && !join(dirname(file), imported).startsWith(`${from}/src/`);
    });
    expect(wrong).toEqual([]);
  });
});
