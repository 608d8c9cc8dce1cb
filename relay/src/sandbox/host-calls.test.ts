import { describe, expect, it } from "vitest";
import { type DirectPlay, holding, makeInstance, playIn, TestAuthority } from "../../test/instance-under-test.ts";
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
