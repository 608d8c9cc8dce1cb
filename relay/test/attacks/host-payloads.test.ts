import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HostCalls } from "../../src/sandbox/host-calls.ts";
import { DEFAULT_LIMITS, RefusedName } from "../../src/sandbox/sandbox.ts";
import type { Event } from "../../src/task.ts";

/**
 * What a script could send if it held the host's own function, which it never does: see `poisoned-prelude.test.ts`. The
 * host does not rely on that.
 */
function hostUnderAttack(limits = {}) {
  const events: Event[] = [];
  const host = new HostCalls({
    snapshot: {
      checkName(name) {
        if (!name.isWellFormed() || name.includes("..")) throw new RefusedName("name: refused");
      },
      read: (name) => (name === "a" ? "1" : undefined),
      list: () => ["a"],
    },
    limits: { ...DEFAULT_LIMITS, ...limits },
    emit: (event) => events.push(event),
  });
  return { host, events };
}

const OPERATIONS = [
  "data.get",
  "data.has",
  "data.set",
  "data.delete",
  "data.list",
  "print",
  "progress",
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
    const { host, events } = hostUnderAttack();
    expect(host.call(operation, payload)).toMatch(/^!\{"name":"TypeError"/);
    expect(host.end).toBeUndefined();
    expect(host.writes).toEqual([]);
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
    ["giant-name", "storage_bytes", "data.set", `"${"x".repeat(5e6)}"\n1`],
  ] as const)("%s: reaches %s before anything is made of it", (_, limit, operation, payload) => {
    const { host, events } = hostUnderAttack();
    expect(host.call(operation, payload)).toMatch(/^!/);
    expect(host.end).toMatchObject({ kind: "limit", limit });
    expect(events).toEqual([]);
    expect(host.call("data.get", "a")).toMatch(/ended/);
  });

  it("after-the-end: nothing is said, written or ended again", () => {
    const { host, events } = hostUnderAttack();
    host.call("value", "json\n1");
    const end = host.end;
    for (const operation of OPERATIONS) expect(host.call(operation, '"a"\n1')).toMatch(/ended/);
    expect(host.end).toBe(end);
    expect(host.writes).toEqual([]);
    expect(events).toEqual([]);
  });

  it("polluting-names: documents may be called like members of a prototype", () => {
    const { host } = hostUnderAttack();
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      expect(host.call("data.has", name)).toBe("=false");
      host.call("data.set", `${JSON.stringify(name)}\n{"__proto__":{"polluted":true}}`);
    }
    expect(host.writes).toHaveLength(4);
    expect(JSON.parse(host.call("data.list", "").slice(1))).toHaveLength(5);
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
        const { host } = hostUnderAttack({ events: 5, storageBytes: 5_000 });
        for (const [operation, text] of all) expect(host.call(operation, text)).toMatch(/^$|^[=!]/);
        for (const { value } of host.writes) if (value !== null) JSON.parse(value);
      }),
      { numRuns: 1_000 },
    );
  });
});
