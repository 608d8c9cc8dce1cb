import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EmittedEvents } from "../../src/sandbox/emitted-events.ts";
import { FileCalls } from "../../src/sandbox/file-calls.ts";
import { HostCalls } from "../../src/sandbox/host-calls.ts";
import { PlayEvents } from "../../src/sandbox/play-events.ts";
import { RunningPlay } from "../../src/sandbox/running-play.ts";
import { DEFAULT_LIMITS } from "../../src/sandbox/sandbox.ts";
import { WriteSet } from "../../src/sandbox/write-set.ts";
import type { Event } from "../../src/task.ts";
import { FilesSnapshot, NO_TOOLS } from "../instance-under-test.ts";

/**
 * What a script could send if it held the host's own function, which it never does: see `poisoned-prelude.test.ts`. The
 * host does not rely on that.
 */
function hostUnderAttack(limits = {}) {
  const events: Event[] = [];
  const limited = { ...DEFAULT_LIMITS, cpuMs: 60_000, wallMs: 60_000, ...limits };
  const play = new RunningPlay({ limits: limited, authority: () => undefined, cancelled: () => false });
  const snapshot = new FilesSnapshot({ "data/a.json": { json: "1" }, "config/library.js": { text: "" } });
  const files = new WriteSet(snapshot, play);
  const emitted = new EmittedEvents(play);
  const host = new HostCalls({
    play,
    emitted,
    caller: "mallory",
    circle: "alice",
    files,
    fileCalls: new FileCalls({
      play,
      files,
      emitted,
      events: new PlayEvents(play, (event) => events.push(event)),
      guard: play,
    }),
    tools: NO_TOOLS,
    library: { call: (_source, name, args) => `=${JSON.stringify([name, args])}`, check: () => {}, close: () => {} },
  });
  return { host, play, files, events, emitted };
}

const OPERATIONS = [
  "data.get",
  "data.has",
  "data.set",
  "data.delete",
  "data.list",
  "files.read",
  "files.readBytes",
  "files.write",
  "files.writeBytes",
  "files.delete",
  "files.list",
  "circle.call",
  "tool",
  "print",
  "progress",
  "emit",
  "value",
  "thrown",
];

describe("payloads from a raw host call", () => {
  it.each([
    ["unknown-operation", "constructor", "x"],
    ["operation-from-a-prototype", "__proto__", "x"],
    ["empty-operation", "", ""],
    ["set-without-a-line-break", "data.set", '"a" 1'],
    ["set-with-an-empty-payload", "data.set", ""],
    ["emit-with-an-empty-payload", "emit", ""],
    ["emit-with-a-topic-that-is-no-text", "emit", "[1]\n1"],
    ["emit-with-a-topic-of-the-relay", "emit", '"$policy"\n1'],
    ["emit-with-half-a-character-for-a-topic", "emit", '"\\ud800"\n1'],
    ["emit-with-a-broken-value", "emit", '"a"\n{broken'],
    ["emit-nested-beyond-the-stack", "emit", `"a"\n${"[".repeat(20_000)}${"]".repeat(20_000)}`],
    ["read-of-events-of-the-relay", "tool", '["events.read",["$inbox"]]'],
    ["read-of-events-of-no-topic", "tool", '["events.read",[{}]]'],
    ["set-with-a-broken-name", "data.set", "a\n1"],
    ["set-with-a-name-that-is-no-text", "data.set", "[1]\n1"],
    ["set-with-a-broken-value", "data.set", '"a"\n{broken'],
    ["set-without-a-value", "data.set", '"a"\n'],
    ["set-with-two-values", "data.set", '"a"\n1\n2'],
    ["set-with-a-refused-name", "data.set", '".."\n1'],
    ["set-with-half-a-character-for-a-name", "data.set", '"\\ud800"\n1'],
    ["set-nested-beyond-the-stack", "data.set", `"a"\n${"[".repeat(1e6)}${"]".repeat(1e6)}`],
    ["set-nested-objects-beyond-the-stack", "data.set", `"a"\n${'{"a":'.repeat(5e5)}1${"}".repeat(5e5)}`],
    ["set-nested-beyond-a-main-thread", "data.set", `"a"\n${"[".repeat(5e3)}${"]".repeat(5e3)}`],
    ["set-in-one-part", "data.set", '"a"'],
    ["read-of-a-refused-name", "files.read", ".."],
    ["read-of-a-document's-file", "files.read", "a.json"],
    ["read-of-it-in-other-letters", "files.readBytes", "a.JSON"],
    ["write-of-a-document's-file", "files.write", '"a.json"\n1'],
    ["write-in-one-part", "files.write", "x"],
    ["write-of-half-a-byte", "files.writeBytes", '"x"\nA'],
    ["write-of-no-base64", "files.writeBytes", '"x"\n????'],
    ["write-of-base64-with-padding-inside", "files.writeBytes", '"x"\nA=AA'],
    ["delete-of-a-refused-name", "files.delete", "../config/library.js"],
    ["list-without-a-prefix", "data.list", "{}"],
    ["list-of-a-giant-prefix", "data.list", `{"prefix":"${"x".repeat(1e6)}"}`],
    ["list-from-no-text", "files.list", '{"prefix":"","start":1}'],
    ["list-of-none", "files.list", '{"prefix":"","limit":0}'],
    ["list-of-a-fraction", "data.list", '{"prefix":"","limit":1.5}'],
    ["list-of-many", "data.list", '{"prefix":"","limit":1e400}'],
    ["call-in-one-part", "circle.call", '"sign"'],
    ["call-of-no-name", "circle.call", "1\n[]"],
    ["call-of-a-glob", "circle.call", '"*"\n[]'],
    ["call-with-a-line-break", "circle.call", '"sign\\nother"\n[]'],
    ["call-of-then", "circle.call", '"then"\n[]'],
    ["call-of-a-long-name", "circle.call", `"${"a".repeat(101)}"\n[]`],
    ["tool-that-is-no-list", "tool", "{}"],
    ["tool-without-arguments", "tool", '["policy.get"]'],
    ["tool-with-arguments-that-are-no-list", "tool", '["policy.get",{"length":1}]'],
    ["tool-of-another-kind", "tool", '["data.get",["a"]]'],
    ["tool-of-a-prototype", "tool", '["policy.__proto__",[]]'],
    ["tool-that-does-not-exist", "tool", '["policy.drop",[]]'],
    ["tool-nested-beyond-the-stack", "tool", `["policy.set",[${"[".repeat(5e3)}${"]".repeat(5e3)}]]`],
    ["library-that-is-no-text", "tool", '["library.set",[{}]]'],
    ["library-that-is-giant", "tool", `["library.set",["${"x".repeat(256 * 1024 + 1)}"]]`],
    ["progress-without-a-fraction", "progress", "{}"],
    ["progress-of-null", "progress", "null"],
    ["progress-of-text", "progress", '"0.5"'],
    ["progress-that-is-broken", "progress", "{"],
    ["progress-beyond-the-end", "progress", '{"fraction":1e99}'],
    ["value-that-is-broken", "value", "json\n{broken"],
    ["value-that-is-no-text", "value", "text\n1"],
    ["value-that-is-empty", "value", ""],
    ["thrown-null", "thrown", "null"],
    ["thrown-text", "thrown", '"x"'],
    ["thrown-broken", "thrown", "{"],
    ["thrown-giant", "thrown", `{"name":[${"[],".repeat(4e6)}0]}`],
    ["thrown-nested-beyond-the-stack", "thrown", `{"name":${"[".repeat(1e6)}${"]".repeat(1e6)}}`],
  ])("%s: is refused to the script", (_, operation, payload) => {
    const { host, play, files, events } = hostUnderAttack();
    expect(host.call(operation, payload)).toMatch(/^!\{"name":"TypeError"/);
    expect(play.end).toBeUndefined();
    expect(files.writes).toEqual([]);
    expect(events).toEqual([]);
    expect(host.call("data.get", "a")).toBe("=1");
  });

  it.each([
    ["giant-print", "event_bytes", "print", "x".repeat(32 * 2 ** 20)],
    ["giant-print-that-grows-in-json", "event_bytes", "print", "\u0001".repeat(32 * 2 ** 20)],
    ["print-that-grows-in-json", "event_bytes", "print", "\u0001".repeat(100_000)],
    ["print-that-grows-in-utf-8", "event_bytes", "print", "\u20ac".repeat(200_000)],
    ["giant-progress", "event_bytes", "progress", `{"fraction":0,"note":"${"x".repeat(2 ** 20)}"}`],
    ["giant-value", "output_bytes", "value", `json\n[${"[],".repeat(8e6)}0]`],
    ["value-that-grows-in-utf-8", "output_bytes", "value", `text\n"${"\u20ac".repeat(200_000)}"`],
    ["giant-document", "storage_bytes", "data.set", `"a"\n[${"[],".repeat(8e6)}0]`],
    ["document-that-grows-in-utf-8", "storage_bytes", "data.set", `"a"\n"${"\u20ac".repeat(2e6)}"`],
    ["giant-file", "storage_bytes", "files.write", `"a"\n${"x".repeat(8e6)}`],
    ["giant-file-of-bytes", "storage_bytes", "files.writeBytes", `"a"\n${"AAAA".repeat(2e6)}`],
    ["file-that-grows-in-utf-8", "storage_bytes", "files.write", `"a"\n${"\u20ac".repeat(2e6)}`],
    ["giant-tool", "storage_bytes", "tool", `["policy.set",["${"x".repeat(5e6)}"]]`],
    ["giant-name", "storage_bytes", "data.set", `"${"x".repeat(5e6)}"\n1`],
  ] as const)("%s: reaches %s before anything is made of it", (_, limit, operation, payload) => {
    const { host, play, events } = hostUnderAttack();
    expect(host.call(operation, payload)).toMatch(/^!/);
    expect(play.end).toMatchObject({ kind: "limit", limit });
    expect(events).toEqual([]);
    expect(host.call("data.get", "a")).toMatch(/ended/);
  });

  it("after-the-end: nothing is said, written or ended again", () => {
    const { host, play, files, events } = hostUnderAttack();
    host.call("value", "json\n1");
    const { end } = play;
    for (const operation of OPERATIONS) expect(host.call(operation, '"a"\n1')).toMatch(/ended/);
    expect(play.end).toBe(end);
    expect(files.writes).toEqual([]);
    expect(events).toEqual([]);
  });

  it("polluting-names: documents may be called like members of a prototype", () => {
    const { host, files } = hostUnderAttack();
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      expect(host.call("data.has", name)).toBe("=false");
      host.call("data.set", `${JSON.stringify(name)}\n{"__proto__":{"polluted":true}}`);
    }
    expect(files.writes).toHaveLength(4);
    expect(JSON.parse(host.call("data.list", '{"prefix":""}').slice(1))).toHaveLength(5);
    expect("polluted" in {}).toBe(false);
  });

  it("any-payload: never throws, and answers what the prelude understands", () => {
    const json = fc.oneof(fc.json(), fc.string({ unit: "binary" }));
    const payload = fc.oneof(
      json,
      fc.tuple(json, json).map((parts) => parts.join("\n")),
      fc.constantFrom("text\n", "json\n"),
    );
    const calls = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...OPERATIONS), fc.string()), payload), { maxLength: 20 });
    fc.assert(
      fc.property(calls, (all) => {
        const { host, play, files } = hostUnderAttack({ events: 5, storageBytes: 5_000 });
        for (const [operation, text] of all) expect(host.call(operation, text)).toMatch(/^$|^[=!$]/);
        for (const { content } of files.writes) if (content && "json" in content) JSON.parse(content.json);
        expect(play.failure).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });
});
