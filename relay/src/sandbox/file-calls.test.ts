import { describe, expect, it } from "vitest";
import {
  type DirectPlay,
  holding,
  makeInstance,
  playIn,
  resultOf,
  TestAuthority,
} from "../../test/instance-under-test.ts";

const FILES = {
  "data/a.json": { json: "1" },
  "data/b.json": { json: "2" },
  "data/notes/c.json": { json: "3" },
  "data/t.txt": { text: "text" },
  "data/p.bin": { base64: "AP8=" },
};

const instance = makeInstance();
const play = (script: string, given: DirectPlay = {}) => playIn(instance, script, { files: FILES, ...given });
const value = (script: string, given?: DirectPlay) => resultOf(play(script, given));

describe("lists", () => {
  it("[SB15] name what may be read, and nothing else", () => {
    const authority = holding("read:any", "read:a", "read:notes/c");
    expect(value("[data.list(), data.list('n'), files.list()]", { authority })).toEqual([
      ["a", "notes/c"],
      ["notes/c"],
      [],
    ]);
  });

  it("[SB15] are denied to whoever may read nothing", () => {
    const authority = holding("write:a");
    expect(play("data.list('notes/')", { authority }).end).toEqual({ kind: "denied", capability: "read:notes/**" });
    expect(play("files.list()", { authority }).end).toEqual({ kind: "denied", capability: "read:**" });
  });

  it("[SB17] give a part, from a name on, own writes among them", () => {
    const script = `data.set("ab", 1); data.set("z", 1); data.delete("b"); files.write("q.txt", "");
      [data.list(), data.list("", { start: "ab" }), data.list("", { limit: 2 }), data.list("a", { start: "aa", limit: 5 }),
       data.list("", { start: "zz" }), files.list("", { start: "q", limit: 1 }), files.list()]`;
    expect(value(script)).toEqual([
      ["a", "ab", "notes/c", "z"],
      ["ab", "notes/c", "z"],
      ["a", "ab"],
      ["ab"],
      [],
      ["q.txt"],
      ["p.bin", "q.txt", "t.txt"],
    ]);
  });

  it("[SB17] of many names are the same page by page", () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `n${String(i).padStart(5, "0")}`);
    const files = Object.fromEntries(names.map((name) => [`data/${name}.json`, { json: "1" }]));
    const odd = new TestAuthority((capability) => capability === "read:any" || /[13579]$/.test(capability));
    expect(value("data.list()", { files })).toEqual(names);
    const own =
      "for (let i = 0; i < 100; i++) { data.delete('n0' + (1000 + i)); data.set('n0' + (1000 + i) + 'x', 1) }";
    const changed = names.flatMap((name) => (name.startsWith("n010") ? [`${name}x`] : [name]));
    expect(value(`${own} data.list()`, { files })).toEqual(changed);
    expect(value("data.list('', { limit: 1200 })", { files, authority: odd })).toEqual(
      names.filter((name) => /[13579]$/.test(name)).slice(0, 1_200),
    );
  });

  it.each(["1", "{ limit: 0 }", "{ limit: -1 }", "{ limit: 1.5 }", "{ limit: '1' }", "{ start: 1 }", "null"])(
    "[SB17] refuse %s",
    (options) => {
      expect(play(`data.list("", ${options})`).end).toMatchObject({ kind: "thrown", name: "TypeError" });
    },
  );
});

describe("deleting", () => {
  it("[SB15] tells whether there was one only to who may read it", () => {
    const script =
      "[data.delete('a'), data.delete('none'), files.delete('t.txt'), files.delete('none.txt')].map(String)";
    expect(value(script)).toEqual(["true", "false", "true", "false"]);
    const names = ["a", "none", "t.txt", "none.txt"];
    const authority = holding(...names.map((name) => `write:${name}`));
    const blind = play(script, { authority });
    expect(resultOf(blind)).toEqual(["undefined", "undefined", "undefined", "undefined"]);
    expect(blind.looked).toEqual([]);
    expect(blind.writes).toHaveLength(4); // as many whether there was one or not
  });
});

describe("files", () => {
  it("[SB17] keep texts and bytes as they are", () => {
    const bytes = "const b = new Uint8Array(256); for (let i = 0; i < 256; i++) b[i] = i;";
    const { writes, end } = play(`${bytes} files.write("b.bin", b); files.write("c", b.buffer); files.write("e", "");
      files.write("t", "\\u0000é😀\\ud800\\n"); [files.read("t"), files.read("e"), Array.from(files.read("b.bin", "bytes")),
      Array.from(files.read("c", "bytes")).length, files.read("p.bin", "bytes"), files.read("t.txt"),
      String(files.read("none")), String(files.read("none", "bytes"))]`);
    const all = Array.from({ length: 256 }, (_, i) => i);
    expect(end).toMatchObject({
      output: JSON.stringify(["\0é😀\ufffd\n", "", all, 256, { 0: 0, 1: 255 }, "text", "undefined", "undefined"]),
    });
    const base64 = Buffer.from(all).toString("base64");
    expect(writes).toEqual([
      { path: "data/b.bin", content: { base64 } },
      { path: "data/c", content: { base64 } },
      { path: "data/e", content: { text: "" } },
      { path: "data/t", content: { text: "\0é😀\ufffd\n" } },
    ]);
  });

  it("[SB17] are one name space with documents, by which neither reaches the other", () => {
    expect(value("[data.get('t.txt') === undefined, files.list(), files.read('a') === undefined]")).toEqual([
      true,
      ["p.bin", "t.txt"],
      true,
    ]);
  });

  it.each(["p.bin", "own.bin"])("[SB17] bytes that are no text cannot be read as one: %s", (name) => {
    const own = "files.write('own.bin', new Uint8Array([255]));";
    expect(play(`${own} files.read("${name}")`).end).toMatchObject({ kind: "thrown", name: "TypeError" });
  });

  it.each(["1", "null", "{}", "[1]", "new Uint16Array(2)", "new DataView(new ArrayBuffer(1))", "undefined", "() => 1"])(
    "[SB17] %s is no content",
    (content) => {
      expect(play(`files.write("x", ${content})`).end).toMatchObject({ kind: "thrown", name: "TypeError" });
    },
  );

  it("[SB8] count as many bytes as they have", () => {
    const cost = 1_024 + "data/x".length;
    const limits = { storageBytes: cost + 300 };
    const end = { kind: "limit", limit: "storage_bytes" };
    for (const content of ["new Uint8Array(300)", "'é'.repeat(150)", "'x'.repeat(300)"]) {
      expect(play(`files.write("x", ${content})`, { limits }).end.kind).toBe("value");
    }
    for (const content of ["new Uint8Array(301)", "'é'.repeat(151)", "'x'.repeat(301)"]) {
      expect(play(`files.write("x", ${content})`, { limits }).end).toMatchObject(end);
    }
  });

  it("[SB8] one that the heap cannot hold is not even tried", () => {
    const files = { "data/x": { base64: "AAAA".repeat(5e6) } };
    const { end } = play("try { files.read('x', 'bytes') } catch {}", { files, limits: { memoryBytes: 8e6 } });
    expect(end).toMatchObject({ kind: "limit", limit: "memory_bytes", allowed: 8e6 });
  });
});
