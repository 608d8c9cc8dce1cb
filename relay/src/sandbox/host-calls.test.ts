import { describe, expect, it } from "vitest";
import {
  type DirectPlay,
  holding,
  makeInstance,
  playIn,
  resultOf,
  TestAuthority,
} from "../../test/instance-under-test.ts";
import type { ToolFiles, Tools } from "./sandbox.ts";

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

describe("capabilities", () => {
  it.each([
    ["data.get('a')", "read:a"],
    ["data.has('a')", "read:a"],
    ["data.set('a', 1)", "write:a"],
    ["files.read('t.txt')", "read:t.txt"],
    ["files.read('t.txt', 'bytes')", "read:t.txt"],
    ["files.write('t.txt', '')", "write:t.txt"],
    ["files.write('t.txt', new ArrayBuffer(1))", "write:t.txt"],
    ["circle.sign()", "call:sign"],
  ])("[SB15] %s needs %s, and nothing of the circle is read without it", (script, capability) => {
    const without = play(`${script}; data.set('a', 1)`, { authority: holding() });
    expect(without).toMatchObject({ end: { kind: "denied", capability }, writes: [], looked: [], used: [] });
    const authority = holding(capability);
    expect(["value", "thrown"]).toContain(play(script, { authority }).end.kind);
    expect(authority.asked).toEqual([capability]);
  });

  it("[SB15] print, progress and the language need none", () => {
    const authority = holding();
    expect(play("print(1); progress(0.5); Math.max(1, 2)", { authority }).end).toMatchObject({ output: "2" });
    expect(authority.asked).toEqual([]);
  });

  it("[SB15] a refused name is refused to all alike, whatever they hold", () => {
    for (const authority of [undefined, holding()]) {
      for (const script of ["data.get('..')", "data.set('..', 1)", "files.read('x.json')", "files.delete('../a')"]) {
        expect(play(script, { authority }).end).toMatchObject({
          kind: "thrown",
          name: "TypeError",
          message: "name: refused",
        });
      }
    }
  });

  it("[SB15] what the owner could give ends the script as a question, what is used up with when to come back", () => {
    const asking = new TestAuthority(() => ({ kind: "ask" }));
    expect(play("try { data.get('a') } catch {}", { authority: asking }).end).toEqual({
      kind: "asks",
      capability: "read:a",
    });
    const busy = new TestAuthority(() => ({ kind: "exhausted", allowed: 3, retryAfterMs: 500 }));
    const { end, writes } = play("data.get('a')", { authority: busy });
    expect(end).toEqual({ kind: "exhausted", capability: "read:a", allowed: 3, retryAfterMs: 500 });
    expect(writes).toEqual([]);
  });

  it("[SB15] each call asks anew: what was taken away meanwhile counts no more", () => {
    let left = 3;
    const authority = new TestAuthority(() => left-- > 0);
    const { end, events, writes } = play("for (;;) { data.set('a', 1); print('set') }", { authority });
    expect(end).toEqual({ kind: "denied", capability: "write:a" });
    expect(events).toHaveLength(3);
    expect(writes).toEqual([]);
  });

  it("[SB15] another authority that comes while it runs is the one that is asked", () => {
    const authorities = [holding("read:a"), holding("read:a"), holding("read:b")];
    let asked = 0;
    const { end, used } = playIn(instance, "data.get('a'); data.get('b'); data.get('a')", {
      files: FILES,
      authorities: () => authorities[Math.min(asked++, 2)],
    });
    expect(end).toEqual({ kind: "denied", capability: "read:a" });
    expect(used).toEqual(["grant of read:a", "grant of read:b"]);
  });

  it("[SB15] the result says on what it relied", () => {
    const authority = holding("read:a", "write:b", "read:b");
    expect(play("data.set('b', data.get('a')); data.get('a')", { authority }).used).toEqual(
      ["grant of write:b", "grant of read:a"].toSorted(),
    );
  });
});

describe("limits of what gives a capability", () => {
  it.each([
    ["cpu_ms", "for (;;) {}", { cpuMs: 20 }],
    ["wall_ms", "for (;;) {}", { wallMs: 20 }],
    ["memory_bytes", "const all = []; for (;;) all.push(new ArrayBuffer(1e5))", { memoryBytes: 4e6 }],
    ["output_bytes", "'x'.repeat(1000)", { outputBytes: 100 }],
    ["events", "for (let i = 0; i < 100; i++) print(1)", { events: 10 }],
    ["event_bytes", "print('x'.repeat(1000))", { eventBytes: 100 }],
    ["storage_bytes", "data.set('b', 'x'.repeat(1000)); data.set('c', 'x'.repeat(1000))", { storageBytes: 3_500 }],
  ])("[SB16] %s holds from the start, or once it was used, and only falls", (limit, script, limits) => {
    const [allowed] = Object.values(limits);
    const end = { kind: "limit", limit, allowed };
    const whole = Object.fromEntries(Object.keys(limits).map((name) => [name, 1e9]));
    const begun = new TestAuthority(() => ({ kind: "held", limits: whole }), limits);
    expect(play(`data.get('a'); ${script}`, { authority: begun }).end).toMatchObject(end);
    const used = new TestAuthority((capability) => ({
      kind: "held",
      limits: capability === "read:a" ? limits : whole,
    }));
    expect(play(`data.get('b'); data.get('a'); data.get('b'); ${script}`, { authority: used }).end).toMatchObject(end);
    const unused = new TestAuthority(() => ({ kind: "held", limits: whole }));
    expect(play(`data.get('a'); ${script}`, { authority: unused, limits }).end).toMatchObject(end);
  });
});

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

describe("tools", () => {
  const calls: unknown[][] = [];
  const tools: Tools = {
    call(operation, args, files: ToolFiles) {
      calls.push([operation, ...args]);
      if (operation === "policy.set") files.write("config/policy.json", { text: JSON.stringify(args[0]) });
      if (operation === "policy.get") return files.readText("config/policy.json") ?? null;
      if (operation === "inbox.list") return files.list({ kind: "inbox", prefix: "" });
      if (operation === "inbox.deny") files.write(`inbox/${String(args[0])}.json`, null);
      return operation === "log.read" ? [files.caller, files.circle] : undefined;
    },
  };

  it("[SB19] reach the host with their arguments, and read what the play wrote", () => {
    const files = { "inbox/x.json": { json: "{}" }, "inbox/y.json": { json: "{}" } };
    calls.length = 0;
    const { end, writes } = play(
      `policy.set({ grants: [] }); inbox.deny("x", "no");
       [policy.get(), inbox.list(), log.read({ after: 2 }), inbox.allow("y") === undefined, inbox.allow("y", { always: true })]`,
      { tools, files, authority: holding("policy", "inbox", "log") },
    );
    expect(end).toMatchObject({ output: '["{\\"grants\\":[]}",["y"],["mallory","alice"],true,null]' });
    expect(writes.map(({ path }) => path)).toEqual(["config/policy.json", "inbox/x.json"]);
    expect(calls.slice(-3)).toEqual([
      ["log.read", { after: 2 }],
      ["inbox.allow", "y"],
      ["policy.allow", "y"],
    ]);
  });

  it.each([
    ["policy.get()", "policy"],
    ["policy.set({})", "policy"],
    ["library.get()", "library"],
    ["library.set('')", "library"],
    ["inbox.list()", "inbox"],
    ["inbox.allow('x')", "inbox"],
    ["inbox.allow('x', { always: true })", "policy"],
    ["inbox.deny('x')", "inbox"],
    ["log.read()", "log"],
  ])("[SB19] %s needs %s", (script, capability) => {
    calls.length = 0;
    const others = ["policy", "library", "inbox", "log"].filter((other) => other !== capability);
    expect(play(script, { tools, authority: holding(...others) }).end).toEqual({ kind: "denied", capability });
    expect(calls).toEqual([]);
  });

  it("[SB19] to allow for good takes both the inbox and the policy", () => {
    expect(play("inbox.allow('x', { always: true })", { tools, authority: holding("policy") }).end).toMatchObject({
      kind: "denied",
      capability: "inbox",
    });
  });

  it("[SB8] what they write counts as the play's", () => {
    const limits = { storageBytes: 2_000 };
    expect(play("policy.set('x'.repeat(1500))", { tools, limits }).end).toMatchObject({ limit: "storage_bytes" });
  });

  it.each(["data.get('a')", "data.list()", "files.read('t.txt')", "files.write('x', '')", "circle.sign()"])(
    "[SB20] %s is a TypeError in the control lane",
    (script) => {
      const { end, looked } = play(script, { lane: "control" });
      expect(end).toMatchObject({ kind: "thrown", name: "TypeError", message: expect.stringMatching(/control lane/) });
      expect(looked).toEqual([]);
    },
  );

  it("[SB20] tools and events work in the control lane", () => {
    const { end, events } = play("print(1); policy.set({}); policy.get()", { lane: "control", tools });
    expect(end).toMatchObject({ output: "{}" });
    expect(events).toHaveLength(1);
  });
});
