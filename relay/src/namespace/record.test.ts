import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entryOf, sha256 } from "../../test/entries.ts";
import { alice } from "../../test/people.ts";
import { type Entry, genesis, makeLine, parseLine, type Write } from "./record.ts";

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom('"', "\\", "__proto__", "\u2028\n\r\0"),
);
const anyJson = fc
  .oneof(
    fc.jsonValue(),
    fc.dictionary(anyText, fc.double()),
    fc.constantFrom(-0, 1e21, 5e-324, 2 ** 53, "\ud800", { a: "},{" }),
  )
  .map((value) => JSON.stringify(value));
const anyContent = fc.oneof(
  anyJson.map((json) => ({ json })),
  fc.constantFrom('{"__proto__":1}', '{"":{"toJSON":2}}', '"\\ud800"').map((json) => ({ json })),
  anyText.map((text) => ({ text })),
  fc.base64String().map((base64) => ({ base64 })),
);
const anyPath = fc.constantFrom(
  "data/a.json",
  "data/\u{1f600}/b",
  "config/policy.json",
  `inbox/${"0".repeat(32)}.json`,
);
const anyWrites: fc.Arbitrary<Write[]> = fc.array(fc.record({ path: anyPath, content: fc.option(anyContent) }));
const anyTable = fc.record({
  from: fc.nat(),
  until: fc.nat(),
  slots: fc.constant(Buffer.alloc(384).toString("base64")),
});
const anyTasks = fc.record({ salt: anyText, tables: fc.array(anyTable) });
const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  anyWrites.map((writes) => entryOf({ writes })),
  anyText.map((output) => entryOf({ output })),
  fc
    .array(
      fc.record({ topic: fc.constantFrom("a", "__proto__", "💬\n"), data: anyJson.map((json) => JSON.parse(json)) }),
    )
    .map((events) => entryOf({ events })),
  fc.record({ checkpoint: fc.record({ part: fc.nat(), last: fc.boolean() }), writes: anyWrites, tasks: anyTasks }),
);

describe("a record", () => {
  const head = genesis(alice.publicKey);

  it("[LG2] is one line of JSON, from which it is read as it was", () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const made = makeLine(entry, head);
        expect(made.line).not.toContain("\n");
        expect(made.head).toEqual({ seq: 1, hash: sha256(made.line) });
        const { seq, prev, at, ...rest } = parseLine(made.line);
        expect({ seq, prev }).toEqual({ seq: 1, prev: head.hash });
        expect(new Date(at).toISOString()).toBe(at);
        expect(JSON.stringify(rest)).toBe(JSON.stringify(inOrder(entry)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("[LG2] holds what a document's JSON text says, whatever that text looks like", () => {
    const json = '{\n  "b": [1,\r\n 2], "a": 1E2\n}';
    const { line } = makeLine(entryOf({ writes: [{ path: "data/a.json", content: { json } }] }), head);
    expect(line).not.toMatch(/[\r\n]/);
    expect(parseLine(line)).toMatchObject({ writes: [{ content: { json: '{"b":[1,2],"a":100}' } }] });
    expect(JSON.parse(line)).toMatchObject({ writes: [{ path: "data/a.json", json: { b: [1, 2], a: 100 } }] });
  });

  it("[LG2] holds documents as JSON, texts as text, bytes as base64", () => {
    const writes: Write[] = [
      { path: "a.json", content: { json: '{"a":1}' } },
      { path: "a.txt", content: { text: '"ä"' } },
      { path: "a.png", content: { base64: "AAA=" } },
      { path: "gone", content: null },
    ];
    expect(makeLine(entryOf({ writes }), head).line).toMatch(
      /,"writes":\[\{"path":"a.json","json":\{"a":1\}\},\{"path":"a.txt","text":"\\"ä\\""\},\{"path":"a.png","base64":"AAA="\},\{"path":"gone","deleted":true\}\]\}$/,
    );
  });
});

/** Members in the order in which they are read. */
function inOrder(entry: Entry): object {
  if (!("writes" in entry)) return entry;
  const { writes, ...rest } = entry;
  return { ...rest, writes };
}
